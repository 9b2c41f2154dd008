import type { ItemVectors } from '@uniecs/mbeer';
import { readNpyEmbeddings } from './read-npy.js';
import { readParquetEmbeddings } from './read-parquet.js';
import { readSafetensorsEmbeddings } from './read-safetensors.js';

/** How a file of embeddings may end. */
export const embeddingsEndings = ['.parquet', '.safetensors', '.npy'] as const;

/**
 * Reads embeddings that `uniecs embed` or anyone else wrote, by the ending of the file's name: Parquet, npy, else safetensors.
 * A view may be missing; nothing is normalised or fused here.
 *
 * @throws UniecsError `data`, `file`, `shape` or `unsupported`
 */
export function readEmbeddings(path: string): Promise<ItemVectors> {
  const name = path.toLowerCase();
  if (name.endsWith('.parquet')) return readParquetEmbeddings(path);
  return name.endsWith('.npy') ? readNpyEmbeddings(path) : readSafetensorsEmbeddings(path);
}
