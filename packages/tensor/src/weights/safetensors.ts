import { UniecsError } from '../errors.js';
import {
  bytesPerElement,
  checkFileTensor,
  decodeFileTensor,
  encodeFileTensor,
  type FileTensor,
} from './file-tensor.js';
import { defaultMaxHeaderBytes, headerLength, parseSafetensorsHeader, prefixBytes } from './safetensors-header.js';

/** What a safetensors file holds: tensors by name in the header's order, and the file's metadata. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, FileTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Limits and names for reading. */
export interface ReadOptions {
  /** Refuse a larger header; default 25 MB. The format's own cap is 100 MB. */
  readonly maxHeaderBytes?: number;
}

/**
 * Reads the bytes of a safetensors file: F64, F32, F16, BF16, I64, I32 and U8, half floats widened to float32, I64 as bigint.
 * The result holds copies; nothing is read that the header does not account for, to the byte.
 *
 * @throws UniecsError `file` naming the reason when truncated or damaged, `unsupported` for another dtype
 */
export function parseSafetensors(bytes: Uint8Array, options: ReadOptions = {}): SafetensorsFile {
  const source = { where: 'parseSafetensors', path: 'the bytes' };
  const cap = options.maxHeaderBytes ?? defaultMaxHeaderBytes;
  const start = prefixBytes + headerLength(bytes.subarray(0, prefixBytes), bytes.length, cap, source);
  const { entries, metadata } = parseSafetensorsHeader(
    bytes.subarray(prefixBytes, start),
    bytes.length - start,
    source,
  );
  const tensors = new Map<string, FileTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const own = new Uint8Array(end - begin);
    own.set(bytes.subarray(start + begin, start + end));
    tensors.set(name, decodeFileTensor(dtype, shape, own));
  }
  return { tensors, metadata };
}

/**
 * The bytes of a safetensors file. The same tensors and metadata in the same order give the same bytes.
 *
 * F16 and BF16 are rounded to nearest, ties to even.
 *
 * @param metadata strings by name, readable without the tensors
 * @throws UniecsError `argument` or `shape` for data that does not fit its dtype and shape, `data` for a number beyond F16
 */
export function serializeSafetensors(
  tensors: ReadonlyMap<string, FileTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const chunks = [...safetensorsChunks(tensors, metadata)];
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** The bytes of `serializeSafetensors` piece by piece (header, then a tensor each), so that a large file is never copied whole. */
export function* safetensorsChunks(
  tensors: ReadonlyMap<string, FileTensor>,
  metadata: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  checkMetadata(metadata);
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  for (const [name, tensor] of tensors) {
    if (name === '__metadata__') throw badArgument('a tensor name', `'${name}', which the format keeps for metadata`);
    checkFileTensor(name, tensor);
  }
  // Wide elements first: every tensor then starts at a multiple of its element's size.
  const ordered = [...tensors].sort(([, a], [, b]) => bytesPerElement[b.dtype] - bytesPerElement[a.dtype]);
  let offset = 0;
  const entries = ordered.map(([name, { dtype, shape, data }]): [string, unknown] => {
    const begin = offset;
    offset += data.length * bytesPerElement[dtype];
    return [name, { dtype, shape, data_offsets: [begin, offset] }];
  });
  yield encodeHeader({ ...header, ...Object.fromEntries(entries) });
  for (const [name, tensor] of ordered) yield encodeFileTensor(name, tensor);
}

function encodeHeader(header: Record<string, unknown>): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(prefixBytes + length).fill(0x20);
  bytes.set(text, prefixBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  return bytes;
}

function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw badArgument('metadata of strings', `${typeof value} for '${name}'`);
  }
}

function badArgument(expected: string, got: string): UniecsError {
  return new UniecsError({
    code: 'argument',
    where: 'serializeSafetensors',
    expected,
    got,
    hint: 'rename or convert it (JSON.stringify) before saving',
  });
}
