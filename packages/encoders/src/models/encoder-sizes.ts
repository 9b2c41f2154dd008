import type { BertConfig } from './bert.js';
import type { VisionTransformerConfig } from './vision-transformer.js';

/** The encoders' part of a model size; the vocabulary's size comes with the tokenizer. */
export interface EncoderSize {
  readonly image: VisionTransformerConfig;
  readonly text: Omit<BertConfig, 'vocabularySize'>;
}

/** The names of the sizes. */
export type EncoderSizeName = 'tiny' | 'small' | 'base';

/**
 * The encoders at the three model sizes. `tiny` trains on a laptop's CPU in minutes; `base` has the shapes of CLIP ViT-B/16 and
 * BERT base, the paper's encoders (4.1).
 */
export const encoderSizes: Readonly<Record<EncoderSizeName, EncoderSize>> = {
  tiny: {
    image: { imageSize: 64, patchSize: 8, width: 128, layers: 4, heads: 4 },
    text: { maxLength: 16, width: 128, layers: 2, heads: 4 },
  },
  small: {
    image: { imageSize: 128, patchSize: 16, width: 256, layers: 6, heads: 8 },
    text: { maxLength: 32, width: 256, layers: 4, heads: 8 },
  },
  base: {
    image: { imageSize: 224, patchSize: 16, width: 768, layers: 12, heads: 12, activation: 'quickGelu' },
    text: { maxLength: 64, positions: 512, width: 768, layers: 12, heads: 12, dropout: 0.1 },
  },
};
