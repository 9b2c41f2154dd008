import type { Tensor } from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';
import { type HostTensor, isHostTensor, type LeafKind } from '../trace/tensor-tree.js';

/** The array that holds the elements of each dtype. */
export const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** The leaves of an input tree. */
export const inputKind: LeafKind<HostTensor> = {
  isLeaf: isHostTensor,
  role: 'inputs',
  plural: 'host tensors ({ dtype, shape, data })',
  hint: 'turn a tfjs tensor into one with hostTensor(tensor); leave out what is not there',
};

/** A tfjs tensor's values as a host tensor, for calling a compiled function with it. */
export function hostTensor(tensor: Tensor): HostTensor {
  const { dtype, shape } = tensor;
  if (!(dtype in arrays)) {
    throw new UniecsError({
      code: 'argument',
      where: 'hostTensor',
      expected: 'a tensor of float32, int32 or bool',
      got: dtype,
      hint: 'cast it first',
    });
  }
  const values = tensor.dataSync() as Float32Array;
  const make = arrays[dtype as keyof typeof arrays];
  // tfjs keeps the array of the old dtype where a cast loses nothing.
  return { dtype: dtype as HostTensor['dtype'], shape, data: values instanceof make ? values : make.from(values) };
}

/** @throws UniecsError `shape` for a dtype or shape that no tensor has */
export function checkType({ shape, dtype }: HostTensor, path: string, where: string): void {
  if (dtype in arrays && Array.isArray(shape) && shape.every((n) => Number.isInteger(n) && n >= 0)) return;
  throw new UniecsError({
    code: 'shape',
    where,
    expected: `a dtype of float32, int32 or bool and a shape of whole numbers for '${path}'`,
    got: `${dtype} [${shape}]`,
    hint: 'describe the data as it is',
  });
}

/** @throws UniecsError `shape` unless the array is of the type and length that dtype and shape say */
export function checkData({ data, shape, dtype }: HostTensor, path: string, where: string): void {
  const size = shape.reduce((product, n) => product * n, 1);
  if (data instanceof arrays[dtype] && data.length === size) return;
  throw new UniecsError({
    code: 'shape',
    where,
    expected: `${size} elements of ${dtype} (a ${arrays[dtype].name}) for '${path}' of shape [${shape.join(', ')}]`,
    got: `${data.length} in a ${data.constructor.name}`,
    hint: 'pass data of the dtype and size that the shape says',
  });
}
