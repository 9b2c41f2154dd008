import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { bert, type TextEncoder, type VisionEncoder, visionTransformer } from '@uniecs/encoders';
import { gatedFusion, type ModalityInput, type ModalityInputs, type Representations } from '@uniecs/gated-fusion';
import type { ForwardContext, Module, Random } from '@uniecs/tensor';
import { scoped } from '../scoped.js';
import { featureFusion } from './feature-fusion.js';
import type { ItemFusion } from './item-fusion.js';
import type { FeatureTensors, ItemTensors } from './item-tensors.js';
import type { ModelConfig } from './model-config.js';
import { scoreFusion } from './score-fusion.js';

/** A model assembled: both encoders and what joins them, for UniECS the gated fusion. */
export interface RetrievalModel extends Module {
  readonly config: ModelConfig;
  readonly tree: {
    readonly image_encoder: VisionEncoder;
    readonly text_encoder: TextEncoder;
    readonly fusion: ItemFusion;
  };
  /** f, v and t of a batch, three [B, D], L2-normalised (3.4); each encoder runs once, of features none. */
  represent(items: ItemTensors | FeatureTensors, context?: ForwardContext): Representations;
  /** v alone, [B, D], from images: the same numbers as `represent(…).image`. */
  embedImages(pixels: Tensor): Tensor2D;
  /** t alone, [B, D], from titles: the same numbers as `represent(…).text`. */
  embedTexts(ids: Tensor, mask: Tensor): Tensor2D;
}

/** Builds the model of a configuration with fresh parameters drawn from `random`. */
export function retrievalModel(config: ModelConfig, random: Random): RetrievalModel {
  const tree = {
    image_encoder: visionTransformer({ ...config.image, random: random.fork('image_encoder') }),
    text_encoder: bert({ ...config.text, random: random.fork('text_encoder') }),
    fusion: itemFusion(config, random.fork('fusion')),
  };
  const { image_encoder, text_encoder, fusion } = tree;

  function textInput(
    { ids, mask, hasText }: Pick<ItemTensors, 'ids' | 'mask' | 'hasText'>,
    context?: ForwardContext,
  ): ModalityInput {
    return { ...text_encoder.forward(ids, mask, context), present: hasText };
  }

  return {
    config,
    tree,
    represent: (items, context) =>
      scoped(() => {
        if ('imageTokens' in items) return fusion.represent(featureInputs(items), context);
        const image = { ...image_encoder.forward(items.pixels, context), present: items.hasImage };
        return fusion.represent({ image, text: textInput(items, context) }, context);
      }),
    embedImages: (pixels) => tf.tidy(() => fusion.forward({ image: image_encoder.forward(pixels) })),
    embedTexts: (ids, mask) => tf.tidy(() => fusion.forward({ text: textInput({ ids, mask }) })),
  };
}

function featureInputs({ imageTokens, textTokens, mask, hasImage, hasText }: FeatureTensors): ModalityInputs {
  return { image: { tokens: imageTokens, present: hasImage }, text: { tokens: textTokens, mask, present: hasText } };
}

/** What joins image and text in a configuration's model. */
export function itemFusion({ architecture, fusion, image, text }: ModelConfig, random: Random): ItemFusion {
  const shared = { imageWidth: image.width, textWidth: text.width, random };
  if (architecture === 'clip-sf') return scoreFusion({ ...fusion, ...shared });
  if (architecture === 'clip-ff') return featureFusion({ ...fusion, ...shared });
  return gatedFusion({ ...fusion, ...shared });
}
