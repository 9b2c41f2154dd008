import { UniecsError } from '../errors.js';
import { bytesPerElement, elementCount, type FileDtype, isFileDtype } from './file-tensor.js';
import { findJsonFlaw } from './json-flaw.js';

/** Whom an error about a file names: the public function, and the file's path or another description. */
export interface FileSource {
  readonly where: string;
  readonly path: string;
}

/** A tensor's place in the data that follows the header: bytes `begin` to `end`. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: FileDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A checked header: the entries in the header's order, which together cover the data without a hole or an overlap. */
export interface SafetensorsHeader {
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Largest header that is read unless more is asked for: 25 MB, room for some 200,000 tensors. The format's own cap is 100 MB. */
export const defaultMaxHeaderBytes = 25_000_000;

/** Bytes before the header: its length, an unsigned little-endian 64-bit number. */
export const prefixBytes = 8;

/** The error for a file that is not a whole, sound safetensors file. */
export function damagedFile({ where, path }: FileSource, reason: string, cause?: unknown): UniecsError {
  return new UniecsError({
    code: 'file',
    where,
    expected: `${path} to be a whole safetensors file`,
    got: reason,
    hint: 'it is truncated, damaged or of another format: download or save it again',
    details: { path, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * The header's length from the first 8 bytes, checked against the file's size and the cap.
 *
 * @throws UniecsError `file`
 */
export function headerLength(prefix: Uint8Array, fileSize: number, cap: number, source: FileSource): number {
  if (prefix.length < prefixBytes) throw damagedFile(source, `${fileSize} bytes, too few for a header`);
  const length = new DataView(prefix.buffer, prefix.byteOffset, prefixBytes).getBigUint64(0, true);
  if (length > BigInt(fileSize - prefixBytes)) {
    throw damagedFile(source, `${fileSize} bytes, too few for the header of ${length} bytes that it announces`);
  }
  if (length > BigInt(cap)) throw damagedFile(source, `a header of ${length} bytes, more than the cap of ${cap}`);
  return Number(length);
}

/**
 * Parses and checks a header: names once each, known dtypes, sizes that agree with the byte ranges, ranges that cover the
 * `dataLength` bytes after the header exactly, metadata of strings.
 *
 * @throws UniecsError `file` when damaged, `unsupported` for a dtype that this package does not read
 */
export function parseSafetensorsHeader(bytes: Uint8Array, dataLength: number, source: FileSource): SafetensorsHeader {
  const root = parseObject(bytes, source);
  const { __metadata__: metadata = {}, ...tensors } = root;
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    throw damagedFile(source, '__metadata__ that is not an object of strings');
  }
  const entries = Object.entries(tensors).map(([name, entry]) => parseEntry(name, entry, dataLength, source));
  checkCoverage(entries, dataLength, source);
  return { entries, metadata: metadata as Record<string, string> };
}

function parseObject(bytes: Uint8Array, source: FileSource): Record<string, unknown> {
  // The format demands '{' as the first byte; white space there would be another writer's file.
  if (bytes[0] !== 0x7b) throw damagedFile(source, "a header that does not start with '{'");
  let root: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const flaw = findJsonFlaw(text, 3);
    if (flaw) throw new Error(flaw);
    root = JSON.parse(text);
  } catch (cause) {
    throw damagedFile(source, `a header with ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  return root as Record<string, unknown>;
}

function parseEntry(name: string, entry: unknown, dataLength: number, source: FileSource): SafetensorsEntry {
  const damaged = (reason: string) => damagedFile(source, `'${name}' with ${reason}`);
  if (!isRecord(entry)) throw damaged('an entry that is no object');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string') throw damaged('no dtype');
  if (!isFileDtype(dtype)) {
    throw new UniecsError({
      code: 'unsupported',
      where: source.where,
      expected: `'${name}' of ${source.path} in one of ${Object.keys(bytesPerElement).join(', ')}`,
      got: dtype,
      hint: 'convert this tensor, or save the file without it',
      details: { path: source.path, name, dtype },
    });
  }
  if (!Array.isArray(shape)) throw damaged('no shape');
  const count = elementCount(shape);
  if (count === undefined) throw damaged(`the impossible shape ${JSON.stringify(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || offsets.some((x) => !Number.isSafeInteger(x) || x < 0)) {
    throw damaged('data_offsets that are not two places');
  }
  const [begin, end] = offsets as [number, number];
  if (end < begin) throw damaged(`data that ends at ${end} before it begins at ${begin}`);
  if (end > dataLength) throw damaged(`data up to byte ${end} of ${dataLength} (truncated)`);
  if (count * bytesPerElement[dtype] !== end - begin) {
    throw damaged(`${end - begin} bytes for ${dtype} [${shape.join(', ')}]`);
  }
  return { name, dtype, shape, begin, end };
}

function checkCoverage(entries: readonly SafetensorsEntry[], dataLength: number, source: FileSource): void {
  let covered = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin > covered) throw damagedFile(source, `a hole of ${begin - covered} bytes before '${name}'`);
    if (begin < covered) throw damagedFile(source, `'${name}' overlapping another tensor by ${covered - begin} bytes`);
    covered = end;
  }
  if (covered !== dataLength) throw damagedFile(source, `${dataLength - covered} bytes after the last tensor`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
