export {
  type Benchmark,
  type BenchmarkItem,
  type BenchmarkTask,
  benchmarkWithout,
  checkBenchmark,
} from './benchmark/benchmark.js';
export { type BenchmarkEmbeddings, benchmarkEmbeddings } from './benchmark/benchmark-embeddings.js';
export {
  type BenchmarkReport,
  type BenchmarkValues,
  benchmarkReport,
  formatBenchmarkTable,
} from './benchmark/benchmark-report.js';
export {
  type BenchmarkEvaluation,
  type BenchmarkTaskResult,
  type EvaluateBenchmarkOptions,
  evaluateBenchmark,
} from './benchmark/evaluate-benchmark.js';
export {
  type DataCard,
  type DataCardOptions,
  type DataPart,
  type DuplicateCounts,
  dataCard,
  nearPictures,
  type PartCard,
  type PictureFingerprint,
} from './data-card/data-card.js';
export { formatDataCard } from './data-card/format-data-card.js';
export { dotProducts, type Scores } from './dot-products.js';
export type { DrawOptions, PairSide, SingleModality } from './draw-products.js';
export type { Embeddings, Matrix } from './embeddings.js';
export { type EvaluateOptions, type Evaluation, evaluateTasks, type TaskResult } from './evaluate-tasks.js';
export { formatTaskTable } from './format-task-table.js';
export type { NegativeRules, RankedNegative } from './hard-negatives/eligible-negatives.js';
export { type MinedQuery, type MineOptions, mineNegatives } from './hard-negatives/mine-negatives.js';
export {
  type NegativeItem,
  type NegativesFile,
  type NegativesHeader,
  negativesLine,
  parseNegatives,
  type QueryNegatives,
} from './hard-negatives/negatives-lines.js';
export type { RankedQueries, RankedTask } from './hit-differences.js';
export { imagesOf, withImages } from './images-of.js';
export type { ItemVectors } from './item-vectors.js';
export type { CatalogueItem, Item, MetadataValue, Pair } from './items.js';
export { type MissingCounts, withoutModality } from './missing-modality.js';
export { type NearestCandidates, type NearestOptions, nearestCandidates } from './nearest-candidates.js';
export { type NoisyCounts, withNoisyModality } from './noisy-modality.js';
export { type BuildPairsOptions, type BuiltPair, type BuiltPairs, buildPairs } from './pair-builder/build-pairs.js';
export {
  type CandidatePair,
  type CoInteractionOptions,
  type CoInteractions,
  countCoInteractions,
  type Interaction,
} from './pair-builder/co-interactions.js';
export { type PairDecision, parseDecisions } from './pair-builder/decisions.js';
export { matchPairs, type SimilarPair } from './pair-builder/match-pairs.js';
export { nearDuplicates } from './pair-builder/near-duplicates.js';
export {
  type Similarity,
  type SimilarityCounts,
  type SimilarityThresholds,
  similarPairs,
  vectorSimilarity,
} from './pair-builder/similarity.js';
export {
  type SplitName,
  type SplitPairs,
  type SplitPairsOptions,
  type SplitShares,
  splitNames,
  splitPairs,
} from './pair-builder/split-pairs.js';
export { type PairEmbeddings, type PairEmbeddingsOptions, pairEmbeddings } from './pair-embeddings.js';
export {
  type BootstrapOptions,
  type DifferenceInterval,
  type GroupIntervals,
  pairedBootstrap,
} from './paired-bootstrap.js';
export { pairedQueryBootstrap, type QueryBootstrapOptions, type QueryMeasure } from './paired-query-bootstrap.js';
export { type EvaluatePoolOptions, evaluatePool, type Pool, pools } from './pools/evaluate-pool.js';
export { productNumbers } from './product-numbers.js';
export { modalityGap } from './projection/modality-gap.js';
export { type TsneOptions, tsne } from './projection/tsne.js';
export {
  type PublishedNote,
  type PublishedRecall,
  type PublishedTables,
  type PublishedTasks,
  publishedTables,
} from './published/published-tables.js';
export type { PositiveRanks, RankedPool } from './ranks/positive-ranks.js';
export { scoredRanks } from './ranks/scored-ranks.js';
export {
  type ScreeningCounts,
  type ScreeningOptions,
  type ScreeningProducts,
  screenedRanks,
} from './ranks/screened-ranks.js';
export { rankOfPositive, recallAtK } from './recall.js';
export { type EvaluationReport, evaluationReport, meanOf, type RecallValues, recallNames } from './report.js';
export {
  type SameStyleOptions,
  type SameStyleResult,
  sameStyleCoverage,
  sameStyleTasks,
} from './same-style/same-style-coverage.js';
export {
  coverageMeaning,
  formatSameStyleTable,
  type SameStyleReport,
  sameStyleReport,
} from './same-style/same-style-report.js';
export { groupsByField, groupsByPairs } from './same-style/style-groups.js';
export {
  hitAtK,
  meanAveragePrecision,
  meanRecallAtK,
  meanReciprocalRank,
  ndcgAtK,
  ranksOfRelevant,
  sameStyleCoverageAtK,
} from './several-relevant.js';
export { recallMeaning, type TaskMeasures, taskMeasures } from './task-measures.js';
export { imageSidedTasks, type Modality, type Task, tasks } from './tasks.js';
export { type Attribute, type AttributeFields, type QueryKind, queryKinds } from './text-queries/query-kinds.js';
export { type QueryProduct, queryProducts } from './text-queries/query-products.js';
export { splitProducts } from './text-queries/split-products.js';
export { type KindSummary, type TextQuery, type TextQueryOptions, textQueries } from './text-queries/text-queries.js';
export { type JudgedRun, judgeRun, type RunMeasures } from './trec/judge-run.js';
export { parseQrels, parseRun, type Qrels, type Run } from './trec/read-trec.js';
export { qrelsLine, runLine, trecId } from './trec/write-trec.js';
