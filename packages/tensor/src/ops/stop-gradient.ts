import { clone, customGrad, type Tensor, zerosLike } from '@tensorflow/tfjs-core';

const cut = customGrad((x: unknown, save: unknown) => {
  const value = clone(x as Tensor);
  (save as (tensors: Tensor[]) => void)([]);
  return { value, gradFunc: (dy: Tensor) => zerosLike(dy) };
});

/** The same values, any shape, through which no gradient flows (tfjs has no such op). */
export function stopGradient<T extends Tensor>(x: T): T {
  return cut(x) as T;
}
