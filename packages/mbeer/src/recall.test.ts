import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { rankOfPositive, recallAtK } from './recall.js';

/** The worst place that the positive can take in any order of falling scores. */
function worstPlace(scores: readonly number[], positive: number): number {
  const order = scores.map((score, j) => ({ score, j }));
  order.sort((a, b) => b.score - a.score || (a.j === positive ? 1 : b.j === positive ? -1 : 0));
  return order.findIndex(({ j }) => j === positive) + 1;
}

describe('rankOfPositive', () => {
  it('is the worst place of the positive among equal scores, on random scores with many ties', () => {
    const random = seededRandom(11);
    for (let trial = 0; trial < 500; trial++) {
      const scores = Array.from({ length: 1 + random.integer(17) }, () => random.integer(5) / 4);
      const positive = random.integer(scores.length);
      expect(rankOfPositive(scores, positive)).toBe(worstPlace(scores, positive));
    }
  });

  it('is last where all scores are equal', () => {
    expect([0, 1, 2].map((positive) => rankOfPositive([0.5, 0.5, 0.5], positive))).toEqual([3, 3, 3]);
  });

  it('counts NaN against the query, the positive’s own too', () => {
    expect(rankOfPositive([0.9, Number.NaN, 0.1], 0)).toBe(2);
    expect(rankOfPositive([0.9, Number.NaN, 0.1], 1)).toBe(3);
  });

  it('treats -0 and 0 as a tie, and infinities as numbers', () => {
    expect(rankOfPositive([0, -0], 0)).toBe(2);
    expect(rankOfPositive([Infinity, -Infinity], 0)).toBe(1);
  });

  it.each([-1, 3, 0.5, Number.NaN])('refuses a positive that is no index: %s', (positive) => {
    expect(() => rankOfPositive([1, 2, 3], positive)).toThrow(/expected positive to be a candidate's index, 0 to 2/);
  });
});

describe('recallAtK', () => {
  it('is the share of ranks up to K', () => {
    const ranks = [1, 2, 5, 6, 11];
    expect([1, 2, 5, 10, 11].map((k) => recallAtK(ranks, k))).toEqual([0.2, 0.4, 0.6, 0.8, 1]);
  });

  it('is null, not 0 or 1, where there is no query', () => {
    expect(recallAtK([], 1)).toBeNull();
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses K = %s', (k) => {
    expect(() => recallAtK([1], k)).toThrow(/expected k to be a whole number from 1/);
  });
});
