import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Chooses the tfjs backend that holds tensors (ONNX Runtime does the work) in production mode: that is the way to be spared of the
 * advice to install another backend, which would otherwise be printed.
 */
export async function startEngine(): Promise<void> {
  tf.enableProdMode();
  await tf.setBackend('cpu');
  await tf.ready();
}
