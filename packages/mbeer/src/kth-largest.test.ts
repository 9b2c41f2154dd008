import { seededRandom } from '@uniecs/tensor';
import { expect, it } from 'vitest';
import { kthLargest } from './kth-largest.js';

it('is what sorting gives, ties and infinities included, and leaves the numbers as they are', () => {
  const random = seededRandom(3);
  for (const size of [1, 2, 7, 31, 200]) {
    for (const distinct of [1, 3, 1000]) {
      const values = Float32Array.from({ length: size }, () => random.integer(distinct) - distinct / 2);
      values[random.integer(size)] = Number.NEGATIVE_INFINITY;
      const before = values.slice();
      const sorted = [...values].sort((a, b) => b - a);
      for (let k = 1; k <= size; k++) expect(kthLargest(values, k)).toBe(sorted[k - 1]);
      expect(values).toEqual(before);
    }
  }
});

it('is -Infinity where there are fewer', () => {
  expect(kthLargest(Float32Array.of(1, 2), 3)).toBe(Number.NEGATIVE_INFINITY);
  expect(kthLargest(new Float32Array(0), 1)).toBe(Number.NEGATIVE_INFINITY);
});
