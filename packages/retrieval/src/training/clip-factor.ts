import * as tf from '@tensorflow/tfjs-core';

/** The factor that brings gradients of a global norm down to `most`: `min(1, most / (norm + 1e-6))`, PyTorch's form; a scalar. */
export function clipFactor(norm: tf.Scalar, most: number): tf.Scalar {
  return tf.minimum(1, tf.div(most, tf.add(norm, 1e-6)));
}
