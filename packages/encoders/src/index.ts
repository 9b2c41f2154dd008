export { type Bert, type BertConfig, bert, type TextEncoder } from './models/bert.js';
export { type EncoderSize, type EncoderSizeName, encoderSizes } from './models/encoder-sizes.js';
export type { TokenFeatures } from './models/token-features.js';
export {
  type VisionEncoder,
  type VisionTransformer,
  type VisionTransformerConfig,
  visionTransformer,
} from './models/vision-transformer.js';
