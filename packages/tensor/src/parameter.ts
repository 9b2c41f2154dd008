import { tensor, tidy, type Variable, variable } from '@tensorflow/tfjs-core';

/**
 * A trainable float32 variable.
 *
 * @param values one number for all elements, a function called once per element in row-major order, or the elements
 */
export function parameter(shape: readonly number[], values: Float32Array | number | (() => number)): Variable {
  const size = shape.reduce((product, n) => product * n, 1);
  const data =
    values instanceof Float32Array
      ? values
      : Float32Array.from({ length: size }, typeof values === 'number' ? () => values : values);
  return tidy(() => variable(tensor(data, [...shape], 'float32'), true));
}
