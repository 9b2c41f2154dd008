import type { Matrix } from '../embeddings.js';
import { kthLargest } from '../kth-largest.js';
import { scorePairs } from './open-pairs.js';

/** A candidate by its place in the pool, and its exact score. */
export interface ScoredPlace {
  readonly place: number;
  readonly score: number;
}

/** Finds the best candidates of the queries of a block, and ranks, exactly. */
export interface ExactBest {
  /**
   * The K best of one query and all that tie with the K-th, by exact score, ties by place; fewer where there are fewer.
   *
   * @param query its row in the block
   * @param scores its scores of all candidates, exact or within the bound; those of -Infinity are passed over
   */
  best(query: number, scores: Float32Array, k: number): ScoredPlace[];
  /** Rank of a candidate among those of a query, as `rankOfPositive` has it by exact scores. */
  rank(query: number, scores: Float32Array, place: number): number;
  /** The exact scores of some candidates of a query. */
  scores(query: number, places: readonly number[]): Float32Array;
}

/**
 * Exact scores are those of `dotProducts`; the scores that are given may be off by `slack / 2` either way: then every candidate within
 * `slack` of the K-th best of them is scored exactly, so none of the K best is missed.
 *
 * @param slack 0 for scores that are exact, else `floatSlack`
 */
export function exactBest(queries: Matrix, candidates: Matrix, slack: number): ExactBest {
  function scores(query: number, places: readonly number[]): Float32Array {
    const out = new Float32Array(places.length);
    scorePairs(queries, candidates, new Int32Array(places.length).fill(query), places, places.length, out);
    return out;
  }

  function best(query: number, given: Float32Array, k: number): ScoredPlace[] {
    const limit = kthLargest(given, k) - slack;
    const places: number[] = [];
    for (let place = 0; place < given.length; place++) {
      const score = given[place] as number;
      if (score >= limit && score > Number.NEGATIVE_INFINITY) places.push(place);
    }
    const exact = scores(query, places);
    const ranked = places
      .map((place, i) => ({ place, score: exact[i] as number }))
      .sort((a, b) => b.score - a.score || a.place - b.place);
    const last = ranked[k - 1]?.score ?? Number.NEGATIVE_INFINITY;
    return ranked.filter(({ score }) => score >= last);
  }

  function rank(query: number, given: Float32Array, place: number): number {
    const [own = Number.NaN] = scores(query, [place]);
    const open: number[] = [];
    let above = 0;
    for (let j = 0; j < given.length; j++) {
      const ahead = (given[j] as number) - own;
      if (j === place || ahead < -slack) continue;
      if (ahead > slack) above++;
      else open.push(j);
    }
    return 1 + above + scores(query, open).filter((score) => !(score < own)).length;
  }

  return { best, rank, scores };
}

/**
 * Twice what sums of D products in float32, in whatever order, may be off, `2 D u / (1 - D u) |a| |b|` with `u = 2^-24`, and the rounding of
 * exact scores to float32.
 */
export function floatSlack(queries: Matrix, candidates: Matrix): number {
  const depth = queries.columns * 2 ** -24;
  const norms = largestNorm(queries) * largestNorm(candidates);
  return norms * ((2 * depth) / (1 - depth) + 2 ** -22) + 2 ** -120;
}

function largestNorm({ rows, columns, data }: Matrix): number {
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) sum += (data[k] as number) ** 2;
    largest = Math.max(largest, sum);
  }
  return Math.sqrt(largest);
}
