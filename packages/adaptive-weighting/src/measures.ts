import * as tf from '@tensorflow/tfjs-core';

/**
 * The entropy of the weights' shares in nats: `-sum p_i log p_i` with `p = weights / sum weights`.
 * log T when all are equal, 0 when one term has everything. `weights` `[T]`, >= 0, not all zero.
 */
export function entropy(weights: tf.Tensor1D): tf.Scalar {
  return tf.tidy(() => {
    const shares = tf.div(weights, tf.sum(weights));
    return tf.neg(tf.sum(tf.mul(shares, tf.log(tf.maximum(shares, 1e-30))))) as tf.Scalar;
  });
}

/** The L2 norm of a gradient that lies in several tensors of any shapes: `sqrt(sum of all squares)`, a scalar. */
export function gradientNorm(gradients: readonly tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => {
    const squares = gradients.map((gradient) => tf.sum(tf.square(gradient)));
    return tf.sqrt(squares.reduce((total, x) => tf.add(total, x), tf.scalar(0))) as tf.Scalar;
  });
}
