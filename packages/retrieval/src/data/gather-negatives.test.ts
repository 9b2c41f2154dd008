import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { gatherNegatives } from './gather-negatives.js';

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('gatherNegatives', () => {
  it('has every pair once, whatever the negatives are', () => {
    for (const seed of range(30)) {
      const random = seededRandom(seed);
      const negatives = range(41).map(() => range(random.integer(6)).map(() => random.integer(50)));
      const found = gatherNegatives(Array.from(random.permutation(41)), (pair) => negatives[pair] as number[], 7);
      expect([...found].sort((a, b) => a - b)).toEqual(range(41));
    }
  });

  it('brings the negatives of a pair behind it, the most wanted first, as far as the batch has room', () => {
    const negatives: Record<number, number[]> = { 3: [7, 1, 5], 0: [3, 8, 2] };
    const of = (pair: number) => negatives[pair] ?? [];
    expect(gatherNegatives([3, 0, 1, 2, 4, 5, 6, 7, 8], of, 4)).toEqual([3, 7, 1, 5, 0, 8, 2, 4, 6]);
    // With room for two, one comes; a negative of a pair that was placed already stays where it is.
    expect(gatherNegatives([3, 0, 1, 2, 4, 5, 6, 7, 8], of, 2)).toEqual([3, 7, 0, 8, 1, 2, 4, 5, 6]);
    expect(gatherNegatives([2, 0, 1], () => [], 2)).toEqual([2, 0, 1]);
  });

  it('puts far more negatives beside their pair than chance does', () => {
    const random = seededRandom('gather');
    const negatives = range(600).map(() => range(3).map(() => random.integer(600)));
    const order = Array.from(random.permutation(600));
    const together = (batches: readonly number[]) => {
      const batchOf = new Map(batches.map((pair, place) => [pair, Math.floor(place / 24)]));
      return range(600).flatMap((pair) =>
        (negatives[pair] as number[]).filter((other) => other !== pair && batchOf.get(other) === batchOf.get(pair)),
      ).length;
    };
    const gathered = gatherNegatives(order, (pair) => negatives[pair] as number[], 24);
    expect(together(gathered)).toBeGreaterThan(5 * together(order));
  });
});
