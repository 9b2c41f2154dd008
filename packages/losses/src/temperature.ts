import * as tf from '@tensorflow/tfjs-core';
import { type Module, parameter } from '@uniecs/tensor';
import { checkPositive } from './check-option.js';

/** A temperature that is trained: its logarithm is the parameter, as in CLIP. */
export interface LearnedTemperature extends Module {
  readonly tree: { readonly log_temperature: tf.Variable };
  /** `1 / tau`, a scalar attached to the parameter. */
  inverse(): tf.Scalar;
}

/** A temperature of a term's own that is trained. */
export interface LearnedFrom {
  /** tau at the start, at least `minimum` */
  readonly learnedFrom: number;
  /** the least that tau may become, above 0; default 0.01, CLIP's */
  readonly minimum?: number;
}

/**
 * How a contrastive term scales its similarities: a fixed number, `{ learnedFrom }` for a parameter of its own that
 * starts there, or a `LearnedTemperature` made elsewhere and perhaps shared between terms.
 */
export type Temperature = number | LearnedFrom | LearnedTemperature;

/** `Temperature` after `resolveTemperature`: a number or a module. */
export type ResolvedTemperature = number | LearnedTemperature;

/**
 * Makes a learned temperature: `tau = exp(max(log_temperature, log minimum))`.
 * `initial` 0.07 and `minimum` 0.01 are CLIP's. A gradient that would lower tau further stops at the minimum, one that
 * raises it always passes, so that the bound never holds the parameter captive.
 * Throws `UniecsError` with code `argument` unless 0 < minimum <= initial.
 */
export function learnedTemperature({
  initial = 0.07,
  minimum = 0.01,
}: {
  initial?: number;
  minimum?: number;
} = {}): LearnedTemperature {
  checkPositive('learnedTemperature', 'minimum', minimum);
  checkPositive('learnedTemperature', 'initial', initial, minimum);
  const logTemperature = parameter([], Math.log(initial));
  const bounded = atLeast(Math.log(minimum));
  return {
    tree: { log_temperature: logTemperature },
    inverse: () => tf.exp(tf.neg(bounded(logTemperature))) as tf.Scalar,
  };
}

/** Turns the option into a number or a module. Throws `UniecsError` with code `argument` for a number <= 0, and as `learnedTemperature`. */
export function resolveTemperature(temperature: Temperature, where: string): ResolvedTemperature {
  if (typeof temperature === 'number') {
    checkPositive(where, 'temperature', temperature);
    return temperature;
  }
  if (!('learnedFrom' in temperature)) return temperature;
  const { learnedFrom: initial, minimum } = temperature;
  return learnedTemperature({ initial, ...(minimum === undefined ? {} : { minimum }) });
}

/** `x / tau` */
export function divideByTemperature(x: tf.Tensor, temperature: ResolvedTemperature): tf.Tensor {
  return tf.mul(x, typeof temperature === 'number' ? 1 / temperature : temperature.inverse());
}

/** The module of a learned temperature as a loss term carries it, nothing for a fixed one. */
export function temperatureModule(temperature: ResolvedTemperature): { module?: LearnedTemperature } {
  return typeof temperature === 'number' ? {} : { module: temperature };
}

function atLeast(bound: number): (x: tf.Tensor) => tf.Tensor {
  return tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([x as tf.Tensor]);
    return {
      value: tf.maximum(x as tf.Tensor, bound),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [point] = saved as [tf.Tensor];
        const passes = tf.logicalOr(tf.greaterEqual(point, bound), tf.less(dy, 0));
        return tf.where(passes, dy, tf.zerosLike(dy));
      },
    };
  });
}
