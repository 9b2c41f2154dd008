import type * as tf from '@tensorflow/tfjs-core';
import type { Module } from '@uniecs/tensor';
import type { PairRepresentations } from './representations.js';

/**
 * One loss term: a name, its group, and a pure function of the representations of a batch.
 * `compute` uses tensor operations only, so that it can be differentiated and traced. A term of your own is one such
 * object; it is registered nowhere.
 */
export interface LossTerm {
  /** `V2T`, `PML`, `PDC`, `PLC`, `V2V`, `T2T`, `TASKS` or a name of your own */
  readonly name: string;
  /** `CMAL`, `CLAL`, `IMCL`, `TASKS` or a group of your own */
  readonly group: string;
  /** learned parameters of the term (a learned temperature) */
  readonly module?: Module;
  /** for a term that looks at its K nearest rows: what it asks for and gets in a batch of `batchSize` pairs */
  readonly nearest?: (batchSize: number) => NearestCount;
  compute(r: PairRepresentations): TermValue;
}

/** What a term returns. */
export type TermValue = {
  /** the term's value */
  readonly loss: tf.Scalar;
  /** `[N]`, each row's value before the reduction over the rows, 0 where the row is no anchor */
  readonly perAnchor: tf.Tensor1D;
  /** how many rows are valid anchors */
  readonly anchors: tf.Scalar;
  /** how many (anchor, candidate) entries were left out as false negatives; 0 unless `maskFalseNegatives` */
  readonly maskedNegatives: tf.Scalar;
};

/** How many nearest rows a term asks for and how many a batch allows. */
export interface NearestCount {
  readonly option: string;
  readonly requested: number;
  readonly effective: number;
}

/**
 * Lists the terms whose number of nearest rows is clamped in a batch of `batchSize` pairs, so that a trainer can say
 * so once: `{ term: 'PLC', option: 'k', requested: 10, effective: 7 }`.
 */
export function clampedCounts(
  terms: readonly LossTerm[],
  batchSize: number,
): (NearestCount & { readonly term: string })[] {
  return terms.flatMap((term) => {
    const count = term.nearest?.(batchSize);
    return count && count.effective < count.requested ? [{ term: term.name, ...count }] : [];
  });
}
