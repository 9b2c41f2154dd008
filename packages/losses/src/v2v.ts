import * as tf from '@tensorflow/tfjs-core';
import { type Reduction, sumOfParts } from './anchor-values.js';
import { candidateMask, countDropped, diagonal } from './candidates.js';
import { checkChoice, checkFinite } from './check-option.js';
import { contrast } from './contrast.js';
import { falseNegatives } from './false-negatives.js';
import { hinge } from './hinge.js';
import {
  checkHardNegatives,
  effectiveHardNegatives,
  type HardNegatives,
  hardNegativesAmong,
  nearestMask,
} from './nearest.js';
import { checkRepresentations, side, similarity } from './representations.js';
import { resolveTemperature, type Temperature, temperatureModule } from './temperature.js';
import type { LossTerm } from './term.js';

/** Options of `v2v`. */
export interface V2vOptions {
  /** tau_v; default 0.07 */
  readonly temperature?: Temperature;
  /** the mean of both directions in the InfoNCE part; default false, as printed */
  readonly symmetric?: boolean;
  /** margin; default 0.2 */
  readonly alpha4?: number;
  /** how many hard negatives; default `{ share: 0.5 }` of the candidates that exist (authors' code: of the batch); `{ count: 0 }` leaves Eq. 16 out */
  readonly hardNegatives?: HardNegatives;
  /** over i in the hard part: `mean` (default) or `sum` (as printed: grows with the batch) */
  readonly reduction?: Reduction;
  /** leave candidates of a shared product out of the denominator and the hard negatives; default false */
  readonly maskFalseNegatives?: boolean;
}

/**
 * Visual-to-visual contrastive loss, Eq. 14 to 16: InfoNCE of v1 against v2, plus over the K hard negatives of each i
 * `1/K sum_j max(0, alpha4 + S_VV[i,j] - S_VV[i,i])`. Hard negatives are the K most similar j other than i, never more
 * than N - 1, none in a batch of one; their choice carries no gradient. Printed is the sum over i of the hard part; the
 * default is the mean, which differs from the paper by the factor 1/N.
 * Throws `UniecsError` with code `argument` for a bad option; `compute` with code `shape`.
 */
export function v2v(options: V2vOptions = {}): LossTerm {
  const { symmetric = false, alpha4 = 0.2, hardNegatives = { share: 0.5 } } = options;
  const { reduction = 'mean', maskFalseNegatives = false } = options;
  checkFinite('v2v', 'alpha4', alpha4);
  checkHardNegatives('v2v', hardNegatives);
  checkChoice('v2v', 'reduction', reduction, ['mean', 'sum']);
  const temperature = resolveTemperature(options.temperature ?? 0.07, 'v2v');
  return {
    name: 'V2V',
    group: 'IMCL',
    ...temperatureModule(temperature),
    nearest: (batchSize) => effectiveHardNegatives(hardNegatives, batchSize),
    compute: (r) =>
      tf.tidy(() => {
        checkRepresentations(r, 'V2V');
        const dropped = maskFalseNegatives ? falseNegatives(r.item1, r.item2) : undefined;
        const queries = side(r.item1, 'image');
        const candidates = side(r.item2, 'image');
        const s = similarity(queries.vectors, candidates.vectors);
        const standard = contrast(queries, candidates, { temperature, symmetric, dropped });
        const anchors = standard.anchors as tf.Tensor1D;
        const allowed = candidateMask(candidates.valid, { dropped, excludeDiagonal: true });
        const hardest = nearestMask(s, allowed, hardNegativesAmong(hardNegatives, candidates.valid));
        const hard = {
          ...hinge({
            similarity: s,
            positive: diagonal(s),
            margin: alpha4,
            anchors,
            candidates: hardest,
            over: 'mean',
          }),
          maskedNegatives: countDropped(anchors, candidates.valid, dropped),
        };
        return sumOfParts([
          { ...standard, reduction: 'mean' },
          { ...hard, reduction },
        ]);
      }),
  };
}
