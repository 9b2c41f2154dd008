export { type AnchorValues, averageOfParts, type Reduction, sumOfParts } from './anchor-values.js';
export { clal } from './clal.js';
export { cmal } from './cmal.js';
export { dropTerms } from './drop-terms.js';
export { falseNegatives } from './false-negatives.js';
export { hinge } from './hinge.js';
export { imcl } from './imcl.js';
export { type InfoNceInput, infoNce } from './info-nce.js';
export { effectiveHardNegatives, effectiveNeighbours, type HardNegatives, nearestMask } from './nearest.js';
export { type NineTasksOptions, nineTasks, type RetrievalTask, retrievalTasks, type TaskSide } from './nine-tasks.js';
export { type PdcOptions, pdc } from './pdc.js';
export { type PlcOptions, plc } from './plc.js';
export { type PmlOptions, pml } from './pml.js';
export {
  type LossOptions,
  lossTerms,
  paperLosses,
  paperLossOptions,
  recommendedLosses,
  recommendedLossOptions,
  recommendedTermWeights,
} from './presets.js';
export type { ItemRepresentations, PairRepresentations, View } from './representations.js';
export { type T2tOptions, t2t } from './t2t.js';
export {
  type LearnedFrom,
  type LearnedTemperature,
  learnedTemperature,
  type ResolvedTemperature,
  type Temperature,
} from './temperature.js';
export { clampedCounts, type LossTerm, type NearestCount, type TermValue } from './term.js';
export { type V2tOptions, v2t } from './v2t.js';
export { type V2vOptions, v2v } from './v2v.js';
