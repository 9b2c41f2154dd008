import * as tf from '@tensorflow/tfjs-core';

/**
 * The decay of step t (from 1) of a moving average of the weights: `min(d, (1 + t) / (10 + t))`, a scalar. So the first steps,
 * far from where the run ends, are soon forgotten (TensorFlow's form).
 */
export function averageDecay(decay: number, step: tf.Scalar): tf.Scalar {
  return tf.minimum(decay, tf.div(tf.add(step, 1), tf.add(step, 10)));
}

/** The next average: `a <- d a + (1 - d) w`. */
export function nextAverage(average: tf.Tensor, weight: tf.Tensor, decay: tf.Scalar): tf.Tensor {
  return tf.add(tf.mul(average, decay), tf.mul(weight, tf.sub(1, decay)));
}
