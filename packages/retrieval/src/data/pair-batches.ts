import type { HostTensor } from '@uniecs/compile';
import { type AugmentOptions, augmentationRandom, augmentImage } from '@uniecs/encoders/node';
import type { Item, Pair } from '@uniecs/mbeer';
import { seededRandom } from '@uniecs/tensor';
import { anyPartial, float32, type HostItems, type ItemLoader, int32, itemBatch } from './item-batch.js';

/** A training batch of N pairs as host arrays: 2N items (items 1 first) and the fields of `PairLabels`. */
export interface HostPairs {
  readonly items: HostItems;
  readonly labels: {
    readonly valid: HostTensor;
    readonly product1: HostTensor;
    readonly product2: HostTensor;
    readonly hasImage1?: HostTensor;
    readonly hasImage2?: HostTensor;
    readonly hasText1?: HostTensor;
    readonly hasText2?: HostTensor;
  };
  /** Pairs of the data in this batch; the other rows are padding. */
  readonly count: number;
}

/** The batches of a run: a pure function of the step, so that a resumed run gets the same ones. */
export interface PairBatches {
  /** Pairs of an epoch. */
  readonly pairs: number;
  readonly stepsPerEpoch: number;
  /** Pairs in the last batch of an epoch. */
  readonly lastCount: number;
  /** The batch of a step, from 0. */
  batch(step: number): Promise<HostPairs>;
  /** Starts decoding the images of a step, in the background; a file that cannot be decoded is told by `batch`. */
  prefetch(step: number): void;
}

/** Where batches come from. */
export interface PairBatchesOptions {
  readonly pairs: readonly Pair[];
  readonly loader: ItemLoader;
  readonly batchSize: number;
  readonly seed: number;
  /** Changes of the augmentation; false for none. */
  readonly augment?: AugmentOptions | false;
}

/**
 * Shuffles the pairs anew each epoch (seeded by run and epoch) and cuts them into batches of equal size; a short last batch
 * is filled with rows that no loss sees, so that every step runs the same compiled graph. Each image is augmented by a stream of
 * its item and step.
 */
export function pairBatches({ pairs, loader, batchSize, seed, augment = {} }: PairBatchesOptions): PairBatches {
  const stepsPerEpoch = Math.ceil(pairs.length / batchSize);
  const partial = anyPartial(pairs.flatMap(({ item1, item2 }) => [item1, item2]));
  const productOf = productNumbers(pairs);
  const random = seededRandom(seed).fork('batches');
  let shuffled: { readonly epoch: number; readonly order: Int32Array } = { epoch: -1, order: new Int32Array(0) };

  function orderOf(epoch: number): Int32Array {
    if (shuffled.epoch !== epoch) shuffled = { epoch, order: random.fork(epoch).permutation(pairs.length) };
    return shuffled.order;
  }

  /** Indices of the pairs of a step. */
  function chosenAt(step: number): number[] {
    const start = (step % stepsPerEpoch) * batchSize;
    return [...orderOf(Math.floor(step / stepsPerEpoch)).subarray(start, start + batchSize)];
  }

  function prefetch(step: number): void {
    const items = chosenAt(step).flatMap((index) => [(pairs[index] as Pair).item1, (pairs[index] as Pair).item2]);
    void loader.images.prefetch(items.map(({ image }) => image).filter((path) => path !== undefined));
  }

  async function batch(step: number): Promise<HostPairs> {
    const chosen = chosenAt(step);
    const padding: undefined[] = Array.from({ length: batchSize - chosen.length });
    const side = (field: 'item1' | 'item2'): (Item | undefined)[] => [
      ...chosen.map((index) => (pairs[index] as Pair)[field]),
      ...padding,
    ];
    const transform = (pixels: Uint8Array, item: Item) => {
      if (augment === false) return pixels;
      return augmentImage(pixels, loader.imageSize, augmentationRandom(seed, item.id, step), augment);
    };
    const items = await itemBatch([...side('item1'), ...side('item2')], loader, { partial, transform });
    const numbers = (item: 'item1' | 'item2') => {
      const known = chosen.map((index) => productOf((pairs[index] as Pair)[item]));
      return int32(Int32Array.from([...known, ...padding.map((_, i) => -1 - i)]), batchSize);
    };
    const labels = {
      valid: float32(
        Float32Array.from({ length: batchSize }, (_, i) => Number(i < chosen.length)),
        batchSize,
      ),
      product1: numbers('item1'),
      product2: numbers('item2'),
      ...presence(items, batchSize),
    };
    return { items, labels, count: chosen.length };
  }

  const lastCount = pairs.length - (stepsPerEpoch - 1) * batchSize;
  return { pairs: pairs.length, stepsPerEpoch, lastCount, batch, prefetch };
}

function presence({ hasImage, hasText }: HostItems, batchSize: number) {
  if (!hasImage || !hasText) return {};
  const half = (tensor: HostTensor, item: number) =>
    float32((tensor.data as Float32Array).slice(item * batchSize, (item + 1) * batchSize), batchSize);
  return {
    hasImage1: half(hasImage, 0),
    hasImage2: half(hasImage, 1),
    hasText1: half(hasText, 0),
    hasText2: half(hasText, 1),
  };
}

/** The two names of a product. */
function namesOf({ id, title }: Item): string[] {
  return title === undefined ? [`id ${id}`] : [`id ${id}`, `title ${title.toLowerCase().trim()}`];
}

/** A number per product. Items of the same id or the same title are one product (in-batch false negatives otherwise). */
function productNumbers(pairs: readonly Pair[]): (item: Item) => number {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    let root = name;
    for (let up = parents.get(root); up !== undefined && up !== root; up = parents.get(root)) root = up;
    parents.set(name, root);
    return root;
  };
  const items = pairs.flatMap(({ item1, item2 }) => [item1, item2]);
  for (const item of items) {
    const [first, ...others] = namesOf(item).map(rootOf) as [string, ...string[]];
    for (const other of others) parents.set(other, first);
  }
  const numbers = new Map<string, number>();
  for (const { id } of items) {
    const root = rootOf(`id ${id}`);
    if (!numbers.has(root)) numbers.set(root, numbers.size);
  }
  return ({ id }) => numbers.get(rootOf(`id ${id}`)) as number;
}
