import { compile, type Device } from '@uniecs/compile';
import type { Item } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { itemFeeder } from '../data/feed-items.js';
import { anyPartial, float32, type ItemLoader, int32, itemBatch } from '../data/item-batch.js';
import type { EmbedOptions } from '../embedding/embedder.js';
import { itemsDone, meanRows, singleImages } from '../embedding/several-images.js';
import { readable } from './query-batches.js';
import type { ProductTensors, QueryTensors, TwoTower } from './two-tower-model.js';

/** Vectors row by row, [rows, columns], L2-normalised. */
export interface Vectors {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** Turns queries and products into vectors whose dot product says how well they go together. */
export interface TwoTowerEmbedder {
  /** D. */
  readonly dimension: number;
  /** @throws UniecsError `interrupted` */
  embedQueries(texts: readonly string[], options?: EmbedOptions): Promise<Vectors>;
  /** @throws UniecsError `data` for a product without anything that the tower reads, or an image that cannot be read; `interrupted` */
  embedProducts(products: readonly Item[], options?: EmbedOptions): Promise<Vectors>;
  /** Frees the compiled functions. */
  dispose(): Promise<void>;
}

/** What a two-tower embedder is made of. */
export interface TwoTowerEmbedderOptions {
  readonly model: TwoTower;
  readonly loader: ItemLoader;
  /** Rows per pass; default 64. */
  readonly batchSize?: number;
  /** Default `cpu`. */
  readonly device?: Device;
}

/** An embedder of a two-tower model. A batch is filled up with padding, so one graph serves all of a tower's. */
export function twoTowerEmbedder(options: TwoTowerEmbedderOptions): TwoTowerEmbedder {
  const { model, loader, batchSize = 64, device = 'cpu' } = options;
  const { reads, product } = model.config;
  const place = { state: model, device };
  const ofQueries = compile((queries: QueryTensors) => ({ out: model.embedQueries(queries) }), {
    ...place,
    name: 'embed queries',
  });
  const ofProducts = compile((products: ProductTensors) => ({ out: model.embedProducts(products) }), {
    ...place,
    name: 'embed products',
  });
  const columns = product.fusion.width;

  async function inBatches<T>(
    all: readonly T[],
    embed: (some: readonly (T | undefined)[]) => Promise<Float32Array>,
    { onProgress, signal }: EmbedOptions = {},
  ): Promise<Vectors> {
    const data = new Float32Array(all.length * columns);
    for (let start = 0; start < all.length; start += batchSize) {
      await nextTurn();
      if (signal?.aborted) throw interrupted(start, all.length);
      const some = all.slice(start, start + batchSize);
      const padded = [...some, ...Array.from<undefined>({ length: batchSize - some.length })];
      data.set((await embed(padded)).subarray(0, some.length * columns), start * columns);
      onProgress?.(start + some.length, all.length);
    }
    return { rows: all.length, columns, data };
  }

  function embedQueries(texts: readonly string[], embedding?: EmbedOptions): Promise<Vectors> {
    const { tokenizer, maxLength } = loader;
    return inBatches(
      texts,
      async (some) => {
        // What stands in a row of padding nobody reads; it must be something.
        const given = some.map((text) => text ?? '');
        const { ids, mask } = tokenizer.encodeBatch(given, maxLength);
        const fed = { ids: int32(ids, batchSize, maxLength), mask: float32(mask, batchSize, maxLength) };
        return (await ofQueries(fed)).out.data as Float32Array;
      },
      embedding,
    );
  }

  async function embedProducts(products: readonly Item[], { onProgress, signal }: EmbedOptions = {}): Promise<Vectors> {
    const single = singleImages(products.map((one) => readable(one, reads)));
    const { items } = single;
    const partial = reads === 'image and text' && anyPartial(items);
    const feed = itemFeeder(model.config.product.pixels);
    const pixels = loader.images.pixels(batchSize);
    const { data } = await inBatches(
      items,
      async (some) => {
        const batch = await itemBatch(some, loader, { partial, into: pixels });
        const { ids, mask } = batch;
        const fed = reads === 'text' ? { ids, mask } : feed(batch);
        return (await ofProducts(fed)).out.data as Float32Array;
      },
      { signal, ...(onProgress ? { onProgress: (rows) => onProgress(itemsDone(single, rows), products.length) } : {}) },
    );
    return { rows: products.length, columns, data: meanRows(data, single, columns) };
  }

  return {
    dimension: columns,
    embedQueries,
    embedProducts,
    dispose: async () => {
      await Promise.all([ofQueries.dispose(), ofProducts.dispose()]);
    },
  };
}

function interrupted(done: number, total: number): UniecsError {
  return new UniecsError({
    code: 'interrupted',
    where: 'twoTowerEmbedder',
    expected: `to embed ${total} rows`,
    got: `the signal to stop after ${done}`,
    hint: 'run it again',
  });
}

/** Lets signal handlers run between two passes, which block the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
