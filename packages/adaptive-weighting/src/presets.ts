import type { AdaptiveWeightingOptions } from './adaptive-weighting.js';

/**
 * With respect to what a term's gradient is measured: the `representations` of the batch (almost free: only the loss
 * head is differentiated once per term) or all `parameters` (one backward pass per term). Read by the trainer.
 */
export type GradientScope = 'representations' | 'parameters';

/** The options of `adaptiveWeighting` apart from the number of terms, and the scope. */
export interface WeightingPreset extends Required<Omit<AdaptiveWeightingOptions, 'terms' | 'initial'>> {
  readonly scope: GradientScope;
}

/** Eq. 19 as printed: theta are the parameters. */
export const paperWeighting: WeightingPreset = { beta: 0.5, sumTo: 1, floor: 0, scope: 'parameters' };

/**
 * The weights stay as they start. As printed, the rule hands all weight to the term with the largest gradient within some twenty steps,
 * which on real pairs is not the one that helps most: adapted, the losses of the preset lose .02 of mean Recall@10, with a floor .016
 * (docs/STUDY.md, "Adaptive weighting on these pairs").
 */
export const recommendedWeighting: WeightingPreset = { beta: 0, sumTo: 'terms', floor: 0, scope: 'representations' };
