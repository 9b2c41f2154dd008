import type { Matrix } from '../embeddings.js';
import { openPairs, scorePairs } from './open-pairs.js';
import type { PositiveRanks } from './positive-ranks.js';
import { rankByBytes } from './rank-by-bytes.js';
import { rankByFloats } from './rank-by-floats.js';
import { scoredRanks } from './scored-ranks.js';
import { screenCandidates } from './screened-candidates.js';

/** The two products that screening takes; `matrixProducts` of `@uniecs/compile` has them. */
export interface ScreeningProducts {
  /** The largest magnitude of `b` with which the sums of bytes are exact: 127 or less. */
  mostSigned(): Promise<number>;
  /**
   * Writes `round(scale[c] sum_d (a[r, d] - 128) b[d, c])`, at least 0 and at most 255, into `out` `[R, C]`: the sums exact, scaled and
   * rounded in float32.
   */
  bytes(product: {
    readonly shape: readonly [rows: number, depth: number, columns: number];
    readonly a: Uint8Array;
    readonly b: Int8Array;
    readonly scale: Float32Array;
    readonly out: Uint8Array;
  }): Promise<void>;
  /** Writes `sum_d a[r, d] b[c, d]` into `out` `[R, C]`, summed in float32 in any order. */
  floats(product: {
    readonly shape: readonly [rows: number, depth: number, columns: number];
    readonly a: Float32Array;
    readonly b: Float32Array;
    readonly out: Float32Array;
  }): Promise<void>;
}

/** Sizes of what is multiplied at a time. */
export interface ScreeningOptions {
  /** Queries at a time, a multiple of 4; default 1,024. */
  readonly blockSize?: number;
  /** Candidates at a time; default 512. */
  readonly tileSize?: number;
  /** Counts how the ranks were found, for measuring. */
  readonly onCounts?: (counts: ScreeningCounts) => void;
}

/** How many decisions took more than bytes. */
export interface ScreeningCounts {
  /** Pairs of a query and a candidate that were scored exactly. */
  readonly scored: number;
  /** Queries whose candidates lie too close for bytes, so that they were screened by float32. */
  readonly byFloats: number;
}

/** Norms whose product exceeds this are left to plain scores, which tell an overflow. */
const largest = 1e37;

/**
 * The ranks of `scoredRanks`, equal to the last one, without most of the scores. Queries and candidates are rounded to bytes; the product
 * of the bytes and a bound of what rounding can do to a score tell for nearly every candidate whether it stands before the partner. What
 * the bound leaves open is scored exactly. A query for which it leaves much open (its partner is one of many alike) is screened by float32
 * instead, whose bound is a thousand times closer.
 *
 * The bounds, with `q = q' + r` and `c = m + c' + s` (m the mean candidate, q' and c' whole numbers times a step):
 * `|q c - (q m + q' c')| <= |q'| |s| + |r| |c - m|` (Cauchy-Schwarz), where `q' c'` is a sum of products of whole numbers and so exact; in
 * float32, summed in whatever order, `|fl(q c) - q c| <= n u / (1 - n u) |q| |c|`, `u = 2^-24`. Both are widened by what float64 rounds in
 * finding them, and by half a unit in the last place of the partner's score, since scores are compared as float32.
 */
export function screenedRanks(
  products: ScreeningProducts,
  { blockSize = 1024, tileSize = 512, onCounts }: ScreeningOptions = {},
): PositiveRanks {
  const plain = scoredRanks();
  return async (pool) => {
    const { queries, candidates, positives, between } = pool;
    const height = Math.min(tileSize, Math.max(8, candidates.rows));
    const columns = Math.min(blockSize, Math.max(4, (queries.rows + 3) & ~3));
    const screened = screenCandidates(candidates, height);
    if (!(largestNorm(queries) * screened.norm < largest)) return plain(pool);
    const own = new Float32Array(queries.rows);
    scorePairs(
      queries,
      candidates,
      Int32Array.from(own, (_, i) => i),
      positives,
      queries.rows,
      own,
    );
    const above = new Int32Array(queries.rows);
    const open = openPairs(queries, candidates, own, above);
    const work = { queries, candidates, positives, own, above, open, products, columns, height, between };
    const hard = await rankByBytes({ ...work, screened, most: await products.mostSigned() });
    await rankByFloats({ ...work, rows: hard, norm: screened.norm });
    open.settle();
    await between(queries.rows);
    onCounts?.({ scored: open.settled, byFloats: hard.length });
    return above.map((count) => count + 1);
  };
}

function largestNorm({ rows, columns, data }: Matrix): number {
  let most = 0;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let d = i * columns; d < (i + 1) * columns; d++) sum += (data[d] as number) ** 2;
    most = Math.max(most, sum);
  }
  return Math.sqrt(most);
}
