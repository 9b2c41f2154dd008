import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { imageDigest } from '@uniecs/encoders/node';
import { type Embeddings, type Item, imagesOf } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { eachFile } from '../data/each-file.js';
import type { Disk } from '../features/disk.js';
import { openFeatureStore } from '../features/feature-store.js';
import type { Embedder, EmbedOptions } from './embedder.js';
import { trimFolders } from './trim-folders.js';

/** Where embeddings are kept, and of what. */
export interface CachedEmbedderOptions {
  /** Folder that any number of models and processes share. */
  readonly folder: string;
  /** A name of everything that decides on an embedding beside the item: weights, configuration, tokenizer, device. */
  readonly key: string;
  /** Bytes that the folder may take; the models used longest ago go first. Default 4 GiB. */
  readonly maxBytes?: number;
  /** Is told once where embeddings cannot be kept or read: the work goes on without. */
  readonly onFault?: (error: UniecsError) => void;
  /** Default the one there is. */
  readonly disk?: Disk;
}

/** An embedder that encodes an item once. */
export interface CachedEmbedder extends Embedder {
  /** Items whose embeddings were there already, and items that were encoded, so far; each content counts once a call. */
  readonly counts: { readonly kept: number; readonly encoded: number };
}

/** Items that are encoded between two writes. */
const chunk = 1024;
const views = ['fused', 'image', 'text'] as const;

/**
 * Keeps what an embedder makes of items on disk, by the content of each: title and bytes of its pictures. A second call, of this process or
 * another, encodes what is new. Embeddings are kept as they are, float32; queries are not kept.
 *
 * A picture that changes while it is embedded is not kept, and a record that is torn or damaged is as if it were not there.
 *
 * @throws UniecsError `file` where the folder cannot be made or read
 */
export async function cachedEmbedder(
  source: Embedder,
  { folder, key, maxBytes = 4 * 2 ** 30, onFault = () => {}, disk }: CachedEmbedderOptions,
): Promise<CachedEmbedder> {
  const { dimension } = source;
  const name = createHash('sha256').update(key).digest('hex').slice(0, 32);
  await trimFolders(folder, name, maxBytes);
  const store = openFeatureStore({ folder: join(folder, name), width: 2 * dimension, disk });
  const counts = { kept: 0, encoded: 0 };
  let faulty = false;

  /** Does without where the disk does not do its part. */
  function attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!UniecsError.isInstance(error) || error.code !== 'file') throw error;
      if (!faulty) onFault(error);
      faulty = true;
      return undefined;
    }
  }

  function read(digest: string): Float32Array | undefined {
    if (!store.has(digest)) return undefined;
    const words = attempt(() => store.read(digest));
    return words?.length === 6 * dimension ? new Float32Array(words.buffer, 0, 3 * dimension) : undefined;
  }

  async function embed(
    items: readonly Item[],
    { onProgress = () => {}, signal }: EmbedOptions = {},
  ): Promise<Embeddings> {
    const matrix = () => new Float32Array(items.length * dimension);
    const result = { fused: matrix(), image: matrix(), text: matrix() };
    const digests = await digestsOf(items);
    const rows = new Map<string, number[]>();
    digests.forEach((digest, row) => {
      const same = rows.get(digest);
      if (same) same.push(row);
      else rows.set(digest, [row]);
    });
    let done = 0;
    const fill = (digest: string, vectors: Float32Array) => {
      const places = rows.get(digest) ?? [];
      for (const row of places) {
        views.forEach((view, i) => {
          result[view].set(vectors.subarray(i * dimension, (i + 1) * dimension), row * dimension);
        });
      }
      done += places.length;
    };
    const missing: string[] = [];
    for (const digest of rows.keys()) {
      const vectors = read(digest);
      if (vectors) fill(digest, vectors);
      else missing.push(digest);
    }
    counts.kept += rows.size - missing.length;
    if (done > 0) onProgress(done, items.length);
    for (let start = 0; start < missing.length; start += chunk) {
      const some = missing.slice(start, start + chunk);
      const chosen = some.map((digest) => items[rows.get(digest)?.[0] as number] as Item);
      const made = await source.embed(chosen, {
        signal,
        onProgress: (count) => onProgress(Math.min(done + count, items.length), items.length),
      });
      const after = await digestsOf(chosen);
      some.forEach((digest, i) => {
        const vectors = new Float32Array(3 * dimension);
        views.forEach((view, k) => {
          vectors.set(made[view].subarray(i * dimension, (i + 1) * dimension), k * dimension);
        });
        fill(digest, vectors);
        if (after[i] === digest && !faulty) attempt(() => store.add(digest, new Uint16Array(vectors.buffer)));
      });
      counts.encoded += some.length;
      onProgress(done, items.length);
    }
    const has = (field: 'image' | 'title') => Float32Array.from(items, (item) => Number(item[field] !== undefined));
    return { count: items.length, dimension, ...result, hasImage: has('image'), hasText: has('title') };
  }

  return {
    dimension,
    counts,
    embed,
    embedQuery: (query) => source.embedQuery(query),
    dispose: async () => {
      store.close();
      await source.dispose();
    },
  };
}

/** What each item's content is known by. A picture that cannot be read is left for the embedder to refuse. */
async function digestsOf(items: readonly Item[]): Promise<string[]> {
  const paths = [...new Set(items.flatMap(imagesOf))];
  const pictures = new Map<string, string>();
  await eachFile(paths, (path, { content }) => {
    pictures.set(path, content ? imageDigest(content) : `unreadable ${path}`);
  });
  return items.map((item) => {
    const [first = null, ...more] = imagesOf(item).map((path) => pictures.get(path) as string);
    const content = JSON.stringify([item.title ?? null, first, ...more]);
    return createHash('sha256').update(content).digest().toString('latin1');
  });
}
