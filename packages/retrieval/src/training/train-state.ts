import * as tf from '@tensorflow/tfjs-core';
import type { AdaptiveWeighting } from '@uniecs/adaptive-weighting';
import type { LossTerm } from '@uniecs/losses';
import { type Module, namedParameters } from '@uniecs/tensor';
import { scoped } from '../scoped.js';
import type { AdamWState, Optimizer } from './adamw.js';

/** All that a training step reads and changes, as variables. */
export interface TrainState {
  /** Model parameters and the terms' own (`terms.TASKS.log_temperature`), by name. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** Those of the parameters that are trained, in the same order: the model's first. */
  readonly trained: ReadonlyMap<string, tf.Variable>;
  /** Of the trained parameters, how many are the model's. */
  readonly trainedOfModel: number;
  /** In the order of the trained parameters, as are the second moments. */
  readonly firstMoments: readonly tf.Variable[];
  readonly secondMoments: readonly tf.Variable[];
  readonly step: tf.Variable;
  readonly logLambda: tf.Variable;
  /** Moving averages of the model's trained parameters, in their order; none where no average is kept. */
  readonly averages: readonly tf.Variable[];
}

/** What of the parameters is trained, and whether their moving average is kept. */
export interface TrainStateOptions {
  /** Names of parameters that stay as they are; default none. */
  readonly frozen?: ReadonlySet<string>;
  /** Default false. */
  readonly average?: boolean;
}

/** What a state holds of a loss term: its name, and what it learns. */
export type TermParameters = Pick<LossTerm, 'name' | 'module'>;

/** The parameters of a model and its loss terms by name. What several terms share is one parameter, under its first name. */
export function trainableParameters(model: Module, terms: readonly TermParameters[]): Map<string, tf.Variable> {
  const named = namedParameters(model);
  const known = new Set(named.values());
  for (const { name, module } of terms) {
    if (!module) continue;
    for (const [path, variable] of namedParameters(module)) {
      if (!known.has(variable)) named.set(`terms.${name}.${path}`, variable);
      known.add(variable);
    }
  }
  return named;
}

/** Puts a model, its loss terms and the initial states of optimizer, weighting and average into variables. */
export function trainState(
  model: Module,
  terms: readonly TermParameters[],
  optimizer: Optimizer<AdamWState>,
  weighting: AdaptiveWeighting,
  { frozen = new Set(), average = false }: TrainStateOptions = {},
): TrainState {
  const parameters = trainableParameters(model, terms);
  const trained = new Map([...parameters].filter(([name]) => !frozen.has(name)));
  const trainedOfModel = [...namedParameters(model).keys()].filter((name) => !frozen.has(name)).length;
  return scoped(() => {
    const initial = optimizer.init([...trained.values()]);
    const stored = (x: tf.Tensor) => tf.variable(x, false);
    return {
      parameters,
      trained,
      trainedOfModel,
      firstMoments: initial.firstMoments.map(stored),
      secondMoments: initial.secondMoments.map(stored),
      step: stored(initial.step),
      logLambda: stored(weighting.init().logLambda),
      averages: average ? [...trained.values()].slice(0, trainedOfModel).map(stored) : [],
    };
  });
}

/** Every trained parameter of the model with its moving average; empty where none is kept. */
export function averagesOf({ trained, averages }: TrainState): Map<tf.Variable, tf.Variable> {
  const weights = [...trained.values()];
  return new Map(averages.map((average, i) => [weights[i] as tf.Variable, average]));
}

/** The variables of a training state by the names that checkpoints store them under. */
export function namedState(state: TrainState): Map<string, tf.Variable> {
  const all = new Map(state.parameters);
  [...state.trained.keys()].forEach((name, i) => {
    all.set(`optimizer.first_moments.${name}`, state.firstMoments[i] as tf.Variable);
    all.set(`optimizer.second_moments.${name}`, state.secondMoments[i] as tf.Variable);
    const average = state.averages[i];
    if (average) all.set(`average.${name}`, average);
  });
  all.set('optimizer.step', state.step);
  all.set('weighting.log_lambda', state.logLambda);
  return all;
}
