import * as tf from '@tensorflow/tfjs-core';
import { averageOfParts } from './anchor-values.js';
import { contrast } from './contrast.js';
import { falseNegatives } from './false-negatives.js';
import { checkRepresentations, side } from './representations.js';
import { resolveTemperature, type Temperature, temperatureModule } from './temperature.js';
import type { LossTerm } from './term.js';

/** Options of `t2t`. */
export interface T2tOptions {
  /** tau_t; default 0.03 */
  readonly temperature?: Temperature;
  /** the mean of both directions; default false, as printed */
  readonly symmetric?: boolean;
  /** leave candidates of a shared product out of the denominator; default false */
  readonly maskFalseNegatives?: boolean;
}

/**
 * Text-to-text contrastive loss, Eq. 17: InfoNCE of t1 against t2 at a low temperature.
 * Throws `UniecsError` with code `argument` for a bad option; `compute` with code `shape`.
 */
export function t2t(options: T2tOptions = {}): LossTerm {
  const { symmetric = false, maskFalseNegatives = false } = options;
  const temperature = resolveTemperature(options.temperature ?? 0.03, 't2t');
  return {
    name: 'T2T',
    group: 'IMCL',
    ...temperatureModule(temperature),
    compute: (r) =>
      tf.tidy(() => {
        checkRepresentations(r, 'T2T');
        const dropped = maskFalseNegatives ? falseNegatives(r.item1, r.item2) : undefined;
        return averageOfParts([
          contrast(side(r.item1, 'text'), side(r.item2, 'text'), { temperature, symmetric, dropped }),
        ]);
      }),
  };
}
