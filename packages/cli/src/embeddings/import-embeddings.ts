import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ImportedEmbeddings } from '@uniecs/retrieval';
import type { NamedPath } from '../options/named-paths.js';
import { readEmbeddings } from './read-embeddings.js';

/** Embeddings that were computed elsewhere, each by its name, with the hash of its file. */
export async function importEmbeddings(
  files: readonly NamedPath[],
  how: Pick<ImportedEmbeddings, 'fuse' | 'normalize'>,
): Promise<ImportedEmbeddings[]> {
  const found: ImportedEmbeddings[] = [];
  for (const { name, path } of files) {
    const vectors = await readEmbeddings(path);
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    found.push({ name, file: path, sha256, vectors, ...how });
  }
  return found;
}
