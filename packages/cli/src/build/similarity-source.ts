import type { CatalogueItem, Similarity } from '@uniecs/mbeer';
import { vectorSimilarity } from '@uniecs/mbeer';
import { contentSimilarity } from '@uniecs/mbeer/node';
import { readEmbeddings } from '../embeddings/read-embeddings.js';
import type { DeviceName } from '../machine/device.js';
import type { Io } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';
import { withModel } from '../with-model.js';

/** What products are compared by: one of three. */
export interface SimilarityFlags {
  readonly model?: string;
  readonly embeddings?: string;
  readonly similarity?: 'content';
  readonly device?: DeviceName;
}

/** How alike products are, and by what, for the manifest. */
export interface NamedSimilarity {
  readonly similarity: Similarity;
  readonly by: Readonly<Record<string, string>>;
}

/** Prepares the comparison of the products that will be compared. */
export async function similarityOf(
  flags: SimilarityFlags,
  items: readonly CatalogueItem[],
  compared: ReadonlySet<number>,
  io: Io,
): Promise<NamedSimilarity> {
  const ids = items.map(({ id }) => id);
  const { model, embeddings } = flags;
  if (embeddings !== undefined) {
    return { similarity: vectorSimilarity(ids, await readEmbeddings(embeddings)), by: { embeddings } };
  }
  if (model === undefined) {
    const shown = progress(io, 'looking at pictures', 'pictures');
    const options = { signal: io.signal, onProgress: shown.update };
    const similarity = await contentSimilarity(items, compared, options).finally(shown.end);
    return { similarity, by: { content: 'TF-IDF cosine of titles, cosine of mean-centred 12 x 12 thumbnails' } };
  }
  return withModel(model, flags, io, async (embedder, { fingerprint }) => {
    const chosen = [...compared].sort((a, b) => a - b).map((place) => items[place] as CatalogueItem);
    const shown = progress(io, 'embedding', 'items');
    const made = await embedder.embed(chosen, { signal: io.signal, onProgress: shown.update }).finally(shown.end);
    const { dimension, image, text, hasImage, hasText } = made;
    const has = { ...(hasImage ? { hasImage } : {}), ...(hasText ? { hasText } : {}) };
    const vectors = { ids: chosen.map(({ id }) => id), dimension, image, text, ...has };
    return { similarity: vectorSimilarity(ids, vectors), by: { model, fingerprint } };
  });
}
