import { UniecsError } from '../errors.js';
import { type FileSystem, nodeFileSystem, type OpenFile } from './file-system.js';
import { decodeFileTensor, type FileTensor } from './file-tensor.js';
import { type ReadOptions, type SafetensorsFile, safetensorsChunks } from './safetensors.js';
import {
  damagedFile,
  defaultMaxHeaderBytes,
  type FileSource,
  headerLength,
  parseSafetensorsHeader,
  prefixBytes,
  type SafetensorsHeader,
} from './safetensors-header.js';
import { type WriteOptions, writeFileAtomic } from './write-file-atomic.js';

/** Limits, and through what a file is read. */
export interface ReadFileOptions extends ReadOptions {
  /** Which tensors are read, by name; default all. The header is checked whole whatever is left out. */
  readonly only?: (name: string) => boolean;
  /** Default Node's own. */
  readonly fileSystem?: FileSystem;
}

/**
 * Reads a safetensors file. The header is read and checked first, against the file's size, so that a damaged or hostile file
 * is refused before memory is taken for its tensors; see `parseSafetensors` for the dtypes.
 *
 * @throws UniecsError `file` naming the path and the reason when missing, truncated or damaged; `unsupported` for another dtype
 */
export async function readSafetensors(path: string, options: ReadFileOptions = {}): Promise<SafetensorsFile> {
  const source = { where: 'readSafetensors', path };
  return withFile(source, options, (file, cap) => readOpenFile(file, cap, source, options.only));
}

/**
 * The dtype and shape of every tensor of a safetensors file by name, in the header's order, without reading the tensors.
 *
 * @throws UniecsError as `readSafetensors`
 */
export async function readSafetensorsHeader(
  path: string,
  options: Omit<ReadFileOptions, 'only'> = {},
): Promise<ReadonlyMap<string, Pick<FileTensor, 'dtype' | 'shape'>>> {
  const source = { where: 'readSafetensorsHeader', path };
  const { entries } = await withFile(source, options, (file, cap) => readHeader(file, cap, source));
  return new Map(entries.map(({ name, dtype, shape }) => [name, { dtype, shape }]));
}

/** Opens a file, reads it under the cap for its header, and closes it. */
async function withFile<T>(
  source: FileSource,
  options: ReadFileOptions,
  read: (file: OpenFile, cap: number) => Promise<T>,
): Promise<T> {
  let file: OpenFile | undefined;
  try {
    file = await (options.fileSystem ?? nodeFileSystem).open(source.path, 'r');
    return await read(file, options.maxHeaderBytes ?? defaultMaxHeaderBytes);
  } catch (cause) {
    if (UniecsError.isInstance(cause)) throw cause;
    throw new UniecsError({
      code: 'file',
      where: source.where,
      expected: `to read ${source.path}`,
      got: cause instanceof Error ? cause.message : String(cause),
      hint: 'check the path and its permissions',
      details: { path: source.path },
      cause,
    });
  } finally {
    await file?.close();
  }
}

/**
 * Writes a safetensors file, atomically: after a failure the old file is there, whole.
 *
 * @param metadata strings by name, readable without the tensors
 * @throws UniecsError `argument`, `shape` or `data` as `serializeSafetensors`, `file` when the system refuses
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, FileTensor>,
  metadata: Readonly<Record<string, string>> = {},
  options: WriteOptions = {},
): Promise<void> {
  await writeFileAtomic(path, safetensorsChunks(tensors, metadata), options);
}

/**
 * Reads from an open file, which may get shorter meanwhile.
 *
 * @throws UniecsError as `readSafetensors`
 */
export async function readOpenFile(
  file: Pick<OpenFile, 'stat' | 'read'>,
  cap: number,
  source: FileSource,
  only: (name: string) => boolean = () => true,
): Promise<SafetensorsFile> {
  const { entries, metadata, start } = await readHeader(file, cap, source);
  const tensors = new Map<string, FileTensor>();
  for (const { name, dtype, shape, begin, end } of entries.filter(({ name }) => only(name))) {
    tensors.set(name, decodeFileTensor(dtype, shape, await readBytes(file, start + begin, end - begin, source)));
  }
  return { tensors, metadata };
}

/** The checked header, and where the data start. */
async function readHeader(
  file: Pick<OpenFile, 'stat' | 'read'>,
  cap: number,
  source: FileSource,
): Promise<SafetensorsHeader & { readonly start: number }> {
  const { size } = await file.stat();
  const prefix = await readBytes(file, 0, Math.min(prefixBytes, size), source);
  const start = prefixBytes + headerLength(prefix, size, cap, source);
  const header = await readBytes(file, prefixBytes, start - prefixBytes, source);
  return { ...parseSafetensorsHeader(header, size - start, source), start };
}

async function readBytes(
  file: Pick<OpenFile, 'read'>,
  position: number,
  length: number,
  source: FileSource,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    // One read call takes at most 2 GB.
    const wanted = Math.min(length - filled, 2 ** 30);
    const { bytesRead } = await file.read(bytes, filled, wanted, position + filled);
    if (bytesRead === 0) throw damagedFile(source, `an end of file at byte ${position + filled} while reading`);
    filled += bytesRead;
  }
  return bytes;
}
