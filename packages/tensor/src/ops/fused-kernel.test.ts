import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import '../testing/to-be-close-to-array.js';
import { fusedKernel } from './fused-kernel.js';

it('runs the composition where the backend lacks the kernel, and the kernel where it has it', () => {
  const x = tf.tensor1d([1, 2, 3]);
  const run = () => fusedKernel('UniecsDouble', { x }, { by: 2 }, () => [tf.mul(x, 2), tf.neg(x)]);
  const composed = run();
  expect(composed[0] as tf.Tensor).toBeCloseToArray([2, 4, 6]);

  const seen: unknown[] = [];
  tf.registerKernel({
    kernelName: 'UniecsDouble',
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs }) => {
      seen.push(Object.keys(inputs), attrs);
      return [tf.mul(inputs.x as tf.Tensor, 2), tf.neg(inputs.x as tf.Tensor)];
    },
  });
  try {
    run().forEach((y, i) => {
      expect(y).toBeCloseToArray(composed[i] as tf.Tensor);
    });
    expect(seen).toEqual([['x'], { by: 2 }]);
  } finally {
    tf.unregisterKernel('UniecsDouble', 'cpu');
  }
});
