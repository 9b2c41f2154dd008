import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { type CachedEmbedder, cachedEmbedder, type Embedder, exportedFiles, modelFiles } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { cacheFolder } from '../data/cache-folder.js';
import { type Io, say } from '../terminal/io.js';

/** Whose embeddings are kept, and where. */
export interface EmbeddingCacheOptions {
  /** Model folder, or one of `uniecs export`. */
  readonly model: string;
  readonly exported: boolean;
  /** Where it runs: rounding differs between devices. */
  readonly device: string;
  /** The flag `--embedding-cache`: a folder or `off`; default the user's cache folder. */
  readonly folder?: string | undefined;
}

/**
 * An embedder that keeps what it makes, by the content of model and item; without a folder to write to it is as before, and that is noted.
 *
 * @throws UniecsError `file` where the folder that was asked for cannot be used
 */
export async function keepingEmbedder(
  source: Embedder,
  { model, exported, device, folder }: EmbeddingCacheOptions,
  io: Io,
): Promise<Embedder & Partial<Pick<CachedEmbedder, 'counts'>>> {
  if (folder === 'off') return source;
  const note = (error: UniecsError) =>
    say(io, `embeddings are not kept for later runs: ${error.got} (--embedding-cache names another folder, or off)`);
  const files = exported
    ? [exportedFiles.manifest, exportedFiles.tokenizer]
    : [modelFiles.weights, modelFiles.config, modelFiles.tokenizer];
  try {
    const digests = await Promise.all(files.map((file) => digestOf(join(model, file))));
    return await cachedEmbedder(source, {
      folder: folder ?? join(cacheFolder(), 'embeddings'),
      key: [...digests, device].join(' '),
      onFault: note,
    });
  } catch (error) {
    if (folder !== undefined || !UniecsError.isInstance(error) || error.code !== 'file') throw error;
    note(error);
    return source;
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}
