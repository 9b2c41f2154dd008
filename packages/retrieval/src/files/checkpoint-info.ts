/** What JSON can hold; numbers are finite. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

/**
 * What a checkpoint says beside the arrays: a record of JSON values that the run fills and gets back as it was. Fields that
 * are not listed here are kept as well; the layout's version stands in the checkpoint's manifest, not here.
 */
export interface CheckpointInfo {
  /** Steps taken. */
  readonly step: number;
  /** What a resumed run must share, settings and data, as JSON. */
  readonly fingerprint: string;
  /** The best validation so far, and at which step; absent before the first. Its checkpoint is the one that keep-best keeps. */
  readonly best?: { readonly value: number; readonly step: number };
  /** The step of the last validation. */
  readonly validated?: number;
  /** Where the sampler stands: the epoch of the next batch, from 0, and how many of that epoch's batches are taken. */
  readonly sampler?: { readonly epoch: number; readonly batch: number };
  /** The seed, and the counters of everything that is drawn, by name. */
  readonly random?: { readonly seed: number; readonly [counter: string]: number };
  readonly [name: string]: Json | undefined;
}
