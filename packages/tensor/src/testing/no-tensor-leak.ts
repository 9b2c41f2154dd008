import { memory } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** Runs `body`, which must dispose whatever it makes and gets, and expects as many tensors after it as before. */
export async function expectNoTensorLeak(body: () => void | Promise<void>): Promise<void> {
  const before = memory().numTensors;
  await body();
  expect(memory().numTensors - before, 'tensors left behind').toBe(0);
}
