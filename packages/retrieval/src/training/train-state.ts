import * as tf from '@tensorflow/tfjs-core';
import type { AdaptiveWeighting } from '@uniecs/adaptive-weighting';
import type { LossTerm } from '@uniecs/losses';
import { namedParameters } from '@uniecs/tensor';
import type { UniecsModel } from '../model/uniecs-model.js';
import { scoped } from '../scoped.js';
import type { AdamWState, Optimizer } from './adamw.js';

/** All that a training step reads and changes, as variables. */
export interface TrainState {
  /** Model parameters and the terms' own (`terms.TASKS.log_temperature`), by name. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** Of the parameters, how many are the model's; they come first. */
  readonly modelParameters: number;
  readonly firstMoments: readonly tf.Variable[];
  readonly secondMoments: readonly tf.Variable[];
  readonly step: tf.Variable;
  readonly logLambda: tf.Variable;
}

/** Puts a model, its loss terms and the initial states of optimizer and weighting into variables. */
export function trainState(
  model: UniecsModel,
  terms: readonly LossTerm[],
  optimizer: Optimizer<AdamWState>,
  weighting: AdaptiveWeighting,
): TrainState {
  const named = namedParameters(model);
  const modelParameters = named.size;
  // What several terms share, a temperature say, is one parameter, under its first name.
  const known = new Set(named.values());
  for (const { name, module } of terms) {
    if (!module) continue;
    for (const [path, variable] of namedParameters(module)) {
      if (!known.has(variable)) named.set(`terms.${name}.${path}`, variable);
      known.add(variable);
    }
  }
  return scoped(() => {
    const initial = optimizer.init([...named.values()]);
    const stored = (x: tf.Tensor) => tf.variable(x, false);
    return {
      parameters: named,
      modelParameters,
      firstMoments: initial.firstMoments.map(stored),
      secondMoments: initial.secondMoments.map(stored),
      step: stored(initial.step),
      logLambda: stored(weighting.init().logLambda),
    };
  });
}

/** The variables of a training state by the names that checkpoints store them under. */
export function namedState(state: TrainState): Map<string, tf.Variable> {
  const all = new Map<string, tf.Variable>();
  [...state.parameters].forEach(([name, variable], i) => {
    all.set(name, variable);
    all.set(`optimizer.first_moments.${name}`, state.firstMoments[i] as tf.Variable);
    all.set(`optimizer.second_moments.${name}`, state.secondMoments[i] as tf.Variable);
  });
  all.set('optimizer.step', state.step);
  all.set('weighting.log_lambda', state.logLambda);
  return all;
}
