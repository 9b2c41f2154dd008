import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { expect, it } from 'vitest';
import { entropy, gradientNorm } from './measures.js';

const value = (compute: () => tf.Tensor) => tf.tidy(() => compute().dataSync()[0] as number);

it('entropy is log T for equal weights, whatever their scale', () => {
  expect(value(() => entropy(tf.fill([7], 0.2)))).toBeCloseTo(Math.log(7), 6);
});

it('entropy is 0 when one term has everything', () => {
  expect(value(() => entropy(tf.tensor1d([0, 3, 0])))).toBeCloseTo(0, 7);
});

it('entropy is the sum of -p log p', () => {
  const weights = [0.5, 2, 1.25, 0.001, 0.3];
  const total = weights.reduce((a, b) => a + b, 0);
  let expected = 0;
  for (const w of weights) expected -= (w / total) * Math.log(w / total);
  expect(value(() => entropy(tf.tensor1d(weights)))).toBeCloseTo(expected, 6);
});

it('gradientNorm is the L2 norm over all tensors together', () => {
  expect(value(() => gradientNorm([tf.tensor2d([[1, -2]]), tf.tensor1d([4, 10, 0]), tf.scalar(2)]))).toBeCloseTo(
    Math.sqrt(1 + 4 + 16 + 100 + 4),
    5,
  );
});

it('gradientNorm of zeros is 0', () => {
  expect(value(() => gradientNorm([tf.zeros([3, 5])]))).toBe(0);
});

it('neither leaves a tensor behind', async () => {
  await expectNoTensorLeak(() => {
    const weights = tf.tensor1d([1, 2]);
    tf.dispose([entropy(weights), gradientNorm([weights]), weights]);
  });
});
