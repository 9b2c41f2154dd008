import * as tf from '@tensorflow/tfjs-core';
import { checkShape, type Dims } from '@uniecs/tensor';

/** The three views of an item: `fused` from image and text, `image` from the image alone, `text` from the title alone. */
export type View = 'fused' | 'image' | 'text';

/**
 * The embeddings of one side of a batch of pairs: f, v and t of the paper.
 * Each is `[N, D]`, float32, L2-normalised. `valid` is `[N]`, 1 where the representation exists and 0 where the item
 * lacks what it is made from; what an invalid row holds never enters a loss or a gradient.
 * `productId` is `[N]`, int32: equal ids are the same product (or the same title).
 */
export interface ItemRepresentations {
  readonly fused: tf.Tensor2D;
  readonly image: tf.Tensor2D;
  readonly text: tf.Tensor2D;
  readonly valid: { readonly fused: tf.Tensor1D; readonly image: tf.Tensor1D; readonly text: tf.Tensor1D };
  readonly productId: tf.Tensor1D;
}

/** The representations of a batch of N pairs: row i of `item1` and row i of `item2` are the two products of pair i. */
export interface PairRepresentations {
  readonly item1: ItemRepresentations;
  readonly item2: ItemRepresentations;
}

/** One view of one side, invalid rows set to zero. */
export interface Side {
  /** `[N, D]` */
  readonly vectors: tf.Tensor2D;
  /** `[N]`, 1 or 0, float32 */
  readonly valid: tf.Tensor1D;
}

const views: readonly View[] = ['fused', 'image', 'text'];

/**
 * Checks the shapes of a batch: six `[N, D]`, six masks `[N]`, two id vectors `[N]`, the same N and D throughout.
 * Throws `UniecsError` with code `shape`, naming the tensor.
 */
export function checkRepresentations(r: PairRepresentations, where: string): void {
  let dims: Dims | undefined;
  for (const [name, item] of [['item1', r.item1] as const, ['item2', r.item2] as const]) {
    for (const view of views) {
      dims = checkShape(item[view], `${name}.${view}`, ['N', 'D'], where, dims);
      dims = checkShape(item.valid[view], `${name}.valid.${view}`, ['N'], where, dims);
    }
    dims = checkShape(item.productId, `${name}.productId`, ['N'], where, dims);
  }
}

/** One view of an item with its validity; invalid rows become zeros, so that they stay finite and carry no gradient. */
export function side(item: ItemRepresentations, view: View): Side {
  const valid = tf.cast(item.valid[view], 'float32');
  const exists = tf.expandDims<tf.Tensor2D>(tf.greater(valid, 0), 1);
  return { vectors: tf.where(exists, item[view], tf.zerosLike(item[view])), valid };
}

/** `S = X1 X2^T`, `[N, N]`: the similarity of every row of `x1` (queries) to every row of `x2` (candidates). */
export function similarity(x1: tf.Tensor2D, x2: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(x1, x2, false, true);
}
