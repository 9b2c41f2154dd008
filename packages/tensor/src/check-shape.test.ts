import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { checkShape } from './check-shape.js';
import { UniecsError } from './errors.js';

function caught(run: () => unknown): UniecsError {
  try {
    run();
  } catch (error) {
    if (UniecsError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

it('binds letters to sizes and hands them on', () => {
  const dims = checkShape(tf.zeros([2, 3, 5]), 'image', ['B', 'N', 5], 'encode');
  expect(dims).toEqual({ B: 2, N: 3 });
  expect(checkShape(tf.zeros([2, 7]), 'mask', ['B', 'M'], 'encode', dims)).toEqual({ B: 2, N: 3, M: 7 });
  expect(dims).toEqual({ B: 2, N: 3 });
  expect(checkShape(tf.scalar(1), 'loss', [], 'f')).toEqual({});
  expect(checkShape(tf.zeros([0, 4]), 'x', ['B', 'D'], 'f')).toEqual({ B: 0, D: 4 });
});

it.each([
  { shape: [2, 3], legend: ['B', 'N', 'D'], message: 'encode: expected image of shape [B, N, D], got [2, 3]' },
  { shape: [2, 3, 5], legend: ['B', 'N'], message: 'encode: expected image of shape [B, N], got [2, 3, 5]' },
  { shape: [2, 3], legend: ['B', 4], message: 'encode: expected image of shape [B, 4], got [2, 3]' },
  { shape: [2, 3], legend: ['B', 'B'], message: 'encode: expected image of shape [B, B], got [2, 3]' },
  { shape: [], legend: ['B'], message: 'encode: expected image of shape [B], got []' },
])('refuses $shape for $legend', ({ shape, legend, message }) => {
  const error = caught(() => checkShape(tf.zeros(shape), 'image', legend, 'encode'));
  expect(error.message).toBe(`${message}; pass image with these axes in this order`);
  expect(error).toMatchObject({ code: 'shape', where: 'encode', details: { name: 'image', legend, shape } });
});

it('refuses a size that an earlier tensor bound otherwise, and says which', () => {
  const dims = checkShape(tf.zeros([2, 3]), 'tokens', ['B', 'N'], 'encode');
  const error = caught(() => checkShape(tf.zeros([2, 4]), 'mask', ['B', 'N'], 'encode', dims));
  expect(error.message).toContain('expected mask of shape [B = 2, N = 3], got [2, 4]');
});
