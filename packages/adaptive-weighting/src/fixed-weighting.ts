import * as tf from '@tensorflow/tfjs-core';
import { checkShape } from '@uniecs/tensor';
import { checkOption, checkTerms } from './check-option.js';
import type { AdaptiveWeighting, WeightingState } from './weighting.js';

/**
 * Weights that stay as they are, in the same form as `adaptiveWeighting`. `weights` default to 1 each; a weight may be 0.
 * Throws `UniecsError` with code `argument` for another number of weights than terms, a negative weight, or none above 0.
 */
export function fixedWeighting({
  terms,
  weights: given,
}: {
  readonly terms: number;
  readonly weights?: readonly number[];
}): AdaptiveWeighting {
  const where = 'fixedWeighting';
  checkTerms(where, terms);
  const weights = given ?? Array.from({ length: terms }, () => 1);
  const proper = weights.length === terms && weights.every((w) => Number.isFinite(w) && w >= 0);
  checkOption(proper && weights.some((w) => w > 0), where, `${terms} weights >= 0, one of them above 0`, weights);
  return {
    init: () => ({ logLambda: tf.tensor1d(weights.map(Math.log)) }),
    update: ({ logLambda }, norms): WeightingState => {
      checkShape(norms, 'norms', [terms], where);
      return { logLambda: tf.clone(logLambda) };
    },
    weights: ({ logLambda }) => tf.exp(logLambda),
  };
}
