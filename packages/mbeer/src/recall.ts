import { UniecsError } from '@uniecs/tensor';

/**
 * Rank of the one relevant candidate, from 1: `1 + |{ j != positive : not scores[j] < scores[positive] }|`.
 * A tie counts against the query, and so does a score that is not a number.
 *
 * @param scores one query's scores of all candidates, higher is better
 * @param positive index of the relevant candidate
 * @throws UniecsError `argument` where `positive` is no index of `scores`
 */
export function rankOfPositive(scores: ArrayLike<number>, positive: number): number {
  if (!Number.isInteger(positive) || positive < 0 || positive >= scores.length) {
    throw new UniecsError({
      code: 'argument',
      where: 'rankOfPositive',
      expected: `positive to be a candidate's index, 0 to ${scores.length - 1}`,
      got: String(positive),
      hint: 'pass the position of the relevant candidate among the scores',
    });
  }
  const own = scores[positive] as number;
  let rank = 1;
  for (let j = 0; j < scores.length; j++) if (j !== positive && !((scores[j] as number) < own)) rank++;
  return rank;
}

/**
 * Recall@K: the share of queries whose one relevant candidate is among the K best, `|{ rank <= K }| / queries`, in [0, 1];
 * `null` where there is no query, since no share of nothing is right.
 *
 * @param ranks one rank per query, from 1
 * @throws UniecsError `argument` where K is no whole number from 1
 */
export function recallAtK(ranks: ArrayLike<number>, k: number): number | null {
  if (!Number.isInteger(k) || k < 1) {
    throw new UniecsError({
      code: 'argument',
      where: 'recallAtK',
      expected: 'k to be a whole number from 1',
      got: String(k),
      hint: 'the paper reports 1, 5 and 10',
    });
  }
  if (ranks.length === 0) return null;
  let hits = 0;
  for (let i = 0; i < ranks.length; i++) if ((ranks[i] as number) <= k) hits++;
  return hits / ranks.length;
}
