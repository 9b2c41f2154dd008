export {
  type GeneratedCatalogue,
  type GenerateOptions,
  generateCatalogue,
} from './node/catalogue/generate-catalogue.js';
export type { ModalityCounts, Problem, Validated } from './node/problems.js';
export { requireValid } from './node/problems.js';
export { type ItemFile, readItems } from './node/read-items.js';
export { type PairFile, readPairs } from './node/read-pairs.js';
export type { ReadOptions } from './node/validation.js';
