import type { GatedFusionOptions } from './gated-fusion.js';

/** The choices of form that a preset makes; sizes are the caller's. */
export type FusionPreset = Readonly<
  Required<Pick<GatedFusionOptions, 'norm' | 'indicator' | 'gating' | 'gateBias' | 'fusionInput'>>
>;

/** The paper's printed equations. */
export const paperFusion: FusionPreset = {
  norm: 'post',
  indicator: 'own',
  gating: true,
  gateBias: 0,
  fusionInput: 'concat',
};

/**
 * A first version, not yet settled by measurement: the paper's, with gates that start nearly closed (sigmoid(-2) = 0.12), so
 * that at first a modality keeps its own tokens instead of half of the other's.
 */
export const recommendedFusion: FusionPreset = { ...paperFusion, gateBias: -2 };
