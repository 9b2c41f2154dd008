import * as tf from '@tensorflow/tfjs-core';
import { type Reduction, sumOfParts } from './anchor-values.js';
import { candidateMask, countDropped } from './candidates.js';
import { checkChoice, checkCount, checkFinite } from './check-option.js';
import { falseNegatives } from './false-negatives.js';
import { overCandidates } from './hinge.js';
import { effectiveNeighbours, nearestMask } from './nearest.js';
import { checkRepresentations, side, similarity } from './representations.js';
import type { LossTerm } from './term.js';

/** Options of `plc`. */
export interface PlcOptions {
  /** tolerated squared difference; default 0.05 */
  readonly alpha3?: number;
  /** K, neighbours per row; default 10 (authors' code), at most the batch size */
  readonly k?: number;
  /** over i: `mean` (default) or `sum` (as printed: grows with the batch) */
  readonly reduction?: Reduction;
  /** leave candidates of a shared product out of the neighbours; default false */
  readonly maskFalseNegatives?: boolean;
}

/**
 * Product locality consistency loss, Eq. 12: over the K nearest j of each i by S_MM (i itself may be among them),
 * `1/K sum_j` of `max(0, (difference)^2 - alpha3)` for the differences S_VM - S_MM, S_TM - S_MM and S_VM - S_TM.
 * Printed is the sum over i; the default is the mean, which differs from the paper by the factor 1/N.
 * A difference counts only for rows that have both of its sides. Fewer than K candidates: all of them, and their
 * number for K. The choice of neighbours carries no gradient.
 * Throws `UniecsError` with code `argument` for a bad option; `compute` with code `shape`.
 */
export function plc(options: PlcOptions = {}): LossTerm {
  const { alpha3 = 0.05, k = 10, reduction = 'mean', maskFalseNegatives = false } = options;
  checkFinite('plc', 'alpha3', alpha3);
  checkCount('plc', 'k', k, 1);
  checkChoice('plc', 'reduction', reduction, ['mean', 'sum']);
  return {
    name: 'PLC',
    group: 'CLAL',
    nearest: (batchSize) => effectiveNeighbours(k, batchSize),
    compute: (r) =>
      tf.tidy(() => {
        checkRepresentations(r, 'PLC');
        const dropped = maskFalseNegatives ? falseNegatives(r.item1, r.item2) : undefined;
        const fused1 = side(r.item1, 'fused');
        const image1 = side(r.item1, 'image');
        const text1 = side(r.item1, 'text');
        const fused2 = side(r.item2, 'fused');
        const mm = { s: similarity(fused1.vectors, fused2.vectors), valid: fused1.valid };
        const vm = { s: similarity(image1.vectors, fused2.vectors), valid: image1.valid };
        const tm = { s: similarity(text1.vectors, fused2.vectors), valid: text1.valid };
        const allowed = candidateMask(fused2.valid, { dropped, excludeDiagonal: false });
        const neighbours = nearestMask(mm.s, allowed, effectiveNeighbours(k, allowed.shape[0]).effective);
        const differences = [[vm, mm] as const, [tm, mm] as const, [vm, tm] as const];
        const parts = differences.map(([a, b]) => {
          const anchors = tf.mul(tf.mul(a.valid, b.valid), fused1.valid) as tf.Tensor1D;
          const excess = tf.relu(tf.sub(tf.square(tf.sub(a.s, b.s)), alpha3));
          const values = tf.mul(overCandidates(excess, neighbours, 'mean'), anchors);
          return { values, anchors, maskedNegatives: countDropped(anchors, fused2.valid, dropped), reduction };
        });
        return sumOfParts(parts);
      }),
  };
}
