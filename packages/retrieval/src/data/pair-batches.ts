import type { HostTensor } from '@uniecs/compile';
import type { AugmentOptions } from '@uniecs/encoders/node';
import { type Item, type Pair, productNumbers } from '@uniecs/mbeer';
import { seededRandom } from '@uniecs/tensor';
import { type BatchGroup, batchPlan, type PlannedBatch } from './batch-plan.js';
import type { HostBatch, LoadItems } from './feed-batches.js';
import { anyPartial, float32, type HostItems, type ItemLoader, int32, itemBatch } from './item-batch.js';
import { titleGroups } from './title-groups.js';
import { dropsModalities, type ModalityDropout, varyPairs } from './vary-pairs.js';

/** A training batch of N pairs as host arrays: 2N items (items 1 first) and the fields of `PairLabels`. */
export interface HostPairs<Items extends HostBatch = HostItems> {
  readonly items: Items;
  readonly labels: {
    readonly valid: HostTensor;
    readonly product1: HostTensor;
    readonly product2: HostTensor;
    readonly hasImage1?: HostTensor;
    readonly hasImage2?: HostTensor;
    readonly hasText1?: HostTensor;
    readonly hasText2?: HostTensor;
  };
  /** The items' ids by row, undefined for padding. */
  readonly itemIds: readonly (string | undefined)[];
  /** Pairs of the data in this batch; the other rows are padding. */
  readonly count: number;
}

/** The batches of a run: a pure function of the step, so that a resumed run gets the same ones. */
export interface PairBatches<Items extends HostBatch = HostItems> {
  /** Pairs of an epoch. */
  readonly pairs: number;
  readonly stepsPerEpoch: number;
  /** Pairs in the smallest batch of an epoch. */
  readonly fewest: number;
  /** Items in the largest batch, padding included: 2N. */
  readonly rows: number;
  /**
   * The batch of a step, from 0.
   *
   * @param pixels memory for the pixels of `rows` images, from the loader's `images.pixels`; default new memory
   */
  batch(step: number, pixels?: Uint8Array): Promise<HostPairs<Items>>;
}

/** Where batches come from. */
export interface PairBatchesOptions {
  readonly pairs: readonly Pair[];
  readonly loader: ItemLoader;
  readonly batchSize: number;
  readonly seed: number;
  /** Changes of the augmentation; false for none. */
  readonly augment?: AugmentOptions | false;
  readonly batching?: Batching;
  /** How often items come without a modality that they have; default never. */
  readonly modalityDropout?: ModalityDropout;
  /** For each pair, the pairs that own its hard negatives (`negativePairs`); default none. */
  readonly negatives?: readonly (readonly number[])[] | undefined;
  /** Tokens of an image, for the token budget. */
  readonly imageTokens?: number;
}

/** How pairs are gathered into batches. */
export interface Batching {
  /**
   * Most tokens of a batch, titles padded and images included. Pairs with titles of like length come together, the shorter the more of
   * them, up to `batchSize`; a graph is compiled for each of at most four lengths. Default none: `batchSize` pairs a batch.
   */
  readonly tokenBudget?: number;
  /**
   * Whether pairs that share a product (by id or by title) come in different batches as far as that can be; default false: their
   * negatives are masked.
   */
  readonly uniqueProducts?: boolean;
  /**
   * Probability, 0 to 1, that the two items of a pair change places, drawn for each pair and step; default 0. What a loss trains in one
   * direction alone, such as v1 against f2 in PML (Eq. 9), is trained in the other one too.
   */
  readonly swap?: number;
}

/**
 * Shuffles the pairs anew each epoch (seeded by run and epoch) and cuts them into batches, of equal size unless `batching` says
 * otherwise; a short one is filled with rows that no loss sees, so that steps share a compiled graph. Each image is augmented by a stream
 * of its item and step; swapped items and modalities left out are drawn for each step likewise (`varyPairs`). With `negatives` a pair's
 * batch has the pairs of its hard negatives first (`gatherNegatives`), which so are in-batch negatives.
 *
 * @throws UniecsError `argument` as `titleGroups` does
 */
export function pairBatches(options: PairBatchesOptions): PairBatches {
  return loadedPairs(options, (items, made) => itemBatch(items, options.loader, made));
}

/** `pairBatches` whose items are made by `load`, features of frozen encoders say. */
export function loadedPairs<Items extends HostBatch>(
  options: PairBatchesOptions,
  load: LoadItems<Items>,
): PairBatches<Items> {
  const { pairs, seed, augment = {}, batching = {}, modalityDropout = {}, negatives } = options;
  const partial = dropsModalities(modalityDropout) || anyPartial(pairs.flatMap(({ item1, item2 }) => [item1, item2]));
  const varied = varyPairs({ seed, swap: batching.swap, modalityDropout });
  const productOf = productNumbers(pairs);
  const productsOf = (index: number) => {
    const { item1, item2 } = pairs[index] as Pair;
    return [productOf(item1), productOf(item2)];
  };
  const groups = groupsOf(options);
  const random = seededRandom(seed).fork('batches');
  const plan = batchPlan(groups, random, {
    productsOf: batching.uniqueProducts ? productsOf : undefined,
    negativesOf: negatives && ((pair) => negatives[pair] ?? []),
  });
  const { stepsPerEpoch, fewest } = plan;
  let planned: { readonly epoch: number; readonly batches: readonly PlannedBatch[] } = { epoch: -1, batches: [] };

  function planAt(step: number): PlannedBatch {
    const epoch = Math.floor(step / stepsPerEpoch);
    if (planned.epoch !== epoch) planned = { epoch, batches: plan.epoch(epoch) };
    return planned.batches[step % stepsPerEpoch] as PlannedBatch;
  }

  async function batch(step: number, pixels?: Uint8Array): Promise<HostPairs<Items>> {
    const { chosen, shape } = planAt(step);
    const { pairs: batchSize, length } = shape;
    const there = chosen.map((index) => varied(pairs[index] as Pair, index, step));
    const padding: undefined[] = Array.from({ length: batchSize - there.length });
    const side = (field: 'item1' | 'item2'): (Item | undefined)[] => [...there.map((pair) => pair[field]), ...padding];
    const rows = [...side('item1'), ...side('item2')];
    const items = await load(rows, {
      partial,
      length,
      augment: augment === false ? undefined : { seed, step, options: augment },
      into: pixels,
    });
    const numbers = (item: 'item1' | 'item2') => {
      const known = there.map((pair) => productOf(pair[item]));
      return int32(Int32Array.from([...known, ...padding.map((_, i) => -1 - i)]), batchSize);
    };
    const labels = {
      valid: float32(
        Float32Array.from({ length: batchSize }, (_, i) => Number(i < there.length)),
        batchSize,
      ),
      product1: numbers('item1'),
      product2: numbers('item2'),
      ...presence(items, batchSize),
    };
    return { items, labels, itemIds: rows.map((item) => item?.id), count: there.length };
  }

  const rows = 2 * Math.max(...groups.map(({ shape }) => shape.pairs));
  return { pairs: pairs.length, stepsPerEpoch, fewest, rows, batch };
}

/** The pairs by the shape of their batches: one shape, or one for each length of titles. */
function groupsOf({ pairs, loader, batchSize, batching = {}, imageTokens = 0 }: PairBatchesOptions): BatchGroup[] {
  const { tokenizer, maxLength } = loader;
  const { tokenBudget } = batching;
  if (tokenBudget === undefined) {
    return [{ shape: { pairs: batchSize, length: maxLength }, members: pairs.map((_, i) => i) }];
  }
  const lengths = pairs.map(({ item1, item2 }) => {
    const { mask } = tokenizer.encodeBatch([item1.title, item2.title], maxLength);
    const tokens = [mask.subarray(0, maxLength), mask.subarray(maxLength)].map((row) => row.reduce((a, b) => a + b, 0));
    return Math.max(2, ...tokens);
  });
  return titleGroups({ lengths, maxLength, imageTokens, batchSize, tokenBudget });
}

function presence({ hasImage, hasText }: HostBatch, batchSize: number) {
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
