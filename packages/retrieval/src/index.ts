export { anyPartial, type HostItems, type ItemBatchOptions, type ItemLoader, itemBatch } from './data/item-batch.js';
export { type HostPairs, type PairBatches, type PairBatchesOptions, pairBatches } from './data/pair-batches.js';
export { type Embedder, type EmbedderOptions, type EmbedOptions, embedder } from './embedding/embedder.js';
export { evaluatePairs, modelEmbedder, modelFingerprint } from './embedding/model-embedder.js';
export {
  type CheckpointInfo,
  listCheckpoints,
  loadCheckpoint,
  writeCheckpoint,
} from './files/checkpoints.js';
export {
  type LoadedModel,
  loadModelFolder,
  loadWeights,
  modelFiles,
  type ReadVariable,
  type StoredConfig,
  writeModelConfig,
  writeWeights,
} from './files/model-folder.js';
export { type CreateIndexOptions, createIndex, exactIndex, indexStores, openIndex } from './index/open-index.js';
export type { IndexRecord, SearchHit, SearchIndex, SearchQuery } from './index/search-index.js';
export type { ItemTensors } from './model/item-tensors.js';
export {
  type FusionConfig,
  fusionSizes,
  type ModelConfig,
  modelConfig,
  type PresetName,
} from './model/model-config.js';
export { type UniecsModel, uniecsModel } from './model/uniecs-model.js';
export { type AdamWOptions, type AdamWState, adamW, type Optimizer } from './training/adamw.js';
export { type Schedule, type WarmupCosineOptions, warmupCosine } from './training/learning-rate.js';
export { lossHead, representationList, type TermGradient } from './training/loss-head.js';
export type { ItemVectors, PairLabels } from './training/pair-vectors.js';
export { type StepNumbers, type StepRunner, stepRunner } from './training/step-runner.js';
export { type TrainOptions, train } from './training/train.js';
export type { StepEvent, TrainEvent, TrainSummary } from './training/train-events.js';
export {
  type GivenSettings,
  presetLosses,
  presetWeighting,
  sizeDefaults,
  type TrainSettings,
  trainSettings,
  type WeightingSettings,
} from './training/train-settings.js';
export { namedState, type TrainState, trainState } from './training/train-state.js';
export {
  type DropoutPosition,
  type StepParts,
  type StepReport,
  type TrainStages,
  trainStages,
} from './training/train-step.js';
