export { type AblateOptions, type AblationSummary, ablate } from './ablation/ablate.js';
export type { AblationReport, ArmDifference, ArmReport, CellReport } from './ablation/ablation-report.js';
export { checkGrid } from './ablation/check-grid.js';
export { type Arm, type Cell, cellsOf, type Grid, mergedSettings } from './ablation/grid.js';
export { ablationFiles, checkGridFolder, type Split } from './ablation/grid-folder.js';
export { type StartDigest, type StartedGrid, startedGrid } from './ablation/grid-start.js';
export {
  betaArm,
  changesNothing,
  dropArm,
  figure6Arms,
  fullArm,
  fusionInputArm,
  gatingArm,
  normArm,
  table4Arms,
  weightingArm,
} from './ablation/ready-made-arms.js';
export type { ByRow } from './ablation/recall-rows.js';
export type { AblationEvent, GridOutcome } from './ablation/run-grid.js';
export { writeAblation } from './ablation/write-ablation.js';
export type { HostBatch, LoadItems } from './data/feed-batches.js';
export { type FedRows, type ItemFeeder, itemFeeder } from './data/feed-items.js';
export {
  anyPartial,
  type HostItems,
  type HostPixels,
  type ItemBatchOptions,
  type ItemLoader,
  itemBatch,
} from './data/item-batch.js';
export { type NegativePairs, negativePairs } from './data/negative-pairs.js';
export {
  type Batching,
  type HostPairs,
  loadedPairs,
  type PairBatches,
  type PairBatchesOptions,
  pairBatches,
} from './data/pair-batches.js';
export { type PairsDigest, pairsDigest } from './data/pairs-digest.js';
export type { ModalityDropout } from './data/vary-pairs.js';
export { type CachedEmbedder, type CachedEmbedderOptions, cachedEmbedder } from './embedding/cached-embedder.js';
export { type Embedder, type EmbedderOptions, type EmbedOptions, embedder } from './embedding/embedder.js';
export { withFloatScores } from './embedding/float-scores.js';
export { judgeSameStyle } from './embedding/judge-same-style.js';
export { mineEmbeddings } from './embedding/mine-embeddings.js';
export { embedPairs, evaluatePairs, modelEmbedder, modelFingerprint, rankPairs } from './embedding/model-embedder.js';
export { rankEmbeddings } from './embedding/rank-embeddings.js';
export { type ExportModelOptions, exportModel } from './export/export-model.js';
export { type ExportRole, exportRoles, partRoles } from './export/export-roles.js';
export { type ExportedEmbedder, type ExportedEmbedderOptions, exportedEmbedder } from './export/exported-embedder.js';
export {
  type ExportedFile,
  type ExportManifest,
  exportedFiles,
  exportFingerprint,
  readExportManifest,
} from './export/exported-folder.js';
export { type ExportedModel, type OpenExportedOptions, openExported } from './export/open-exported.js';
export {
  type FeatureCache,
  type FeatureCacheOptions,
  type FeatureProgress,
  featureCache,
  type PrepareOptions,
} from './features/feature-cache.js';
export type { CheckpointInfo, Json } from './files/checkpoint-info.js';
export {
  type CheckpointManifest,
  checkpointFiles,
  type FileDigest,
  type Verdict,
  verifyCheckpoint,
} from './files/checkpoint-manifest.js';
export {
  clearCheckpoints,
  type LoadedCheckpoint,
  type LoadOptions,
  listCheckpoints,
  loadCheckpoint,
} from './files/checkpoints.js';
export { type ImportOptions, type ImportSummary, importModel } from './files/import-model.js';
export { type Manifest, readManifest } from './files/manifest.js';
export {
  type LoadedModel,
  loadModelFolder,
  loadWeights,
  modelFiles,
  type ReadVariable,
  type StoredConfig,
  type WriteWeightsOptions,
  writeModelConfig,
  writeWeights,
} from './files/model-folder.js';
export { checkRunFolder } from './files/run-folder.js';
export { settingsFrom, startsFromEncoders, storedEncoders } from './files/stored-encoders.js';
export { readStoredRun, type StoredRun } from './files/stored-run.js';
export { type CheckpointOptions, writeCheckpoint } from './files/write-checkpoint.js';
export { type CreateIndexOptions, createIndex, exactIndex, indexStores, openIndex } from './index/open-index.js';
export type { IndexRecord, SearchHit, SearchIndex, SearchQuery } from './index/search-index.js';
export { type FeatureFusionConfig, featureFusion } from './model/feature-fusion.js';
export { type ImageForm, imageForm } from './model/image-form.js';
export type { ItemFusion, ItemFusionOptions } from './model/item-fusion.js';
export type { FeatureTensors, ItemTensors } from './model/item-tensors.js';
export {
  type Architecture,
  architectures,
  type EncoderChanges,
  type EncoderConfigs,
  type FusionChanges,
  type FusionConfig,
  fusionSizes,
  type ModelConfig,
  type ModelConfigOf,
  type ModelConfigs,
  modelConfig,
  type PresetName,
} from './model/model-config.js';
export { type RetrievalModel, retrievalModel } from './model/retrieval-model.js';
export { type ScoreFusionConfig, scoreFusion } from './model/score-fusion.js';
export { writeReport } from './report/write-report.js';
export { type Figure3Options, type Figure3Report, reproduceFigure3 } from './reproduction/figure3.js';
export { type Figure4Options, type Figure4Report, reproduceFigure4 } from './reproduction/figure4.js';
export { type Figure5Options, type Figure5Report, reproduceFigure5 } from './reproduction/figure5.js';
export { type Figure6Options, type Figure6Report, reproduceFigure6 } from './reproduction/figure6.js';
export { baselineMethods, comparedMethods, type Method, table1Methods } from './reproduction/methods.js';
export { type MissingOptions, type MissingReport, reproduceMissing } from './reproduction/missing.js';
export { methodsToTrain } from './reproduction/model-folders.js';
export type {
  GivenModel,
  MeasureProgress,
  ReproduceOptions,
  TrainingOptions,
} from './reproduction/reproduce-options.js';
export type { Reproduced } from './reproduction/reproduced.js';
export { checkReproductionFolder, type Reproduction, reproductions } from './reproduction/reproduction-folder.js';
export type { ReproductionManifest } from './reproduction/reproduction-manifest.js';
export {
  type ImportedEmbeddings,
  reproduceTable1,
  type Table1Options,
} from './reproduction/table1.js';
export { importedMethods, type Table1Report, type Table1Row } from './reproduction/table1-report.js';
export { reproduceTable3, type Table3Options } from './reproduction/table3.js';
export type { Table3Report, Table3Row } from './reproduction/table3-report.js';
export { reproduceTable4, type Table4Options, type Table4Report } from './reproduction/table4.js';
export { checkSettings } from './reproduction/train-arms.js';
export { type AdamWOptions, type AdamWState, adamW, type Optimizer, type StepScales } from './training/adamw.js';
export { type Schedule, type WarmupCosineOptions, warmupCosine } from './training/learning-rate.js';
export { lossHead, representationList, type TermGradient } from './training/loss-head.js';
export type { ItemVectors, PairLabels } from './training/pair-vectors.js';
export { resumedSettings } from './training/resumed-settings.js';
export type { StepNumbers } from './training/step-numbers.js';
export { type StepRunner, stepRunner } from './training/step-runner.js';
export { configOfSettings, type TrainOptions, train } from './training/train.js';
export type {
  FeaturesEvent,
  SaveFailedEvent,
  SkippedEvent,
  StepEvent,
  TrainEvent,
  TrainSummary,
} from './training/train-events.js';
export {
  defaultDataWorkers,
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
export {
  type BeyondTextEvent,
  type BeyondTextOptions,
  type BeyondTextSummary,
  beyondText,
} from './two-tower/beyond-text.js';
export type {
  ArmGap,
  ArmOutcome,
  BeyondTextReport,
  Measures,
  RunReport,
  SplitMeasures,
} from './two-tower/beyond-text-report.js';
export {
  type HostQueryBatch,
  type QueryBatches,
  type QueryBatchesOptions,
  queryBatches,
} from './two-tower/query-batches.js';
export {
  type CatalogueSplit,
  type QueryData,
  type QueryDataOptions,
  type QueryDigest,
  type QuerySet,
  queryData,
} from './two-tower/query-data.js';
export {
  type QueryLabels,
  type QueryProductBatch,
  type QueryProductOptions,
  type QueryProductTerm,
  type QueryProductVectors,
  queryToProduct,
} from './two-tower/query-product-terms.js';
export {
  type QueryMetrics,
  type QueryRanks,
  type QueryReport,
  queryReport,
  rankProducts,
} from './two-tower/query-ranks.js';
export type { RecipeCell } from './two-tower/recipe-cell.js';
export { readRecipe, recipeFiles, type StoredRecipe } from './two-tower/recipe-folder.js';
export type { StageEvent, StagePlace } from './two-tower/stage-event.js';
export type { StageSources } from './two-tower/stage-run.js';
export { type StageOptions, type StageSummary, trainStage } from './two-tower/train-stage.js';
export {
  type ProductReads,
  type Stage,
  type TwoTowerConfig,
  type TwoTowerConfigOptions,
  twoTowerConfig,
} from './two-tower/two-tower-config.js';
export {
  type TwoTowerEmbedder,
  type TwoTowerEmbedderOptions,
  twoTowerEmbedder,
  type Vectors,
} from './two-tower/two-tower-embedder.js';
export {
  type LoadedTwoTower,
  loadTwoTower,
  type StartWeights,
  type StoredTwoTower,
} from './two-tower/two-tower-folder.js';
export { type ProductTensors, type QueryTensors, type TwoTower, twoTower } from './two-tower/two-tower-model.js';
export {
  type GivenTwoTowerSettings,
  type TwoTowerArm,
  type TwoTowerSettings,
  twoTowerArms,
  twoTowerSettings,
} from './two-tower/two-tower-settings.js';
export { type TwoTowerInputs, type TwoTowerStepParts, twoTowerStep } from './two-tower/two-tower-step.js';
export { writeBeyondText } from './two-tower/write-beyond-text.js';
export { verificationPage } from './verification/verification-page.js';
