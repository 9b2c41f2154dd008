import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import '../index.js';
import { expectGradients, input } from '../testing/expect-gradients.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import '../testing/to-be-close-to-array.js';
import { l2Normalize } from './l2-normalize.js';

const oracle = (width: number, epsilon: number) => (values: Readonly<Record<string, Float64Array>>) => {
  const x = values.x as Float64Array;
  return Array.from(x, (value, i) => {
    const start = i - (i % width);
    const norm = Math.hypot(...x.slice(start, start + width));
    return value / Math.max(norm, epsilon);
  });
};

it('is x / |x| over the last axis, values and gradient', () => {
  const x = input([2, 3, 7], 'normalize');
  expectGradients(new Map([['x', x]]), () => l2Normalize(x), oracle(7, 1e-12));
});

it('divides rows shorter than epsilon by epsilon, values and gradient', () => {
  const x = input([3, 2], [0.03, -0.04, 3, 4, 0.05, 0.06]);
  expectGradients(new Map([['x', x]]), () => l2Normalize(x, 0.1), oracle(2, 0.1));
});

it('keeps a zero row zero, with gradient dy / epsilon', () => {
  const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => l2Normalize(x))(tf.zeros([1, 3]), tf.tensor2d([[1, 2, 3]]));
  expect(value).toBeCloseToArray([[0, 0, 0]]);
  expect(grad).toBeCloseToArray([[1e12, 2e12, 3e12]]);
});

it('gives unit length to tiny and large rows, and the sign to rows of one', () => {
  const x = tf.tensor2d([
    [3e-11, -4e-11],
    [3e15, 4e15],
  ]);
  expect(l2Normalize(x)).toBeCloseToArray([
    [0.6, -0.8],
    [0.6, 0.8],
  ]);
  expect(l2Normalize(tf.tensor2d([[-5], [2]]))).toBeCloseToArray([[-1], [1]]);
});

it("a row's result does not depend on its batch mates", () => {
  const x = input([5, 3], 'mates');
  const alone = tf.concat(tf.split(x, 5).map((row) => l2Normalize(row)));
  expect(l2Normalize(x)).toBeCloseToArray(alone, { relative: 0, absolute: 0 });
});

it('leaks nothing, forward and backward', async () => {
  await expectNoTensorLeak(() => {
    const x = tf.ones([2, 3]);
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => l2Normalize(x))(x);
    for (const t of [l2Normalize(x), x, value, grad]) t.dispose();
  });
});
