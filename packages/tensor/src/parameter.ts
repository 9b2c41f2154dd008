import { tensor, tidy, type Variable, variable } from '@tensorflow/tfjs-core';
import { UniecsError } from './errors.js';

/**
 * A trainable float32 variable.
 *
 * @param values one number for all elements, a function called once per element in row-major order, or the elements
 * @throws UniecsError `shape` when there are more or fewer elements than the shape has
 */
export function parameter(shape: readonly number[], values: Float32Array | number | (() => number)): Variable {
  const size = shape.reduce((product, n) => product * n, 1);
  const data = values instanceof Float32Array ? values : filled(size, values);
  if (data.length !== size) {
    throw new UniecsError({
      code: 'shape',
      where: 'parameter',
      expected: `${size} values for [${shape.join(', ')}]`,
      got: String(data.length),
      hint: 'pass a value per element',
    });
  }
  return tidy(() => variable(tensor(data, [...shape], 'float32'), true));
}

/** A loop: `Float32Array.from` with a function takes 20 times as long, minutes for a model of size base. */
function filled(size: number, values: number | (() => number)): Float32Array {
  const data = new Float32Array(size);
  if (typeof values === 'number') return data.fill(values);
  for (let i = 0; i < size; i++) data[i] = values();
  return data;
}
