export { type FusionConfig, fusionSizes, type ModelConfig, modelConfig, type PresetName } from './model/model-config.js';
export { type UniecsModel, uniecsModel } from './model/uniecs-model.js';
export { adamW } from './training/adamw.js';
export { trainStages } from './training/train-step.js';
export { trainState } from './training/train-state.js';
