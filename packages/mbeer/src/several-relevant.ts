import { UniecsError } from '@uniecs/tensor';

/**
 * Ranks of the relevant candidates of one query, from 1, ascending. The j-th best of them (from 0) is at
 * `1 + j + |{ i not relevant : not scores[i] < its score }|`: a tie with a candidate that is not relevant counts against the query, and
 * so does a score that is not a number; relevant candidates of one score take consecutive places.
 *
 * @param scores one query's scores of all candidates, higher is better
 * @param relevant indices of the relevant candidates, each once
 * @throws UniecsError `argument` for what is no index, or repeats
 */
export function ranksOfRelevant(scores: ArrayLike<number>, relevant: ArrayLike<number>): Int32Array {
  const where = 'ranksOfRelevant';
  const is = new Uint8Array(scores.length);
  for (let r = 0; r < relevant.length; r++) {
    const i = relevant[r] as number;
    if (!Number.isInteger(i) || i < 0 || i >= scores.length || is[i]) {
      throw new UniecsError({
        code: 'argument',
        where,
        expected: `relevant to be candidates' indices, 0 to ${scores.length - 1}, each once`,
        got: String(i),
        hint: 'pass the positions of the relevant candidates among the scores',
      });
    }
    is[i] = 1;
  }
  const own = Float64Array.from(relevant, (i) => ahead(scores[i] as number))
    .sort()
    .reverse();
  // Of the others how many stand before each of ours: all that are not below it.
  const others = new Int32Array(own.length);
  for (let i = 0; i < scores.length; i++) {
    if (is[i]) continue;
    const score = scores[i] as number;
    const first = firstNotAbove(own, score);
    if (first < own.length) others[first] = (others[first] as number) + 1;
  }
  let before = 0;
  return Int32Array.from(own, (_, j) => {
    before += others[j] as number;
    return 1 + j + before;
  });
}

/**
 * hit@K: the share of queries of which at least one relevant candidate is among the K best, in [0, 1]; with one relevant candidate each
 * it is Recall@K. `null` where there is no query.
 *
 * @param ranks of each query those of its relevant candidates (`ranksOfRelevant`); a query without any is not counted
 * @throws UniecsError `argument` where K is no whole number from 1
 */
export function hitAtK(ranks: readonly ArrayLike<number>[], k: number): number | null {
  return meanOverQueries(ranks, k, 'hitAtK', (own) => Number(within(own, k) > 0));
}

/**
 * Recall@K with several relevant candidates: the mean over the queries of `|{ relevant of rank <= K }| / |relevant|`, in [0, 1]. A query
 * with more than K relevant candidates cannot reach 1. `null` where there is no query.
 *
 * @param ranks of each query those of its relevant candidates (`ranksOfRelevant`); a query without any is not counted
 * @throws UniecsError `argument` where K is no whole number from 1
 */
export function meanRecallAtK(ranks: readonly ArrayLike<number>[], k: number): number | null {
  return meanOverQueries(ranks, k, 'meanRecallAtK', (own) => within(own, k) / own.length);
}

/**
 * nDCG@K with binary gains: the mean over the queries of DCG / ideal DCG, in [0, 1], where `DCG = sum over relevant ranks r <= K of
 * 1 / log2(r + 1)` and the ideal has all `min(K, |relevant|)` at the top. `null` where there is no query.
 *
 * @param ranks of each query those of its relevant candidates (`ranksOfRelevant`); a query without any is not counted
 * @throws UniecsError `argument` where K is no whole number from 1
 */
export function ndcgAtK(ranks: readonly ArrayLike<number>[], k: number): number | null {
  return meanOverQueries(ranks, k, 'ndcgAtK', (own) => {
    let [gained, ideal] = [0, 0];
    for (let j = 0; j < own.length; j++) {
      const rank = own[j] as number;
      if (rank <= k) gained += 1 / Math.log2(rank + 1);
      if (j < k) ideal += 1 / Math.log2(j + 2);
    }
    return gained / ideal;
  });
}

/**
 * MRR, mean reciprocal rank: the mean over the queries of `1 / r` with r the rank of the first relevant candidate, in [0, 1]. `null` where
 * there is no query.
 *
 * @param ranks of each query those of its relevant candidates (`ranksOfRelevant`), infinite where one is not found; a query without any is
 *   not counted
 */
export function meanReciprocalRank(ranks: readonly ArrayLike<number>[]): number | null {
  return meanOverQueries(ranks, 1, 'meanReciprocalRank', (own) => 1 / (sorted(own)[0] as number));
}

/**
 * MAP, mean average precision: the mean over the queries of `1 / |relevant| sum_j j / r_j` with r_j the rank of the j-th relevant candidate,
 * in [0, 1]; with one relevant candidate each it is MRR. `null` where there is no query.
 *
 * @param ranks of each query those of its relevant candidates (`ranksOfRelevant`), infinite where one is not found; a query without any is
 *   not counted
 */
export function meanAveragePrecision(ranks: readonly ArrayLike<number>[]): number | null {
  return meanOverQueries(ranks, 1, 'meanAveragePrecision', (own) => {
    const sum = sorted(own).reduce((total, rank, j) => total + (j + 1) / rank, 0);
    return sum / own.length;
  });
}

/**
 * SCR@K, same-style coverage rate: the mean over the queries of `|{ relevant of rank <= K }| / K`, the share of the K best that is of the
 * query's own style group, in [0, 1]; elsewhere precision@K. A query with fewer than K others in its group cannot reach 1. The paper
 * (Table 5) names the rate and reports its gain in production alone; that it is this share is our reading. `null` where there is no query.
 *
 * @param ranks of each query those of the other products of its style (`ranksOfRelevant`); a query without any is not counted
 * @throws UniecsError `argument` where K is no whole number from 1
 */
export function sameStyleCoverageAtK(ranks: readonly ArrayLike<number>[], k: number): number | null {
  return meanOverQueries(ranks, k, 'sameStyleCoverageAtK', (own) => within(own, k) / k);
}

/** Ranks as they come, ascending. */
function sorted(ranks: ArrayLike<number>): number[] {
  return Array.from(ranks).sort((a, b) => a - b);
}

/** The first of descending scores that the other score is not below, by halving; their number where it is below all. */
function firstNotAbove(own: Float64Array, score: number): number {
  let [low, high] = [0, own.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (score < (own[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A score as it is compared: what is not a number is below all. */
function ahead(score: number): number {
  return Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score;
}

function within(ranks: ArrayLike<number>, k: number): number {
  let count = 0;
  for (let j = 0; j < ranks.length; j++) if ((ranks[j] as number) <= k) count++;
  return count;
}

function meanOverQueries(
  ranks: readonly ArrayLike<number>[],
  k: number,
  where: string,
  value: (own: ArrayLike<number>) => number,
): number | null {
  if (!Number.isInteger(k) || k < 1) {
    throw new UniecsError({
      code: 'argument',
      where,
      expected: 'k to be a whole number from 1',
      got: String(k),
      hint: 'usual are 1, 5, 10 and 100',
    });
  }
  const counted = ranks.filter(({ length }) => length > 0);
  if (counted.length === 0) return null;
  return counted.reduce((sum, own) => sum + value(own), 0) / counted.length;
}
