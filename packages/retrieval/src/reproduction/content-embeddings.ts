import { type Embeddings, type Item, imagesOf, type Pair } from '@uniecs/mbeer';
import type { Embedder, EmbedOptions } from '../embedding/embedder.js';

/** f, v and t of one content, `[D]` each. */
interface Vectors {
  readonly fused: Float32Array;
  readonly image: Float32Array;
  readonly text: Float32Array;
}

/** The embeddings of contents (a title, a picture, or both), whichever item has them. */
export type ContentEmbeddings = ReadonlyMap<string, Vectors>;

/** What of an item its embeddings depend on. */
export function contentOf(item: Item): string {
  const [first = null, ...more] = imagesOf(item);
  return JSON.stringify([item.title ?? null, first, ...more]);
}

/** The items of pairs, all of item 1 first. */
export function itemsOf(pairs: readonly Pair[]): Item[] {
  return [...pairs.map(({ item1 }) => item1), ...pairs.map(({ item2 }) => item2)];
}

/** The first item of every content that is not known. */
export function unknownContents(items: readonly Item[], known: ReadonlySet<string>): Item[] {
  const first = new Map<string, Item>();
  for (const item of items) {
    const content = contentOf(item);
    if (!known.has(content) && !first.has(content)) first.set(content, item);
  }
  return [...first.values()];
}

/** Embeds items, each content once. */
export async function embedContents(
  embedder: Pick<Embedder, 'embed'>,
  items: readonly Item[],
  options: EmbedOptions,
): Promise<Map<string, Vectors>> {
  const { fused, image, text, dimension } = await embedder.embed(items, options);
  const row = (matrix: Float32Array, i: number) => matrix.subarray(i * dimension, (i + 1) * dimension);
  return new Map(
    items.map((item, i) => [contentOf(item), { fused: row(fused, i), image: row(image, i), text: row(text, i) }]),
  );
}

/** Both sides of pairs out of the embeddings of their contents. */
export interface PairSides {
  readonly query: Embeddings;
  readonly candidate: Embeddings;
}

/**
 * Both sides of pairs, for `evaluateTasks`.
 *
 * @param standIn whether an item shows what it has in the place of the modality that it lacks: then every item has both, and no task
 *   leaves a query or a candidate out
 */
export function sidesOf(pairs: readonly Pair[], found: readonly ContentEmbeddings[], standIn: boolean): PairSides {
  const side = (items: readonly Item[]): Embeddings => {
    const rows = items.map((item) => vectorsOf(item, found));
    const dimension = rows[0]?.fused.length ?? 1;
    const matrix = (view: 'fused' | 'image' | 'text', field?: 'image' | 'title') => {
      const out = new Float32Array(items.length * dimension);
      rows.forEach((vectors, i) => {
        const lacks = field !== undefined && items[i]?.[field] === undefined;
        out.set(lacks ? vectors.fused : vectors[view], i * dimension);
      });
      return out;
    };
    const has = (field: 'image' | 'title') =>
      Uint8Array.from(items, (item) => Number(standIn || item[field] !== undefined));
    return {
      ...{ count: items.length, dimension, fused: matrix('fused') },
      ...{ image: matrix('image', 'image'), text: matrix('text', 'title') },
      ...{ hasImage: has('image'), hasText: has('title') },
    };
  };
  return { query: side(pairs.map(({ item1 }) => item1)), candidate: side(pairs.map(({ item2 }) => item2)) };
}

function vectorsOf(item: Item, found: readonly ContentEmbeddings[]): Vectors {
  const content = contentOf(item);
  for (const one of found) {
    const vectors = one.get(content);
    if (vectors) return vectors;
  }
  throw new Error(`the content of item ${item.id} was not embedded`);
}
