import { expect, it } from 'vitest';
import { dataWait, percent } from './data-wait.js';

it('a step that takes longer counts more, by its time', () => {
  const wait = dataWait();
  expect(wait.share).toBeUndefined();
  // 96 pairs in 4 s, of which 2 s waiting, then 96 in 1 s without.
  wait.add({ dataWait: 0.5, pairsPerSecond: 24 });
  wait.add({ dataWait: 0, pairsPerSecond: 96 });
  expect(wait.share).toBeCloseTo(2 / 5, 12);
});

it.each([
  [0, '0 %'],
  [0.004, '<1 %'],
  [0.006, '1 %'],
  [0.124, '12 %'],
  [1, '100 %'],
])('%d is %s', (share, text) => {
  expect(percent(share)).toBe(text);
});
