export { type FetchCheckpointOptions, fetchCheckpoint } from './hub/fetch-checkpoint.js';
export { defaultHubEndpoint, isHubSource } from './hub/hub-source.js';
export { type AugmentOptions, augmentationRandom, augmentImage } from './images/augment-image.js';
export { type DecodeOptions, decodeImage, decoderName, maxImageBytes, maxImagePixels } from './images/decode-image.js';
export type { RowAugmentation } from './images/fill-images.js';
export { type ImageCache, type ImageCacheOptions, imageCache } from './images/image-cache.js';
export {
  type CheckOptions,
  type ImageRows,
  type ImageSource,
  type ImageSourceOptions,
  imageSource,
} from './images/image-source.js';
export {
  type ImageStore,
  type ImageStoreOptions,
  imageDigest,
  openImageStore,
  type StoreGroup,
} from './images/image-store.js';
export {
  clipMean,
  clipStd,
  type NormalizeOptions,
  normalizePixels,
  type PerChannel,
} from './images/normalize-pixels.js';
export { clipPreparation, type PixelPreparation } from './images/pixel-preparation.js';
export { type ResampleFilter, type RgbImage, resample } from './images/resample.js';
export { thumbnail, thumbnailAddress } from './images/thumbnail.js';
export { interpolatePositions } from './pretrained/interpolate-positions.js';
export type { CheckpointReport } from './pretrained/match-weights.js';
export { type PretrainedText, type PretrainedTextOptions, pretrainedText } from './pretrained/pretrained-text.js';
export {
  type PretrainedVision,
  type PretrainedVisionOptions,
  pretrainedVision,
} from './pretrained/pretrained-vision.js';
export { type EncodedTitles, loadTokenizer, type TitleTokenizer } from './tokenizer/load-tokenizer.js';
export {
  specialTokens,
  type TokenizerJson,
  type TokenizerOptions,
  trainTokenizer,
} from './tokenizer/train-tokenizer.js';
