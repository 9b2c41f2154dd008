// No backend is imported here, on purpose: vitest gives every test file modules of its own.
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { compile } from '../index.js';

it('without a tfjs backend, compile says which to import, and works once one is there', async () => {
  const compiled = compile((x: tf.Tensor) => tf.neg(x));
  const x = { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) } as const;
  for (let i = 0; i < 2; i++) {
    await expect(compiled(x)).rejects.toMatchObject({
      code: 'unavailable',
      message:
        "compile: expected a tfjs backend that holds the variables, got none; import one first, for example '@tensorflow/tfjs-backend-cpu'",
    });
  }
  await import('@tensorflow/tfjs-backend-cpu');
  expect((await compiled(x)).data).toEqual(Float32Array.of(-1, -2));
  expect(tf.getBackend()).toBe('cpu');
});
