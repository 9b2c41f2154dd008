import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import '../index.js';
import { expectGradients, input, type Values } from '../testing/expect-gradients.js';
import { layerNorm64 } from '../testing/float64.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import '../testing/to-be-close-to-array.js';
import { layerNormalize } from './layer-normalize.js';

const oracle = (epsilon: number) => (p: Values) =>
  layerNorm64(p.x as Float64Array, p.weight as Float64Array, p.bias as Float64Array, epsilon);

it.each([[[7]], [[3, 7]], [[2, 3, 7]], [[1, 1, 7]]])(
  'is the float64 formula for x %j, values and gradients',
  (shape) => {
    const variables = new Map(
      Object.entries({ x: input(shape, 'x'), weight: input([7], 'weight'), bias: input([7], 'bias') }),
    );
    const [x, weight, bias] = [...variables.values()] as [tf.Variable, tf.Variable, tf.Variable];
    expectGradients(variables, () => layerNormalize(x, weight, bias, 1e-5), oracle(1e-5));
  },
);

it('gives the bias for a row of equal entries, with a finite gradient', () => {
  const [x, weight, bias] = [input([2, 3], [5, 5, 5, 1, 2, 4]), input([3], 'weight'), input([3], [1, 2, 3])];
  const variables = new Map(Object.entries({ x, weight, bias }));
  expectGradients(variables, () => layerNormalize(x, weight, bias, 1e-2), oracle(1e-2));
  const first = tf.slice(layerNormalize(x, weight, bias, 1e-5), [0, 0], [1, 3]);
  expect(first).toBeCloseToArray([[1, 2, 3]]);
});

it('takes large entries', () => {
  const [x, weight, bias] = [input([1, 3], [1e5, -2e5, 3e5]), input([3], [1, 1, 1]), input([3], [0, 0, 0])];
  const y = layerNormalize(x, weight, bias, 1e-5);
  expect(y).toBeCloseToArray(Float64Array.from(layerNorm64([1e5, -2e5, 3e5], [1, 1, 1], [0, 0, 0], 1e-5)));
});

it('refuses a weight or bias of another width', () => {
  const make = (weight: number, bias: number) => () =>
    layerNormalize(tf.zeros([2, 3]), tf.zeros([weight]), tf.zeros([bias]), 1e-5);
  expect(make(2, 3)).toThrow('layerNormalize: expected weight of shape [3], got [2]');
  expect(make(3, 1)).toThrow('layerNormalize: expected bias of shape [3], got [1]');
});

it('leaks nothing, forward and backward', async () => {
  await expectNoTensorLeak(() => {
    const inputs = [tf.ones([2, 3]), tf.ones([3]), tf.ones([3])] as const;
    const op = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => layerNormalize(x, w, b, 1e-5);
    const { value, grads } = tf.valueAndGrads(op)([...inputs]);
    for (const t of [op(...inputs), ...inputs, value, ...grads]) t.dispose();
  });
});
