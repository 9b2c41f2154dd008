import * as tf from '@tensorflow/tfjs-core';
import { offDiagonal } from './false-negatives.js';
import { identityMask } from './identity-mask.js';

/**
 * Marks which candidate j counts for row i, `[N, N]`, 1 or 0: those that exist (`columns` `[N]`), without the false
 * negatives where a mask is given and without j = i where `excludeDiagonal`.
 */
export function candidateMask(
  columns: tf.Tensor1D,
  { dropped, excludeDiagonal }: { dropped: tf.Tensor2D | undefined; excludeDiagonal: boolean },
): tf.Tensor2D {
  const n = columns.shape[0];
  const existing = tf.tile(tf.expandDims<tf.Tensor2D>(columns, 0), [n, 1]);
  const kept = dropped ? tf.mul(existing, tf.sub(1, dropped)) : existing;
  return (excludeDiagonal ? tf.mul(kept, offDiagonal(n)) : kept) as tf.Tensor2D;
}

/** How many (anchor, existing candidate) entries the mask of false negatives drops: a scalar. */
export function countDropped(anchors: tf.Tensor1D, columns: tf.Tensor1D, dropped: tf.Tensor2D | undefined): tf.Scalar {
  if (!dropped) return tf.scalar(0);
  return tf.sum(tf.mul(tf.mul(tf.expandDims(anchors, 1), tf.expandDims(columns, 0)), dropped));
}

/** The diagonal of `[..., N, N]` as `[..., N]`. */
export function diagonal<T extends tf.Tensor>(x: tf.Tensor): T {
  return tf.sum(tf.mul(x, identityMask(x.shape[x.rank - 1] as number)), -1);
}
