import type * as tf from '@tensorflow/tfjs-core';

/**
 * The state of a weighting: log lambda, `[T]`, float32. The logarithm is kept because a weight that underflows to zero
 * never returns: Eq. 19 multiplies.
 */
export type WeightingState = { readonly logLambda: tf.Tensor1D };

/**
 * A weighting of T loss terms: pure functions on plain state. Step t is taken with `weights(state)`, then
 * `state = update(state, norms)`. `update` returns new tensors and disposes none.
 */
export interface AdaptiveWeighting {
  init(): WeightingState;
  /** `norms` `[T]`: the gradient norm of each unweighted term, >= 0 */
  update(state: WeightingState, norms: tf.Tensor1D): WeightingState;
  /** lambda, `[T]`, >= 0 */
  weights(state: WeightingState): tf.Tensor1D;
}
