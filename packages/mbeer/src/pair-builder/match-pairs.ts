import type { CandidatePair } from './co-interactions.js';

/** A candidate whose pictures and titles are alike. */
export interface SimilarPair extends CandidatePair {
  /** Cosines, -1 to 1. */
  readonly visual: number;
  readonly textual: number;
}

/**
 * Puts each product into one pair at most (section 4.1.1), greedily: the pair that most users share first; of equal ones that with the
 * larger sum of similarities, then that whose products come first in the list. The same candidates give the same pairs in any order.
 * Greedy is not the largest possible number of pairs, but at least half of it.
 */
export function matchPairs<Pair extends SimilarPair>(pairs: readonly Pair[]): Pair[] {
  const taken = new Set<number>();
  const sum = ({ visual, textual }: Pair) => visual + textual;
  return [...pairs]
    .sort((a, b) => b.users - a.users || sum(b) - sum(a) || a.first - b.first || a.second - b.second)
    .filter(({ first, second }) => {
      if (taken.has(first) || taken.has(second)) return false;
      taken.add(first).add(second);
      return true;
    });
}
