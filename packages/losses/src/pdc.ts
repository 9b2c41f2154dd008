import * as tf from '@tensorflow/tfjs-core';
import { type Reduction, sumOfParts } from './anchor-values.js';
import { candidateMask, countDropped } from './candidates.js';
import { checkChoice, checkFinite } from './check-option.js';
import { falseNegatives } from './false-negatives.js';
import { hinge } from './hinge.js';
import { checkRepresentations, side, similarity } from './representations.js';
import type { LossTerm } from './term.js';

/** Options of `pdc`. */
export interface PdcOptions {
  /** margin; default 0.1 */
  readonly alpha2?: number;
  /**
   * Where s_ii comes from: `pair` (default) is v1_i f2_i and t1_i f2_i; `item` is v1_i f1_i and t1_i f1_i, which the
   * paper's "a same item" also allows.
   */
  readonly positives?: 'pair' | 'item';
  /** over j: `sum` (default, as printed: grows with the batch) or `mean` (over the candidates that count) */
  readonly reduction?: Reduction;
  /** leave j = i out; default false, as printed */
  readonly excludeDiagonal?: boolean;
  /** leave candidates of a shared product out of the hinges; default false */
  readonly maskFalseNegatives?: boolean;
}

/**
 * Product distinctiveness consistency loss, Eq. 11:
 * `1/N sum_i sum_j [ max(0, alpha2 + S_MM[i,j] - S_VM[i,i]) + max(0, alpha2 + S_MM[i,j] - S_TM[i,i]) ]`, j = i included,
 * with S_MM = f1 f2^T. The image half averages over the items with an image, the text half over those with a title.
 * Throws `UniecsError` with code `argument` for a bad option; `compute` with code `shape`.
 */
export function pdc(options: PdcOptions = {}): LossTerm {
  const { alpha2 = 0.1, positives = 'pair', reduction = 'sum' } = options;
  const { excludeDiagonal = false, maskFalseNegatives = false } = options;
  checkFinite('pdc', 'alpha2', alpha2);
  checkChoice('pdc', 'positives', positives, ['pair', 'item']);
  checkChoice('pdc', 'reduction', reduction, ['sum', 'mean']);
  return {
    name: 'PDC',
    group: 'CLAL',
    compute: (r) =>
      tf.tidy(() => {
        checkRepresentations(r, 'PDC');
        const dropped = maskFalseNegatives ? falseNegatives(r.item1, r.item2) : undefined;
        const fused1 = side(r.item1, 'fused');
        const fused2 = side(r.item2, 'fused');
        const target = positives === 'pair' ? fused2 : fused1;
        const candidates = candidateMask(fused2.valid, { dropped, excludeDiagonal });
        const parts = (['image', 'text'] as const).map((view) => {
          const query = side(r.item1, view);
          const anchors = tf.mul(tf.mul(query.valid, fused1.valid), target.valid) as tf.Tensor1D;
          const part = hinge({
            similarity: similarity(fused1.vectors, fused2.vectors),
            positive: tf.sum(tf.mul(query.vectors, target.vectors), 1),
            margin: alpha2,
            anchors,
            candidates,
            over: reduction,
          });
          const maskedNegatives = countDropped(anchors, fused2.valid, dropped);
          return { ...part, maskedNegatives, reduction: 'mean' as const };
        });
        return sumOfParts(parts);
      }),
  };
}
