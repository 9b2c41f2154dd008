import type { Matrix } from '../embeddings.js';
import type { OpenPairs } from './open-pairs.js';
import type { ScreeningProducts } from './screened-ranks.js';

/** What both screens work on. */
export interface ScreeningWork {
  readonly queries: Matrix;
  readonly candidates: Matrix;
  readonly positives: Int32Array;
  /** `[Q]`, score of each query's partner. */
  readonly own: Float32Array;
  /** `[Q]`, the candidates found not to be below the partner. */
  readonly above: Int32Array;
  readonly open: OpenPairs;
  readonly products: ScreeningProducts;
  /** Queries at a time. */
  readonly columns: number;
  /** Candidates at a time. */
  readonly height: number;
  readonly between: (done: number) => Promise<void>;
}

/**
 * Where exact arithmetic need not be asked: a candidate whose dot product, in real numbers, is below `low` is below the partner, and one
 * from `high` on is not. Between lie the halves of the units in the last place of the partner's float32 score on either side, and what
 * float64 may round in sums of so many products of these norms (the scores' own, and those that a bound is made of).
 */
export function certainty(own: number, depth: number, norms: number): { readonly low: number; readonly high: number } {
  const rounded = depth * 2 ** -50 * norms + 2 ** -140;
  return { low: own - Math.abs(own) * 2 ** -23 - rounded, high: own + rounded };
}
