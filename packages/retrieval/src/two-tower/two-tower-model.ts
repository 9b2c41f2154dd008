import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { bert, type TextEncoder, type VisionEncoder, visionTransformer } from '@uniecs/encoders';
import type { ModalityInputs, Representations } from '@uniecs/gated-fusion';
import {
  type ForwardContext,
  type Linear,
  l2Normalize,
  linear,
  type Module,
  maskedMean,
  type Random,
} from '@uniecs/tensor';
import type { ItemFusion } from '../model/item-fusion.js';
import type { ItemTensors } from '../model/item-tensors.js';
import { itemFusion } from '../model/retrieval-model.js';
import { scoped } from '../scoped.js';
import type { TwoTowerConfig } from './two-tower-config.js';

/** A batch of B queries. */
export interface QueryTensors {
  /** int32 [B, L], token ids. */
  readonly ids: Tensor;
  /** float32 [B, L], 1 for a token, 0 for padding. */
  readonly mask: Tensor;
}

/** A batch of B products: `ItemTensors`, without pixels for a tower that reads the title alone. */
export type ProductTensors = Omit<ItemTensors, 'pixels'> & Partial<Pick<ItemTensors, 'pixels'>>;

/** A query tower and a product tower, whose embeddings are compared by their dot product. */
export interface TwoTower extends Module {
  readonly config: TwoTowerConfig;
  readonly tree: {
    readonly query_encoder: TextEncoder;
    readonly query_projection: Linear;
    readonly text_encoder: TextEncoder;
    /** Only where the product tower reads images. */
    readonly image_encoder?: VisionEncoder;
    readonly fusion: ItemFusion;
  };
  /** q, [B, D], L2-normalised: `norm(W mean Q)`, the mean over the valid tokens of the query encoder. */
  embedQueries(queries: QueryTensors, context?: ForwardContext): Tensor2D;
  /** f, [B, D], L2-normalised: of what of title and image the product has and the tower reads. */
  embedProducts(products: ProductTensors, context?: ForwardContext): Tensor2D;
  /** f, v and t of products, three [B, D]; v is zero for a tower that reads the title alone. */
  represent(products: ProductTensors, context?: ForwardContext): Representations;
}

/**
 * Builds the model of a configuration with fresh parameters drawn from `random`. Both text encoders start from the same draw, as both towers
 * would start from the same checkpoint; from there on they are trained apart.
 *
 * "Beyond Text" (2026), our reading of its abstract: a query tower of text, a product tower of text and image, joined by a modality fusion
 * network.
 *
 * State dict: `query_encoder`, `query_projection.weight`, `text_encoder`, `image_encoder`, `fusion`.
 */
export function twoTower(config: TwoTowerConfig, random: Random): TwoTower {
  const { product, reads } = config;
  const readsImages = reads === 'image and text';
  const textEncoder = () => bert({ ...product.text, random: random.fork('text_encoder') });
  const { width } = product.text;
  const query_encoder = textEncoder();
  const query_projection = linear({
    inputSize: width,
    outputSize: product.fusion.width,
    bias: false,
    std: 1 / Math.sqrt(width),
    random: random.fork('query_projection'),
  });
  const text_encoder = textEncoder();
  const image_encoder = readsImages
    ? visionTransformer({ ...product.image, random: random.fork('image_encoder') })
    : undefined;
  const fusion = itemFusion(product, random.fork('fusion'));

  function features(
    { pixels, ids, mask, hasImage, hasText }: ProductTensors,
    context?: ForwardContext,
  ): ModalityInputs {
    const text = { ...text_encoder.forward(ids, mask, context), present: hasText };
    if (!image_encoder || !pixels) return { text };
    return { image: { ...image_encoder.forward(pixels, context), present: hasImage }, text };
  }

  return {
    config,
    tree: { query_encoder, query_projection, text_encoder, ...(image_encoder ? { image_encoder } : {}), fusion },
    embedQueries: ({ ids, mask }, context) =>
      tf.tidy(() => {
        const { tokens, mask: valid } = query_encoder.forward(ids, mask, context);
        return l2Normalize(query_projection.forward(maskedMean(tokens, valid))) as Tensor2D;
      }),
    embedProducts: (products, context) => tf.tidy(() => fusion.forward(features(products, context), context)),
    represent: (products, context) => scoped(() => fusion.represent(features(products, context), context)),
  };
}
