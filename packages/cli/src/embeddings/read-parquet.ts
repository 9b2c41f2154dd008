import type { ItemVectors } from '@uniecs/mbeer';
import { openParquet } from '../parquet/parquet-thread.js';
import { unreadable } from './embeddings-error.js';

/**
 * Reads embeddings from Parquet (`parseParquetEmbeddings`), in a thread of its own.
 *
 * @throws UniecsError as `parseParquetEmbeddings`; `file` for one that takes more time or memory than its size allows
 */
export async function readParquetEmbeddings(path: string): Promise<ItemVectors> {
  const thread = await openParquet(path, (reason) => unreadable(path, 'Parquet', new Error(reason)));
  try {
    return await thread.embeddings();
  } finally {
    thread.close();
  }
}
