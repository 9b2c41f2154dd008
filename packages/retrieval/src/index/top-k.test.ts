import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { topK } from './top-k.js';

describe('topK', () => {
  it('keeps what sorting all would keep, for any k and many ties', () => {
    const random = seededRandom('top-k');
    for (const count of [0, 1, 7, 100]) {
      for (const k of [1, 2, 6, 7, 8, 100, 1000]) {
        const values = Array.from({ length: count }, (_, i) => ({ score: random.integer(5), i }));
        const compare = (a: { score: number; i: number }, b: { score: number; i: number }) =>
          b.score - a.score || a.i - b.i;
        const best = topK(k, compare);
        for (const i of random.permutation(count)) best.offer(values[i] as { score: number; i: number });
        const expected = [...values].sort(compare).slice(0, k);
        expect(best.sorted()).toEqual(expected);
        expect(best.threshold()).toEqual(expected[k - 1]);
      }
    }
  });
});
