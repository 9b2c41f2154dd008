import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import '../index.js';
import { disposeModule, namedParameters } from '../module.js';
import { seededRandom } from '../random/seeded-random.js';
import { expectGradients, input } from '../testing/expect-gradients.js';
import { linear64 } from '../testing/float64.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import '../testing/to-be-close-to-array.js';
import { affine, linear } from './linear.js';

const random = () => seededRandom('linear');

it.each([[[5]], [[3, 5]], [[2, 3, 5]], [[1, 1, 1, 5]]])('maps the last axis of %j, values and gradients', (shape) => {
  const layer = linear({ inputSize: 5, outputSize: 7, random: random(), std: 0.5 });
  (layer.tree.bias as tf.Variable).assign(tf.range(0, 7));
  const x = input(shape, 'x');
  expectGradients(
    new Map([...namedParameters(layer), ['x', x]]),
    () => layer.forward(x),
    (p) => linear64(p.x as Float64Array, p.weight as Float64Array, p.bias as Float64Array, 5),
  );
  expect(layer.forward(x).shape).toEqual([...shape.slice(0, -1), 7]);
});

it('has no bias when told so', () => {
  const layer = linear({ inputSize: 2, outputSize: 3, bias: false, random: random() });
  expect([...namedParameters(layer).keys()]).toEqual(['weight']);
  expect(layer.forward(tf.zeros([1, 2]))).toBeCloseToArray([[0, 0, 0]]);
  const x = input([3, 2], 'x');
  expectGradients(
    new Map([...namedParameters(layer), ['x', x]]),
    () => layer.forward(x),
    (p) => linear64(p.x as Float64Array, p.weight as Float64Array, undefined, 2),
  );
});

it("has PyTorch's layout: y[o] = sum of weight[o][i] x[i]", () => {
  const weight = tf.tensor2d([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  expect(affine(tf.tensor1d([10, 100]), weight, tf.tensor1d([0.5, 0, 0]))).toBeCloseToArray([210.5, 430, 650]);
});

it('starts at bias 0 and weights of deviation 0.02, the same for the same seed', () => {
  const weights = (seed: string, std?: number) => {
    const layer = linear({ inputSize: 100, outputSize: 97, random: seededRandom(seed), ...(std ? { std } : {}) });
    expect(layer.tree.bias as tf.Variable).toBeCloseToArray(new Float32Array(97));
    return layer.tree.weight;
  };
  const { mean, variance } = tf.moments(weights('a'));
  expect(Math.abs(mean.dataSync()[0] as number)).toBeLessThan((5 * 0.02) / Math.sqrt(9700));
  expect(Math.abs(Math.sqrt(variance.dataSync()[0] as number) - 0.02)).toBeLessThan((5 * 0.02) / Math.sqrt(2 * 9700));
  expect(weights('a')).toBeCloseToArray(weights('a'), { relative: 0, absolute: 0 });
  expect(weights('a')).not.toBeCloseToArray(weights('b'));
  expect(weights('a', 0.2)).toBeCloseToArray(tf.mul(weights('a'), 10));
});

it('refuses features of another width', () => {
  const layer = linear({ inputSize: 5, outputSize: 7, random: random() });
  expect(() => layer.forward(tf.zeros([2, 3]))).toThrow('linear: expected x of shape [..., 5], got [2, 3]');
  expect(() => layer.forward(tf.scalar(1))).toThrow('linear: expected x of shape [..., 5], got []');
});

it('leaks nothing over its life', async () => {
  await expectNoTensorLeak(() => {
    const [layer, x] = [linear({ inputSize: 5, outputSize: 7, random: random() }), tf.ones([2, 5])];
    const { value, grads } = tf.variableGrads(() => tf.sum(layer.forward(x)) as tf.Scalar);
    for (const t of [layer.forward(x), x, value, ...Object.values(grads)]) t.dispose();
    disposeModule(layer);
  });
});
