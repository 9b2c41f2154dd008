import * as tf from '@tensorflow/tfjs-core';

/**
 * `[N, N]`, 1 on the diagonal and 0 elsewhere. Computed from N numbers where `tf.eye` makes N² in JavaScript, which a traced graph
 * would carry as a constant.
 */
export function identityMask(n: number): tf.Tensor2D {
  return tf.tidy(() => {
    const index = tf.range(0, n, 1, 'int32');
    return tf.cast(tf.equal(tf.expandDims(index, 1), tf.expandDims(index, 0)), 'float32') as tf.Tensor2D;
  });
}
