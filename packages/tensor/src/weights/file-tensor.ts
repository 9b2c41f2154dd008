import { UniecsError } from '../errors.js';
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './half-floats.js';

/** The array that holds each dtype of a weight file. Half floats are held as float32, 64-bit integers as bigint. */
export interface FileArrays {
  readonly F64: Float64Array;
  readonly F32: Float32Array;
  readonly F16: Float32Array;
  readonly BF16: Float32Array;
  readonly I64: BigInt64Array;
  readonly I32: Int32Array;
  readonly U8: Uint8Array;
}

/** A dtype of a weight file, spelled as in safetensors. */
export type FileDtype = keyof FileArrays;

/** A tensor of a weight file as plain data: the elements in row-major order, tied to no backend. */
export type FileTensor = {
  [D in FileDtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: FileArrays[D] };
}[FileDtype];

/** Bytes of one element in the file. */
export const bytesPerElement: Readonly<Record<FileDtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  U8: 1,
};

const arrays = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Float32Array,
  BF16: Float32Array,
  I64: BigInt64Array,
  I32: Int32Array,
  U8: Uint8Array,
} as const;

const halves = {
  F16: { encode: encodeFloat16, decode: decodeFloat16 },
  BF16: { encode: encodeBfloat16, decode: decodeBfloat16 },
} as const;

/** Whether `dtype` names a dtype that this package reads and writes. */
export function isFileDtype(dtype: string): dtype is FileDtype {
  return Object.hasOwn(bytesPerElement, dtype);
}

/** How many elements a shape has; undefined when a size is no whole number or the product exceeds exact numbers. */
export function elementCount(shape: readonly unknown[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || (size as number) < 0) return undefined;
    count *= size as number;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

/** The tensor whose little-endian elements `bytes` holds; `bytes` starts its own buffer and becomes part of the result. */
export function decodeFileTensor(dtype: FileDtype, shape: readonly number[], bytes: Uint8Array): FileTensor {
  const buffer = bytes.buffer as ArrayBuffer;
  const data =
    dtype === 'F16' || dtype === 'BF16'
      ? halves[dtype].decode(new Uint16Array(buffer))
      : new arrays[dtype](buffer, 0, bytes.length / bytesPerElement[dtype]);
  return { dtype, shape, data } as FileTensor;
}

/**
 * The little-endian elements of a tensor, as they stand in a file.
 *
 * @throws UniecsError `data` when a finite number is too large for F16 or BF16
 */
export function encodeFileTensor(name: string, { dtype, data }: FileTensor): Uint8Array {
  if (dtype !== 'F16' && dtype !== 'BF16') return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const { words, overflowed } = halves[dtype].encode(data);
  if (overflowed < 0) return new Uint8Array(words.buffer);
  throw new UniecsError({
    code: 'data',
    where: 'serializeSafetensors',
    expected: `numbers within ${dtype}'s range in '${name}'`,
    got: `${data[overflowed]} at element ${overflowed}`,
    hint: 'save this tensor as F32',
    details: { name, dtype, element: overflowed },
  });
}

/**
 * Checks that a tensor's data is the array of its dtype and as long as its shape says.
 *
 * @throws UniecsError `argument` for another dtype or array, `shape` for another length
 */
export function checkFileTensor(name: string, { dtype, shape, data }: FileTensor): void {
  const fault = (code: 'argument' | 'shape', expected: string, got: string) =>
    new UniecsError({
      code,
      where: 'serializeSafetensors',
      expected: `'${name}' to have ${expected}`,
      got,
      hint: 'pass { dtype, shape, data } that agree',
      details: { name },
    });
  if (!isFileDtype(dtype)) throw fault('argument', `a dtype of ${Object.keys(arrays).join(', ')}`, String(dtype));
  if (!(data instanceof arrays[dtype])) {
    throw fault('argument', `a ${arrays[dtype].name} for ${dtype}`, Object.prototype.toString.call(data).slice(8, -1));
  }
  const count = elementCount(shape);
  if (count === undefined) throw fault('shape', 'whole, not negative sizes', `[${shape.join(', ')}]`);
  if (count !== data.length) {
    throw fault('shape', `${count} elements for [${shape.join(', ')}]`, `${data.length} elements`);
  }
}
