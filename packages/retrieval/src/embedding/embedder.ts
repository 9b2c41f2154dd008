import { compile, type DeviceState, type HostTensor } from '@uniecs/compile';
import type { Embeddings, Item } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { anyPartial, type ItemLoader, itemBatch } from '../data/item-batch.js';
import type { ItemTensors } from '../model/item-tensors.js';
import type { UniecsModel } from '../model/uniecs-model.js';
import type { ItemVectors } from '../training/pair-vectors.js';

/** Turns items into embeddings with a model. */
export interface Embedder {
  /** D. */
  readonly dimension: number;
  /**
   * f, v and t of items, row by row; v and t only mean something where the item has the modality (`hasImage`, `hasText`).
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
  readonly model: UniecsModel;
  readonly loader: ItemLoader;
  /** Items per pass; default 64. */
  readonly batchSize?: number;
  /** The parameters where they live beside compiled functions (a training run's); default the model's variables as they are. */
  readonly state?: DeviceState;
}

/** An embedder of items and queries: the model's forward pass, compiled. A batch is filled up with padding, so one graph serves all. */
export function embedder({ model, loader, batchSize = 64, state }: EmbedderOptions): Embedder {
  const represent = compile((items: ItemTensors): ItemVectors => model.represent(items), {
    state: state ?? model,
    name: 'embed',
  });
  const dimension = model.config.fusion.width;

  async function pass(
    items: readonly Item[],
    size: number,
    partial: boolean,
  ): Promise<Record<keyof ItemVectors, HostTensor>> {
    const padded = [...items, ...Array.from<undefined>({ length: size - items.length })];
    const batch = await itemBatch(padded, loader, { partial });
    return represent(batch);
  }

  async function embed(items: readonly Item[], { onProgress, signal }: EmbedOptions = {}): Promise<Embeddings> {
    const matrix = () => new Float32Array(items.length * dimension);
    const result = { fused: matrix(), image: matrix(), text: matrix() };
    const partial = anyPartial(items);
    for (let start = 0; start < items.length; start += batchSize) {
      await nextTurn();
      throwIfAborted(signal, start, items.length);
      const chunk = items.slice(start, start + batchSize);
      const vectors = await pass(chunk, batchSize, partial);
      for (const view of ['fused', 'image', 'text'] as const) {
        const data = vectors[view].data as Float32Array;
        result[view].set(data.subarray(0, chunk.length * dimension), start * dimension);
      }
      onProgress?.(start + chunk.length, items.length);
    }
    const has = (field: 'image' | 'title') => Float32Array.from(items, (item) => Number(item[field] !== undefined));
    return { count: items.length, dimension, ...result, hasImage: has('image'), hasText: has('title') };
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
    const { fused } = await pass([item], 1, true);
    return (fused.data as Float32Array).slice();
  }

  return { dimension, embed, embedQuery, dispose: () => represent.dispose() };
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
