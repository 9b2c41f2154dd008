import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { UniecsError } from '../errors.js';
import type { StateDict } from '../module.js';
import type { FileTensor } from './file-tensor.js';

/**
 * The tensors of a state dict as plain data for a weight file: float32 as `dtype`, int32 as I32. Waits for the device; the
 * data may be the backend's own, so treat it as read-only.
 *
 * @param options.dtype of the float32 tensors in the file; default F32
 * @throws UniecsError `unsupported` for a tensor of another dtype
 */
export async function stateDictToFileTensors(
  dict: StateDict,
  options: { readonly dtype?: 'F32' | 'F16' | 'BF16' } = {},
): Promise<Map<string, FileTensor>> {
  const tensors = new Map<string, FileTensor>();
  for (const [name, x] of dict) {
    const shape = [...x.shape];
    if (x.dtype === 'float32') {
      tensors.set(name, { dtype: options.dtype ?? 'F32', shape, data: await x.data<'float32'>() });
    } else if (x.dtype === 'int32') {
      tensors.set(name, { dtype: 'I32', shape, data: await x.data<'int32'>() });
    } else {
      throw new UniecsError({
        code: 'unsupported',
        where: 'stateDictToFileTensors',
        expected: `'${name}' of dtype float32 or int32`,
        got: x.dtype,
        hint: 'cast it (tf.cast) first',
        details: { name, dtype: x.dtype },
      });
    }
  }
  return tensors;
}

/**
 * The tensors of a weight file as a state dict: floats as float32 (F64 is rounded), integers as int32. The caller disposes
 * the tensors; on an error none is left.
 *
 * @throws UniecsError `data` when a 64-bit integer does not fit int32
 */
export function fileTensorsToStateDict(tensors: ReadonlyMap<string, FileTensor>): Map<string, Tensor> {
  const plain = [...tensors].map(([name, file]) => [name, file.shape, tensorData(name, file)] as const);
  return new Map(
    plain.map(([name, shape, data]) => [
      name,
      tensor(data, [...shape], data instanceof Float32Array ? 'float32' : 'int32'),
    ]),
  );
}

function tensorData(name: string, { dtype, data }: FileTensor): Float32Array | Int32Array {
  if (dtype === 'F64') return Float32Array.from(data);
  if (dtype === 'U8') return Int32Array.from(data);
  if (dtype !== 'I64') return data;
  return Int32Array.from(data, (value, element) => {
    if (value === BigInt.asIntN(32, value)) return Number(value);
    throw new UniecsError({
      code: 'data',
      where: 'fileTensorsToStateDict',
      expected: `32-bit integers in '${name}'`,
      got: `${value} at element ${element}`,
      hint: 'leave this tensor out, or read it from the file tensors as bigint',
      details: { name, element },
    });
  });
}
