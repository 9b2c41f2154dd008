export { type AdaptiveWeightingOptions, adaptiveWeighting } from './adaptive-weighting.js';
export { fixedWeighting } from './fixed-weighting.js';
export { entropy, gradientNorm } from './measures.js';
export { type GradientScope, paperWeighting, recommendedWeighting, type WeightingPreset } from './presets.js';
export type { AdaptiveWeighting, WeightingState } from './weighting.js';
