import type * as tf from '@tensorflow/tfjs-core';
import type { AdaptiveWeighting } from '@uniecs/adaptive-weighting';
import type { AdamWState, Optimizer } from './adamw.js';
import { clipFactor } from './clip-factor.js';
import type { TrainState } from './train-state.js';
import { averageDecay, nextAverage } from './weight-average.js';

/** How gradients change a training state. */
export interface UpdateParts {
  readonly state: TrainState;
  readonly optimizer: Optimizer<AdamWState>;
  readonly weighting: AdaptiveWeighting;
  /** Factor of the learning rate of each trained parameter, in their order; default 1 each. */
  readonly learningRates?: readonly number[] | undefined;
  /** The global norm that gradients are brought down to; default: as they are. */
  readonly clipNorm?: number | undefined;
  /** Decay of the average that the state keeps; needed where it keeps one. */
  readonly averageDecay?: number | undefined;
}

/** What a step came to: the gradients of the trained parameters, their global norm, and the norm of each term. */
export interface StepGradients {
  readonly gradients: readonly tf.Tensor[];
  readonly norm: tf.Scalar;
  readonly termNorms: tf.Tensor1D;
  readonly learningRate: tf.Scalar;
}

/** Assigns parameters, moments, average and lambdas after a step. */
export function applyGradients(parts: UpdateParts, { gradients, norm, termNorms, learningRate }: StepGradients): void {
  const { state, optimizer, weighting, learningRates, clipNorm } = parts;
  const { firstMoments, secondMoments, step, logLambda, averages } = state;
  const trained = [...state.trained.values()];
  const scales = {
    learningRates,
    gradient: clipNorm === undefined ? undefined : clipFactor(norm, clipNorm),
  };
  const optimizerState = { firstMoments, secondMoments, step: step as tf.Scalar };
  const next = optimizer.update(trained, gradients, optimizerState, learningRate, scales);
  if (averages.length > 0) {
    const decay = averageDecay(parts.averageDecay as number, next.state.step);
    averages.forEach((average, i) => {
      average.assign(nextAverage(average, next.parameters[i] as tf.Tensor, decay));
    });
  }
  trained.forEach((variable, i) => {
    variable.assign(next.parameters[i] as tf.Tensor);
    (firstMoments[i] as tf.Variable).assign(next.state.firstMoments[i] as tf.Tensor);
    (secondMoments[i] as tf.Variable).assign(next.state.secondMoments[i] as tf.Tensor);
  });
  step.assign(next.state.step);
  logLambda.assign(weighting.update({ logLambda: logLambda as tf.Tensor1D }, termNorms).logLambda);
}
