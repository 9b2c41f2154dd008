import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { rankOfPositive, recallAtK } from './recall.js';
import { hitAtK, meanRecallAtK, ndcgAtK, ranksOfRelevant } from './several-relevant.js';

/** Ranks by sorting: at equal scores what is not relevant comes first. */
function sorted(scores: readonly number[], relevant: readonly number[]): number[] {
  const order = scores.map((score, i) => ({ score, is: relevant.includes(i) }));
  order.sort((a, b) => b.score - a.score || Number(a.is) - Number(b.is));
  return order.flatMap(({ is }, place) => (is ? [place + 1] : []));
}

/** Gains of a ranking of zeros and ones, discounted, summed one by one. */
function dcg(gains: readonly number[]): number {
  return gains.reduce((sum, gain, i) => sum + gain / (Math.log(i + 2) / Math.LN2), 0);
}

function cases(count: number) {
  const random = seededRandom(23);
  return Array.from({ length: count }, () => {
    const scores = Array.from({ length: 1 + random.integer(29) }, () => random.integer(7) / 4);
    const relevant = [...random.permutation(scores.length)].slice(0, 1 + random.integer(scores.length));
    return { scores, relevant };
  });
}

describe('ranksOfRelevant', () => {
  it('are the worst places that ties allow, on random scores with many ties', () => {
    for (const { scores, relevant } of cases(500)) {
      expect([...ranksOfRelevant(scores, relevant)]).toEqual(sorted(scores, relevant));
    }
  });

  it('are the last places where all scores are equal, and the first where all are relevant', () => {
    expect([...ranksOfRelevant([1, 1, 1, 1, 1], [0, 3])]).toEqual([4, 5]);
    expect([...ranksOfRelevant([1, 1, 1], [2, 0, 1])]).toEqual([1, 2, 3]);
    expect([...ranksOfRelevant([1, 2, 3], [])]).toEqual([]);
  });

  it('with one relevant candidate are the rank of it', () => {
    for (const { scores, relevant } of cases(100)) {
      const [one] = relevant as [number];
      expect([...ranksOfRelevant(scores, [one])]).toEqual([rankOfPositive(scores, one)]);
    }
  });

  it('count NaN against the query, on either side', () => {
    expect([...ranksOfRelevant([0.9, Number.NaN, 0.1, 0.5], [0, 2])]).toEqual([2, 4]);
    expect([...ranksOfRelevant([0.9, Number.NaN, 0.1, 0.5], [0, 1])]).toEqual([1, 4]);
  });

  it.each([[[0, 0]], [[3]], [[-1]], [[0.5]]])('refuse %j', (relevant) => {
    expect(() => ranksOfRelevant([1, 2, 3], relevant)).toThrow(/indices, 0 to 2, each once/);
  });
});

describe('hit, recall and nDCG at K', () => {
  // Worked by hand: one query with relevant ranks 1 and 3, one with rank 4 of one, one with ranks 2, 5 and 6.
  const ranks = [[1, 3], [4], [2, 5, 6]];

  it('hit@K is the share of queries with any relevant candidate among the first K', () => {
    expect([1, 2, 3, 4].map((k) => hitAtK(ranks, k))).toEqual([1 / 3, 2 / 3, 2 / 3, 1]);
  });

  it('Recall@K is the mean share of the relevant ones', () => {
    expect(meanRecallAtK(ranks, 1)).toBeCloseTo((1 / 2 + 0 + 0) / 3, 12);
    expect(meanRecallAtK(ranks, 3)).toBeCloseTo((1 + 0 + 1 / 3) / 3, 12);
    expect(meanRecallAtK(ranks, 5)).toBeCloseTo((1 + 1 + 2 / 3) / 3, 12);
    expect(meanRecallAtK(ranks, 6)).toBe(1);
  });

  it('nDCG@K discounts by log2, and its ideal ends at K', () => {
    // 1 + 1/log2(4) = 1.5 of 1 + 1/log2(3) = 1.63093; 1/log2(5) of 1; at K = 1 the ideal is 1.
    expect(ndcgAtK([[1, 3]], 3)).toBeCloseTo(1.5 / 1.6309297535714573, 12);
    expect(ndcgAtK([[4]], 5)).toBeCloseTo(0.43067655807339306, 12);
    expect(ndcgAtK([[1, 3]], 1)).toBe(1);
    expect(ndcgAtK([[2, 3]], 1)).toBe(0);
    expect(ndcgAtK([[1, 2, 3, 9]], 3)).toBe(1);
  });

  it('equal naive float64 sums over whole rankings', () => {
    const all = cases(60);
    for (const k of [1, 2, 5, 11, 40]) {
      const each = all.map(({ scores, relevant }) => {
        const places = sorted(scores, relevant);
        const gains = scores.map((_, i) => Number(places.includes(i + 1)));
        const ideal = [...gains].sort((a, b) => b - a);
        const found = gains.slice(0, k).reduce((sum, gain) => sum + gain, 0);
        const share = found / relevant.length;
        return [Number(found > 0), share, dcg(gains.slice(0, k)) / dcg(ideal.slice(0, k))];
      });
      const mean = (column: number) => each.reduce((sum, row) => sum + (row[column] ?? Number.NaN), 0) / each.length;
      const found = all.map(({ scores, relevant }) => ranksOfRelevant(scores, relevant));
      expect([hitAtK(found, k), meanRecallAtK(found, k), ndcgAtK(found, k)]).toEqual(
        [0, 1, 2].map((column) => expect.closeTo(mean(column), 12)),
      );
    }
  });

  it('with one relevant candidate each, hit and recall are Recall@K of the paper', () => {
    const one = [1, 2, 5, 6, 11];
    for (const k of [1, 5, 10]) {
      const found = one.map((rank) => [rank]);
      expect([hitAtK(found, k), meanRecallAtK(found, k)]).toEqual([recallAtK(one, k), recallAtK(one, k)]);
    }
  });

  it('leave out a query without relevant candidates, and are null where none is left', () => {
    expect(meanRecallAtK([[1], []], 1)).toBe(1);
    for (const metric of [hitAtK, meanRecallAtK, ndcgAtK])
      expect([metric([], 1), metric([[]], 5)]).toEqual([null, null]);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuse K = %s', (k) => {
    for (const metric of [hitAtK, meanRecallAtK, ndcgAtK]) {
      expect(() => metric(ranks, k)).toThrow(/expected k to be a whole number from 1/);
    }
  });
});
