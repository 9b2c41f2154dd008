export type { Line } from './line.js';
export { type BenchmarkFolder, type MissingPictures, requirePictures } from './node/benchmarks/benchmark-file.js';
export { type FashionIqOptions, fashionIqCategories, readFashionIq } from './node/benchmarks/read-fashion-iq.js';
export { type Fashion200kOptions, fashion200kCategories, readFashion200k } from './node/benchmarks/read-fashion200k.js';
export {
  type GeneratedCatalogue,
  type GenerateOptions,
  generateCatalogue,
} from './node/catalogue/generate-catalogue.js';
export { contentSimilarity } from './node/content-similarity.js';
export { firstLines } from './node/data-lines.js';
export { type PictureOptions, pictureFingerprints, pictureThumbnails } from './node/pictures/picture-fingerprints.js';
export type { ModalityCounts, Problem, Validated } from './node/problems.js';
export { requireValid } from './node/problems.js';
export { type ItemFile, readItems } from './node/read-items.js';
export { readLines } from './node/read-lines.js';
export { type PairColumns, type PairFile, type PairOptions, pairFields, readPairs } from './node/read-pairs.js';
export { shardFiles } from './node/shards/shard-files.js';
export {
  itemSample,
  pairSample,
  type ShardSample,
  type WriteShardsOptions,
  writeShards,
} from './node/shards/write-shards.js';
export type { ReadOptions } from './node/validation.js';
