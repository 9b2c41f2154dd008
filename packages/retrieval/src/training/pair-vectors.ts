import * as tf from '@tensorflow/tfjs-core';
import type { ItemRepresentations, PairRepresentations } from '@uniecs/losses';

/** The pairs' side of a batch of N pairs; rows of padding are not valid. */
export interface PairLabels {
  /** float32 [N], 1 for a pair of the data, 0 for padding of a short last batch. */
  readonly valid: tf.Tensor1D;
  /** int32 [N] each: equal numbers are the same product. */
  readonly product1: tf.Tensor1D;
  readonly product2: tf.Tensor1D;
  /** float32 [N] each, as in `ItemTensors`; absent when all items have the modality. */
  readonly hasImage1?: tf.Tensor1D | undefined;
  readonly hasImage2?: tf.Tensor1D | undefined;
  readonly hasText1?: tf.Tensor1D | undefined;
  readonly hasText2?: tf.Tensor1D | undefined;
}

/** f, v and t of some items, three [B, D]. */
export interface ItemVectors {
  readonly fused: tf.Tensor;
  readonly image: tf.Tensor;
  readonly text: tf.Tensor;
}

/** The vectors of 2N items as the losses take them. */
export function pairRepresentations(vectors: ItemVectors, labels: PairLabels): PairRepresentations {
  const { valid } = labels;
  const both = (present: tf.Tensor1D | undefined) => (present ? tf.mul<tf.Tensor1D>(valid, present) : valid);
  const half = (x: tf.Tensor, item: 0 | 1) => {
    const count = (x.shape[0] as number) / 2;
    return tf.slice(x as tf.Tensor2D, [item * count, 0], [count, -1]);
  };
  const item = (index: 0 | 1, image?: tf.Tensor1D, text?: tf.Tensor1D): Omit<ItemRepresentations, 'productId'> => ({
    fused: half(vectors.fused, index),
    image: half(vectors.image, index),
    text: half(vectors.text, index),
    valid: { fused: valid, image: both(image), text: both(text) },
  });
  return {
    item1: { ...item(0, labels.hasImage1, labels.hasText1), productId: labels.product1 },
    item2: { ...item(1, labels.hasImage2, labels.hasText2), productId: labels.product2 },
  };
}

/** The six gradients [N, D] of `representationList` as three [2N, D], items 1 first. */
export function joinItems(six: readonly tf.Tensor[]): ItemVectors {
  const [f1, v1, t1, f2, v2, t2] = six as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  return { fused: tf.concat([f1, f2], 0), image: tf.concat([v1, v2], 0), text: tf.concat([t1, t2], 0) };
}
