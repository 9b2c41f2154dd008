import { engine, getBackend, getKernel, type Tensor } from '@tensorflow/tfjs-core';

/**
 * Runs one kernel for a whole layer where the active backend has it (the tracing backend of `@uniecs/compile` does), and the
 * plain tfjs composition everywhere else. Both must give the same values; only the number of passes over memory differs.
 *
 * @param name the kernel's name, prefixed `Uniecs` so that it cannot meet a kernel of tfjs
 */
export function fusedKernel(
  name: `Uniecs${string}`,
  inputs: Readonly<Record<string, Tensor>>,
  attributes: Readonly<Record<string, number | boolean>>,
  compose: () => Tensor[],
): Tensor[] {
  if (!getKernel(name, getBackend())) return compose();
  return engine().runKernel(name, { ...inputs }, { ...attributes }) as Tensor[];
}
