import type { AdaptiveWeightingOptions } from './adaptive-weighting.js';

/**
 * With respect to what a term's gradient is measured: the `representations` of the batch (almost free: only the loss
 * head is differentiated once per term) or all `parameters` (one backward pass per term). Read by the trainer.
 */
export type GradientScope = 'representations' | 'parameters';

/** The options of `adaptiveWeighting` apart from the number of terms, and the scope. */
export interface WeightingPreset extends Required<Omit<AdaptiveWeightingOptions, 'terms'>> {
  readonly scope: GradientScope;
}

/** Eq. 19 as printed: theta are the parameters. */
export const paperWeighting: WeightingPreset = { beta: 0.5, sumTo: 1, floor: 0, scope: 'parameters' };

/**
 * A first version, to be settled by measurements on real data. The floor keeps every term alive: at 0.1 of the sum each,
 * seven terms leave 0.3 to move. It allows at most nine terms.
 */
export const recommendedWeighting: WeightingPreset = {
  beta: 0.5,
  sumTo: 'terms',
  floor: 0.1,
  scope: 'representations',
};
