import { compile, type Device, type DeviceState, type HostTree } from '@uniecs/compile';
import type { ImageSource } from '@uniecs/encoders/node';
import type { Embeddings, Item } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { batchFeeder, type LoadItems } from '../data/feed-batches.js';
import { anyPartial, type ItemBatchOptions, type ItemLoader, itemBatch } from '../data/item-batch.js';
import type { FeatureTensors, ItemTensors } from '../model/item-tensors.js';
import type { RetrievalModel } from '../model/retrieval-model.js';
import type { ItemVectors } from '../training/pair-vectors.js';
import { itemsDone, meanRows, singleImages } from './several-images.js';

/** Turns items into embeddings with a model. */
export interface Embedder {
  /** D. */
  readonly dimension: number;
  /**
   * f, v and t of items, row by row; v and t only mean something where the item has the modality (`hasImage`, `hasText`). An item with
   * several images has the normalised mean of what it has with each of them.
   *
   * @throws UniecsError `data` for an item with neither title nor image, or an image that cannot be read; `interrupted`
   */
  embed(items: readonly Item[], options?: EmbedOptions): Promise<Embeddings>;
  /** One embedding of what is given, image, text or both: what a search query is. L2-normalised, [D]. */
  embedQuery(query: { readonly text?: string; readonly image?: string }): Promise<Float32Array>;
  /** Frees the compiled functions. */
  dispose(): Promise<void>;
}

/** Progress and interruption of a long embedding. */
export interface EmbedOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What an embedder is made of. */
export interface EmbedderOptions {
  readonly model: RetrievalModel;
  readonly loader: ItemLoader;
  /** Items per pass; default 64. */
  readonly batchSize?: number;
  /** Where the model runs; default that of `state`, or `cpu`. */
  readonly device?: Device;
  /** The parameters where they live beside compiled functions (a training run's); default the model's variables as they are. */
  readonly state?: DeviceState;
  /** How batches are made; default `itemBatch` by the loader. */
  readonly load?: LoadItems | undefined;
}

/** An embedder of items and queries: the model's forward pass, compiled. A batch is filled up with padding, so one graph serves all. */
export function embedder({ model, loader, batchSize = 64, state, device, load }: EmbedderOptions): Embedder {
  const represent = compile((items: ItemTensors | FeatureTensors): ItemVectors => model.represent(items), {
    state: state ?? model,
    name: 'embed',
    ...(device === undefined ? {} : { device }),
  });
  return itemEmbedder({
    dimension: model.config.fusion.width,
    images: loader.images,
    batchSize,
    makeBatch: load ?? ((items, made) => itemBatch(items, loader, made)),
    feeder: () => batchFeeder(model.config.pixels),
    represent,
    dispose: () => represent.dispose(),
  });
}

/** What embeds batches of items, whatever they are made of and whatever computes it. */
export interface ItemEmbedderOptions<Batch, Fed> {
  /** D. */
  readonly dimension: number;
  readonly images: ImageSource;
  /** Items per pass. */
  readonly batchSize: number;
  readonly makeBatch: (items: readonly (Item | undefined)[], options: ItemBatchOptions) => Promise<Batch>;
  /** Makes a feeder, whose arrays hold until its next call. */
  readonly feeder: () => (batch: Batch) => Fed;
  /** f, v and t of a batch. */
  readonly represent: (items: Fed) => Promise<HostTree<ItemVectors>>;
  readonly dispose: () => Promise<void>;
}

/** An embedder over anything that computes the representations of a batch. */
export function itemEmbedder<Batch, Fed>(options: ItemEmbedderOptions<Batch, Fed>): Embedder {
  const { dimension, images, batchSize, makeBatch, feeder, represent, dispose } = options;

  /** A batch of `size` items, the rest of it padding. */
  function load(items: readonly Item[], size: number, partial: boolean, into?: Uint8Array): Promise<Batch> {
    const padded = [...items, ...Array.from<undefined>({ length: size - items.length })];
    const batch = makeBatch(padded, { partial, into });
    // What is wrong is said by whoever waits for it, which may be later.
    batch.catch(() => {});
    return batch;
  }

  async function embed(whole: readonly Item[], { onProgress, signal }: EmbedOptions = {}): Promise<Embeddings> {
    const single = singleImages(whole);
    const { items } = single;
    const matrix = () => new Float32Array(items.length * dimension);
    const result = { fused: matrix(), image: matrix(), text: matrix() };
    const partial = anyPartial(items);
    const feed = feeder();
    // Two batches of pixels: one is read while the other is embedded.
    const pixels = [0, 1].map(() => images.pixels(batchSize));
    const loadAt = (start: number) =>
      load(items.slice(start, start + batchSize), batchSize, partial, pixels[(start / batchSize) % 2]);
    let next = items.length > 0 ? loadAt(0) : undefined;
    for (let start = 0; next; start += batchSize) {
      await nextTurn();
      throwIfAborted(signal, start, items.length);
      const batch = await next;
      const after = start + batchSize;
      next = after < items.length ? loadAt(after) : undefined;
      const vectors = await represent(feed(batch));
      const count = Math.min(batchSize, items.length - start);
      for (const view of ['fused', 'image', 'text'] as const) {
        const data = vectors[view].data as Float32Array;
        result[view].set(data.subarray(0, count * dimension), start * dimension);
      }
      onProgress?.(itemsDone(single, start + count), whole.length);
    }
    const has = (field: 'image' | 'title') => Float32Array.from(whole, (item) => Number(item[field] !== undefined));
    const mean = (view: 'fused' | 'image' | 'text') => meanRows(result[view], single, dimension);
    return {
      ...{ count: whole.length, dimension, fused: mean('fused'), image: mean('image'), text: mean('text') },
      ...{ hasImage: has('image'), hasText: has('title') },
    };
  }

  async function embedQuery({
    text,
    image,
  }: {
    readonly text?: string;
    readonly image?: string;
  }): Promise<Float32Array> {
    if (text === undefined && image === undefined) {
      throw new UniecsError({
        code: 'argument',
        where: 'embedQuery',
        expected: 'a text, an image or both',
        got: 'neither',
        hint: 'pass at least one',
      });
    }
    const item: Item = {
      id: 'query',
      ...(text === undefined ? {} : { title: text }),
      ...(image === undefined ? {} : { image }),
    };
    const { fused } = await represent(feeder()(await load([item], 1, true)));
    return (fused.data as Float32Array).slice();
  }

  return { dimension, embed, embedQuery, dispose };
}

function throwIfAborted(signal: AbortSignal | undefined, done: number, total: number): void {
  if (!signal?.aborted) return;
  throw new UniecsError({
    code: 'interrupted',
    where: 'embed',
    expected: `to embed ${total} items`,
    got: `the signal to stop after ${done}`,
    hint: 'run it again',
  });
}

/** Lets signal handlers run between two passes, which block the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
