import { engine, type TensorContainer, tidy } from '@tensorflow/tfjs-core';

const scopeName = 'in float32';

/**
 * Runs a part of a function whose matrix products need all of float32, where `@uniecs/compile` lets those of the rest multiply 16
 * bits (its option `precision`): products of whole numbers, a loss with a small temperature. Products of gradients too, if they are
 * taken inside. Elsewhere it is `tidy`: tensors that are not returned are disposed of.
 */
export function inFloat32<T extends object>(part: () => T): T {
  return tidy(scopeName, part as unknown as () => TensorContainer) as T;
}

/** Whether an op runs inside `inFloat32`. */
export function isInFloat32(): boolean {
  return engine().state.scopeStack.some(({ name }) => name === scopeName);
}
