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
} from './safetensors-header.js';
import { type WriteOptions, writeFileAtomic } from './write-file-atomic.js';

/** Limits, and through what a file is read. */
export interface ReadFileOptions extends ReadOptions {
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
  let file: OpenFile | undefined;
  try {
    file = await (options.fileSystem ?? nodeFileSystem).open(path, 'r');
    return await readOpenFile(file, options.maxHeaderBytes ?? defaultMaxHeaderBytes, source);
  } catch (cause) {
    if (UniecsError.isInstance(cause)) throw cause;
    throw new UniecsError({
      code: 'file',
      where: source.where,
      expected: `to read ${path}`,
      got: cause instanceof Error ? cause.message : String(cause),
      hint: 'check the path and its permissions',
      details: { path },
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
): Promise<SafetensorsFile> {
  const { size } = await file.stat();
  const prefix = await readBytes(file, 0, Math.min(prefixBytes, size), source);
  const start = prefixBytes + headerLength(prefix, size, cap, source);
  const header = await readBytes(file, prefixBytes, start - prefixBytes, source);
  const { entries, metadata } = parseSafetensorsHeader(header, size - start, source);
  const tensors = new Map<string, FileTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    tensors.set(name, decodeFileTensor(dtype, shape, await readBytes(file, start + begin, end - begin, source)));
  }
  return { tensors, metadata };
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
