import * as tf from '@tensorflow/tfjs-core';

/** The optimizer's state: first and second moments in the order of the parameters, and the number of steps taken. */
export interface AdamWState {
  readonly firstMoments: readonly tf.Tensor[];
  readonly secondMoments: readonly tf.Tensor[];
  /** float32 scalar. */
  readonly step: tf.Scalar;
}

/** What scales a single step. */
export interface StepScales {
  /** float32 scalar that multiplies every gradient (clipping by the global norm); default 1. */
  readonly gradient?: tf.Scalar | undefined;
  /** Factor of the learning rate for each parameter, in their order; default 1 each. */
  readonly learningRates?: readonly number[] | undefined;
}

/** An optimizer: pure functions on plain state. */
export interface Optimizer<State> {
  init(parameters: readonly tf.Tensor[]): State;
  /** New parameters and state; disposes nothing. `learningRate` is a float32 scalar. */
  update(
    parameters: readonly tf.Tensor[],
    gradients: readonly tf.Tensor[],
    state: State,
    learningRate: tf.Scalar,
    scales?: StepScales,
  ): { readonly parameters: tf.Tensor[]; readonly state: State };
}

/** The constants of AdamW. */
export interface AdamWOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.98, as CLIP. */
  readonly beta2?: number;
  /** Default 1e-8 (PyTorch). */
  readonly epsilon?: number;
  /** Default 0.05. Acts on matrices (rank 2 and more), not on biases, norms and temperatures. */
  readonly weightDecay?: number;
}

/**
 * AdamW (Loshchilov and Hutter 2019), PyTorch's form: `p <- p (1 - lr wd)`, `m <- β1 m + (1 - β1) g`,
 * `v <- β2 v + (1 - β2) g²`, `p <- p - lr m̂ / (sqrt(v̂) + ε)` with `m̂ = m / (1 - β1^t)`, `v̂ = v / (1 - β2^t)`.
 */
export function adamW(options: AdamWOptions = {}): Optimizer<AdamWState> {
  const { beta1 = 0.9, beta2 = 0.98, epsilon = 1e-8, weightDecay = 0.05 } = options;
  return {
    init: (parameters) => ({
      firstMoments: parameters.map((parameter) => tf.zerosLike(parameter)),
      secondMoments: parameters.map((parameter) => tf.zerosLike(parameter)),
      step: tf.scalar(0),
    }),
    update: (parameters, gradients, state, learningRate, scales = {}) => {
      const step = tf.add<tf.Scalar>(state.step, 1);
      const correction1 = tf.sub(1, tf.pow(beta1, step));
      const correction2 = tf.sub(1, tf.pow(beta2, step));
      // lr m̂ / (sqrt(v̂) + ε) with the corrections moved to scalars: two passes fewer over each array.
      const rootCorrection = tf.sqrt(correction2);
      const floor = tf.mul(rootCorrection, epsilon);
      const ratesOf = memoized((factor: number) => {
        const own = factor === 1 ? learningRate : tf.mul(learningRate, factor);
        return {
          rate: tf.div(tf.mul(own, rootCorrection), correction1),
          keep: tf.sub(1, tf.mul(own, weightDecay)),
        };
      });
      // A factor s of the gradient goes into the scalars: (1 - β1) s g and (1 - β2) s² g².
      const { gradient: s } = scales;
      const share1 = s ? tf.mul(s, 1 - beta1) : 1 - beta1;
      const share2 = s ? tf.mul(tf.square(s), 1 - beta2) : 1 - beta2;
      const firstMoments: tf.Tensor[] = [];
      const secondMoments: tf.Tensor[] = [];
      const next = parameters.map((parameter, i) => {
        const gradient = gradients[i] as tf.Tensor;
        const first = tf.add(tf.mul(state.firstMoments[i] as tf.Tensor, beta1), tf.mul(gradient, share1));
        const second = tf.add(tf.mul(state.secondMoments[i] as tf.Tensor, beta2), tf.mul(tf.square(gradient), share2));
        const { rate, keep } = ratesOf(scales.learningRates?.[i] ?? 1);
        firstMoments.push(first);
        secondMoments.push(second);
        const kept = weightDecay !== 0 && parameter.rank >= 2 ? tf.mul(parameter, keep) : parameter;
        return tf.sub(kept, tf.mul(rate, tf.div(first, tf.add(tf.sqrt(second), floor))));
      });
      return { parameters: next, state: { firstMoments, secondMoments, step } };
    },
  };
}

function memoized<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    const value = known.get(key) ?? make(key);
    known.set(key, value);
    return value;
  };
}
