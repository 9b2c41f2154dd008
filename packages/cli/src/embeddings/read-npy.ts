import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ItemVectors } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { badEmbeddings, unreadable } from './embeddings-error.js';
import { npyHeadBytes, npyMatrix, parseNpyHeader } from './parse-npy.js';
import { readIdsBeside } from './read-ids.js';
import { type View, vectorsOf, views } from './vectors-of.js';

/**
 * Reads embeddings from numpy's files, a matrix a view: `image.npy` or `NAME.image.npy` (`-` or `_` for the dot), and the other views
 * that stand beside it under the same name. The ids are in a file beside them.
 *
 * @throws UniecsError `data`, `file`, `shape` or `unsupported`
 */
export async function readNpyEmbeddings(path: string): Promise<ItemVectors> {
  const [, before = '', view] = /^(.*[._-]|)(fused|image|text)\.npy$/i.exec(basename(path)) ?? [];
  if (view === undefined) {
    const hint = 'call it image.npy, text.npy or fused.npy, or with a name before it: clip.image.npy';
    throw badEmbeddings(`a file name that says which view ${basename(path)} is`, 'none', hint);
  }
  const ids = await readIdsBeside(path, before.slice(0, -1));
  const matrices = new Map<View, { rows: number; columns: number; data: Float32Array }>();
  for (const each of views) {
    const own = each === view.toLowerCase();
    const file = own ? path : join(dirname(path), `${before}${each}.npy`);
    const matrix = await readNpy(file, own);
    if (matrix) matrices.set(each, matrix);
  }
  return vectorsOf(ids, matrices, path);
}

/** A matrix, or nothing where the file is not there and need not be. */
async function readNpy(path: string, needed: boolean) {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    const head = await readBytes(file, 0, Math.min(size, npyHeadBytes));
    const header = parseNpyHeader(head, size, path);
    const bytes = await readBytes(file, header.begin, size - header.begin);
    return { rows: header.rows, columns: header.columns, data: npyMatrix(header, bytes) };
  } catch (cause) {
    if (UniecsError.isInstance(cause)) throw cause;
    if (!needed && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(path, 'npy', cause);
  } finally {
    await file?.close();
  }
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    // One read call takes at most 2 GB.
    const { bytesRead } = await file.read(bytes, filled, Math.min(length - filled, 2 ** 30), position + filled);
    if (bytesRead === 0) throw new Error(`an end of file at byte ${position + filled}`);
    filled += bytesRead;
  }
  return bytes;
}
