import { backend, engine, getBackend, getKernel, Identity, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { UniecsError } from '../errors.js';

/**
 * The same values, any shape, through which no gradient flows (tfjs has no such op).
 *
 * The identity kernel is called past the gradient tape, so ops without a gradient (`topk`) may follow.
 *
 * @throws UniecsError `unsupported` when the active backend has no identity kernel
 */
export function stopGradient<T extends Tensor>(x: T): T {
  const kernel = getKernel(Identity, getBackend());
  if (!kernel) {
    throw new UniecsError({
      code: 'unsupported',
      where: 'stopGradient',
      expected: 'a backend with an Identity kernel',
      got: `the backend '${getBackend()}'`,
      hint: 'set a tfjs backend (tf.setBackend) first',
    });
  }
  const alias = kernel.kernelFunc({ inputs: { x }, backend: backend(), attrs: {} }) as TensorInfo;
  return engine().makeTensorFromTensorInfo(alias) as T;
}
