import type { Matrix } from '../embeddings.js';

/** What the ranks of one task are made of. */
export interface RankedPool {
  /** The task's name, for errors. */
  readonly name: string;
  /** `[Q, D]`, finite. */
  readonly queries: Matrix;
  /** `[M, D]`, finite. */
  readonly candidates: Matrix;
  /** `[Q]`, row of each query's partner among the candidates. */
  readonly positives: Int32Array;
  /** Awaited between blocks with the queries that are done: it lets signals through, and throws to stop. */
  readonly between: (done: number) => Promise<void>;
}

/**
 * How the partners of one task are ranked: `[Q]`, from 1, `1 + |{ j != positive : not score[j] < score[positive] }|` with the scores of
 * `dotProducts`. Whatever is passed must give these very ranks.
 *
 * @throws UniecsError `numeric` for scores that are not finite
 */
export type PositiveRanks = (pool: RankedPool) => Promise<Int32Array>;
