import {
  mul,
  type Scalar,
  scalar,
  sum,
  type Tensor,
  tensor,
  tidy,
  type Variable,
  variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { seededRandom } from '../random/seeded-random.js';
import { finiteDifference } from './finite-difference.js';
import { randomArray } from './random-array.js';
import { type Closeness, compareArrays } from './to-be-close-to-array.js';

/** Flat float64 values by variable name. */
export type Values = Readonly<Record<string, Float64Array>>;

/** A float32 variable with standard normal values, or the given ones. */
export function input(shape: readonly number[], values: string | readonly number[] | Float32Array): Variable {
  const data = typeof values === 'string' ? randomArray(seededRandom(values), shape) : Float32Array.from(values);
  return tidy(() => variable(tensor(data, [...shape], 'float32')));
}

/**
 * Expects `forward` to give the float64 oracle's values, and the gradients of a random weighting of its outputs with respect
 * to every variable to agree with finite differences of the oracle (relative 1e-3; a variable that tfjs finds no path to
 * counts as gradient 0).
 *
 * @param outputs how close the values must be; default the matcher's float32
 */
export function expectGradients(
  variables: ReadonlyMap<string, Variable>,
  forward: () => Tensor,
  oracle: (values: Values) => readonly number[] | Float64Array,
  outputs: Closeness = {},
): void {
  const values: Record<string, Float64Array> = {};
  for (const [name, x] of variables) values[name] = Float64Array.from(x.dataSync());
  const y = forward();
  const expected = Float64Array.from(oracle(values));
  expect(compareArrays(y, expected, outputs), 'values').toBeUndefined();

  const weights = randomArray(seededRandom('output weights'), y.shape);
  const { value, grads } = variableGrads(
    () => tidy(() => sum(mul(forward(), tensor(weights, y.shape))) as Scalar),
    [...variables.values()],
  );
  for (const [name, x] of variables) {
    const objective = (point: Float64Array) =>
      Float64Array.from(oracle({ ...values, [name]: point })).reduce(
        (total, output, i) => total + output * (weights[i] as number),
        0,
      );
    const slope = finiteDifference(objective, values[name] as Float64Array);
    const scale = slope.reduce((most, element) => Math.max(most, Math.abs(element)), 0);
    const gradient = grads[x.name] ?? scalar(0);
    const actual = grads[x.name] ? gradient : new Float32Array(x.size);
    const difference = compareArrays(actual, slope, { relative: 1e-3, absolute: 1e-5 * scale + 1e-6 });
    expect(difference, `gradient of ${name}`).toBeUndefined();
    gradient.dispose();
  }
  for (const used of [y, value]) used.dispose();
}
