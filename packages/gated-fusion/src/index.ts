export { checkPresence } from './check-presence.js';
export { type FusionInput, type FusionNetwork, type FusionNetworkOptions, fusionNetwork } from './fusion-network.js';
export { type Gate, type GateOptions, gate } from './gate.js';
export {
  type CrossNorm,
  type GatedCrossLayer,
  type GatedCrossLayerOptions,
  gatedCrossLayer,
  type Indicator,
} from './gated-cross-layer.js';
export {
  type GatedFusion,
  type GatedFusionOptions,
  gatedFusion,
  type Representations,
  type Residual,
} from './gated-fusion.js';
export { type MeanPool, meanPool } from './mean-pool.js';
export type { ModalityInput, ModalityInputs } from './modality-input.js';
export { type PooledResidual, pooledResidual } from './pooled-residual.js';
export { type FusionPreset, paperFusion, recommendedFusion } from './presets.js';
export type { Modality, PerModality, Presence, TokenStream } from './token-stream.js';
