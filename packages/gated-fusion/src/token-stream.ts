import type * as tf from '@tensorflow/tfjs-core';

/**
 * The modality indicator E of Eq. 3: 1 present, 0 absent. A number holds for every row of the batch and costs nothing per row;
 * a tensor [B] holds it row by row.
 */
export type Presence = 0 | 1 | tf.Tensor1D;

/** One modality on its way through the fusion: projected tokens, which of them count, and whether it is there at all. */
export interface TokenStream {
  /** [B, N, D] */
  readonly tokens: tf.Tensor3D;
  /** [B, N], 1 valid, 0 masked; left out when every token is valid. A masked token is no key and not in the pool. */
  readonly mask?: tf.Tensor2D | undefined;
  readonly presence: Presence;
}

/** The two modalities of an item. */
export type Modality = 'image' | 'text';

/** Something held once per modality. */
export type PerModality<T> = Readonly<Record<Modality, T>>;
