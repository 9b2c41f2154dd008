import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import '../index.js';
import { input } from '../testing/expect-gradients.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import '../testing/to-be-close-to-array.js';
import { stopGradient } from './stop-gradient.js';

it('keeps values, shape and dtype', () => {
  const x = tf.tensor2d([1, -2, 3, 4, 5, 6], [2, 3], 'int32');
  const y = stopGradient(x);
  expect(y).toBeCloseToArray(x);
  expect(y.dtype).toBe('int32');
});

it('passes no gradient: of x * stop(x) only the first factor counts', () => {
  const x = tf.tensor1d([2, 3, 5]);
  expect(tf.grad((x) => tf.sum(tf.mul(x, stopGradient(x))))(x)).toBeCloseToArray([2, 3, 5]);
  expect(tf.grad((x) => tf.sum(tf.mul(x, x)))(x)).toBeCloseToArray([4, 6, 10]);
});

it('lets ops without a gradient follow: topk', () => {
  const x = tf.tensor1d([2, 7, 5]);
  const picked = (x: tf.Tensor) => tf.sum(tf.mul(x, tf.oneHot(tf.topk(stopGradient(x), 1).indices, 3)));
  expect(tf.grad(picked)(x)).toBeCloseToArray([0, 1, 0]);
});

it('shares the data: the source may go before the result', () => {
  const x = tf.tensor1d([1, 2]);
  const y = stopGradient(x);
  x.dispose();
  expect(y).toBeCloseToArray([1, 2]);
});

it('works on a variable, whose later values it does not follow', () => {
  const x = input([2], [1, 2]);
  const y = stopGradient(x);
  x.assign(tf.tensor1d([5, 6]));
  expect(y).toBeCloseToArray([1, 2]);
});

it('leaks neither tensors nor data', async () => {
  const { numDataBuffers } = tf.memory();
  await expectNoTensorLeak(() => {
    const x = tf.ones([3]);
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => tf.mul(x, stopGradient(x)))(x);
    for (const t of [stopGradient(x), x, value, grad]) t.dispose();
  });
  expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
});
