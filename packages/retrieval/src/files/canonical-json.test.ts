import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.js';

it('is the same text for the same value, whatever the order of its keys, and another one for a list in another order', () => {
  const one = canonicalJson({ b: [1, { y: null, x: -0.5 }], a: { '10': 'z', '9': true } });
  expect(one).toBe(canonicalJson({ a: { '9': true, '10': 'z' }, b: [1, { x: -0.5, y: null }], c: undefined }));
  expect(JSON.parse(one)).toEqual({ a: { '9': true, '10': 'z' }, b: [1, { x: -0.5, y: null }] });
  expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
});
