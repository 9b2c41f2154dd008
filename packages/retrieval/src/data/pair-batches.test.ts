import type { HostTensor } from '@uniecs/compile';
import { imageSource, loadTokenizer, trainTokenizer } from '@uniecs/encoders/node';
import type { Item, Pair } from '@uniecs/mbeer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SmallCatalogue, smallCatalogue, withGaps } from '../testing/small-catalogue.js';
import type { ItemLoader } from './item-batch.js';
import { type HostPairs, type PairBatchesOptions, pairBatches } from './pair-batches.js';

let catalogue: SmallCatalogue;
let loader: ItemLoader;
/** The training pairs, no title twice. */
let train: Pair[];
beforeAll(async () => {
  catalogue = await smallCatalogue();
  const titled = (item: Item, number: number): Item => ({ ...item, title: `${item.title} ${number}` });
  train = catalogue.train.map((pair, i) => ({
    ...pair,
    item1: titled(pair.item1, 2 * i),
    item2: titled(pair.item2, 2 * i + 1),
  }));
  const titles = train.flatMap(({ item1, item2 }) => [item1.title as string, item2.title as string]);
  const tokenizer = loadTokenizer(trainTokenizer(titles));
  loader = { tokenizer, images: imageSource({ size: 8 }), maxLength: 12 };
});
afterAll(() => catalogue.remove());

const batchesOf = (options: Partial<PairBatchesOptions> = {}) =>
  pairBatches({ pairs: train, loader, batchSize: 8, seed: 4, ...options });

/** The numbers of one row. */
const cut = (data: ArrayLike<number>, row: number, size: number) =>
  Array.from(data).slice(row * size, (row + 1) * size);

const joined = (...tensors: (HostTensor | undefined)[]) => tensors.flatMap((x) => Array.from(x?.data ?? []));

/** Which pairs a batch holds, by the number of their first product (each product is in one pair). */
const pairsIn = ({ labels, count }: HostPairs) => [...labels.product1.data.slice(0, count)];

describe('pairBatches', () => {
  it.each<[string, Partial<PairBatchesOptions>]>([
    ['as they are', {}],
    ['swapped and without modalities', { batching: { swap: 0.5 }, modalityDropout: { image: 0.2, text: 0.2 } }],
  ])('is a pure function of the step, whatever was asked for before: pairs %s', async (_, options) => {
    const inOrder = batchesOf(options);
    const forwards: HostPairs[] = [];
    for (let step = 0; step < 7; step++) forwards.push(await inOrder.batch(step));
    const jumping = batchesOf(options);
    for (const step of [6, 0, 4, 4, 2]) expect(await jumping.batch(step)).toEqual(forwards[step]);
    // Asked for at once, they do not disturb one another.
    const atOnce = batchesOf(options);
    expect(await Promise.all([5, 1, 3].map((step) => atOnce.batch(step)))).toEqual(
      [5, 1, 3].map((step) => forwards[step]),
    );
  });

  it.each([1, 3])('is the same to the bit with %i threads', async (workers) => {
    const images = imageSource({ size: 8, workers });
    const threaded = batchesOf({ loader: { ...loader, images } });
    const steps = [0, 1, 2, 3, 6];
    const found = await Promise.all(steps.map((step) => threaded.batch(step)));
    expect(found).toEqual(await Promise.all(steps.map((step) => batchesOf().batch(step))));
    expect(found[0]).not.toEqual(await batchesOf().batch(1));
    await images.dispose();
  });

  it('shows every pair once an epoch, in another order each epoch and for each seed', async () => {
    const batches = batchesOf();
    expect(batches).toMatchObject({ pairs: 22, stepsPerEpoch: 3, fewest: 6 });
    const epoch = async (source: typeof batches, number: number) => {
      const parts = await Promise.all([0, 1, 2].map((i) => source.batch(3 * number + i)));
      expect(parts.map(({ count }) => count)).toEqual([8, 8, 6]);
      return parts.flatMap(pairsIn);
    };
    const [first, second, other] = [
      await epoch(batches, 0),
      await epoch(batches, 1),
      await epoch(batchesOf({ seed: 5 }), 0),
    ];
    const sorted = (order: number[]) => [...order].sort((a, b) => a - b);
    expect(new Set(first).size).toBe(22);
    for (const order of [second, other]) {
      expect(sorted(order)).toEqual(sorted(first));
      expect(order).not.toEqual(first);
    }
  });

  it('fills a short last batch up with rows that are not valid, all batches of one shape', async () => {
    const batches = batchesOf({ batchSize: 8 });
    const [full, last] = [await batches.batch(0), await batches.batch(2)];
    expect([...last.labels.valid.data]).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
    expect([...full.labels.valid.data]).toEqual(Array.from({ length: 8 }, () => 1));
    const shapes = ({ items, labels }: HostPairs) =>
      Object.entries({ ...items, ...labels }).map(([name, { dtype, shape }]) => [name, dtype, shape]);
    expect(shapes(last)).toEqual(shapes(full));
    // A row of padding is no product of the data, nor that of another row.
    const { product1, product2 } = last.labels;
    expect([...product1.data.slice(6), ...product2.data.slice(6)].every((number) => number < 0)).toBe(true);
    expect(new Set(product1.data).size).toBe(8);
    expect(last.itemIds.map((id) => id === undefined)).toEqual([...'0000001100000011'].map((x) => x === '1'));
    expect([...last.items.mask.data.slice(6 * 12, 8 * 12)].every(Number.isFinite)).toBe(true);
  });

  it('within a token budget, has every pair once an epoch in batches of few shapes, and gives the titles whole', async () => {
    const batching = { tokenBudget: 130 };
    const batches = batchesOf({ batching, imageTokens: 5, batchSize: 8 });
    const made = await Promise.all(Array.from({ length: batches.stepsPerEpoch }, (_, step) => batches.batch(step)));
    expect(made.reduce((sum, { count }) => sum + count, 0)).toBe(22);
    expect(new Set(made.flatMap(pairsIn)).size).toBe(22);
    const shapes = new Set(made.map(({ items }) => items.ids.shape.join()));
    expect(shapes.size).toBeLessThanOrEqual(4);
    for (const { items, itemIds, labels } of made) {
      const [rows, length] = items.ids.shape as [number, number];
      expect(rows * (5 + length)).toBeLessThanOrEqual(130);
      expect(rows).toBeLessThanOrEqual(batches.rows);
      expect([items.pixels.shape[0], labels.valid.shape[0]]).toEqual([rows, rows / 2]);
      for (const [row, id] of itemIds.entries()) {
        const item = train.flatMap(({ item1, item2 }) => [item1, item2]).find((each) => each.id === id);
        if (!item) continue;
        const whole = loader.tokenizer.encodeBatch([item.title], 12).ids;
        expect([...items.ids.data.slice(row * length, (row + 1) * length)]).toEqual([...whole.slice(0, length)]);
        expect(whole.slice(length).every((token) => token === 0)).toBe(true);
      }
    }
    const again = batchesOf({ batching, imageTokens: 5, batchSize: 8 });
    expect(await again.batch(2)).toEqual(made[2]);
  });

  it('with uniqueProducts, has no product twice in a batch', async () => {
    // Each title is there twice, in pairs of its own.
    const pairs = [...train, ...train].map((pair, i) => ({
      ...pair,
      item1: { ...pair.item1, id: `${pair.item1.id} ${i}` },
      item2: { ...pair.item2, id: `${pair.item2.id} ${i}` },
    }));
    const repeats = async (uniqueProducts: boolean) => {
      const batches = batchesOf({ pairs, batching: { uniqueProducts } });
      const made = await Promise.all([0, 1, 2, 3, 4, 5].map((step) => batches.batch(step)));
      return made.reduce((sum, batch) => sum + batch.count - new Set(pairsIn(batch)).size, 0);
    };
    expect(await repeats(false)).toBeGreaterThan(0);
    expect(await repeats(true)).toBe(0);
  });

  it('has batches of all pairs where the batch size is larger than the data', async () => {
    const batches = batchesOf({ batchSize: 30 });
    expect(batches).toMatchObject({ stepsPerEpoch: 1, fewest: 22 });
    expect((await batches.batch(3)).count).toBe(22);
  });

  it('puts items 1 first, then items 2, of the same pairs', async () => {
    const { items, labels, itemIds } = await batchesOf({ augment: false }).batch(1);
    for (let row = 0; row < 8; row++) {
      // Products are numbered as they come: pair i has 2i and 2i + 1.
      const pair = train[(labels.product1.data[row] as number) / 2] as Pair;
      for (const [half, item] of [pair.item1, pair.item2].entries()) {
        const { ids } = loader.tokenizer.encodeBatch([item.title], 12);
        const at = (half * 8 + row) * 12;
        expect(itemIds[half * 8 + row]).toBe(item.id);
        expect([...items.ids.data.slice(at, at + 12)]).toEqual([...ids]);
      }
      expect(labels.product2.data[row]).toBe((labels.product1.data[row] as number) + 1);
    }
  });

  it('augments anew each step, by seed, and not at all where told so', async () => {
    const one = train.slice(0, 1);
    const pixels = async (options: Partial<PairBatchesOptions>, step: number) =>
      (await batchesOf({ pairs: one, batchSize: 1, ...options }).batch(step)).items.pixels.data;
    expect(await pixels({}, 0)).toEqual(await pixels({}, 0));
    expect(await pixels({}, 1)).not.toEqual(await pixels({}, 0));
    expect(await pixels({ seed: 9 }, 0)).not.toEqual(await pixels({}, 0));
    expect(await pixels({ augment: false }, 1)).toEqual(await pixels({ augment: false }, 0));
  });

  it('says which items lack what, where any does, padding none', async () => {
    const batches = batchesOf({ pairs: withGaps(train) });
    for (const step of [0, 2]) {
      const { items, labels } = await batches.batch(step);
      const halves = (data: ArrayLike<number> | undefined) => [
        Array.from(data ?? []).slice(0, 8),
        Array.from(data ?? []).slice(8),
      ];
      expect([labels.hasImage1, labels.hasImage2].map((x) => [...(x?.data ?? [])])).toEqual(
        halves(items.hasImage?.data),
      );
      expect([labels.hasText1, labels.hasText2].map((x) => [...(x?.data ?? [])])).toEqual(halves(items.hasText?.data));
    }
    expect(Object.keys((await batchesOf().batch(0)).labels)).toEqual(['valid', 'product1', 'product2']);
  });

  it('swaps items with all that is theirs, and shows each of them as it would be in its own place', async () => {
    const [plain, swapped] = [batchesOf({ augment: false }), batchesOf({ augment: false, batching: { swap: 0.5 } })];
    const size = 8 * 8 * 3;
    let count = 0;
    for (const step of [0, 1, 2, 3]) {
      const [before, after] = await Promise.all([plain.batch(step), swapped.batch(step)]);
      for (let row = 0; row < before.count; row++) {
        const isSwapped = after.itemIds[row] !== before.itemIds[row];
        count += Number(isSwapped);
        for (const side of [0, 1]) {
          const [from, to] = [row + 8 * side, row + 8 * (isSwapped ? 1 - side : side)];
          expect(after.itemIds[to]).toBe(before.itemIds[from]);
          expect(cut(after.items.pixels.data, to, size)).toEqual(cut(before.items.pixels.data, from, size));
          expect(cut(after.items.ids.data, to, 12)).toEqual(cut(before.items.ids.data, from, 12));
          expect(cut(after.items.mask.data, to, 12)).toEqual(cut(before.items.mask.data, from, 12));
        }
        const products = ({ labels }: HostPairs) => [labels.product1.data[row], labels.product2.data[row]];
        expect(isSwapped ? products(after).reverse() : products(after)).toEqual(products(before));
      }
      expect(after.labels.valid).toEqual(before.labels.valid);
    }
    // Of 8 + 8 + 6 + 8 pairs.
    expect(count).toBeGreaterThan(5);
    expect(count).toBeLessThan(25);
  });

  it('leaves modalities out, says so in every batch, and shows what is left as it was', async () => {
    const dropping = batchesOf({ modalityDropout: { image: 0.3, text: 0.3 } });
    const plain = batchesOf();
    const size = 8 * 8 * 3;
    let [withoutImage, withoutText] = [0, 0];
    for (const step of [0, 1, 2]) {
      const [before, after] = await Promise.all([plain.batch(step), dropping.batch(step)]);
      const [hasImage, hasText] = [after.items.hasImage?.data, after.items.hasText?.data] as [
        Float32Array,
        Float32Array,
      ];
      expect(joined(after.labels.hasImage1, after.labels.hasImage2)).toEqual([...hasImage]);
      expect(joined(after.labels.hasText1, after.labels.hasText2)).toEqual([...hasText]);
      expect(after.itemIds).toEqual(before.itemIds);
      expect([after.labels.product1, after.labels.product2]).toEqual([before.labels.product1, before.labels.product2]);
      for (const [row, id] of after.itemIds.entries()) {
        const pixels = cut(after.items.pixels.data, row, size);
        if (hasImage[row]) expect(pixels).toEqual(cut(before.items.pixels.data, row, size));
        else expect(pixels.every((value) => value === 0)).toBe(true);
        const mask = cut(after.items.mask.data, row, 12);
        if (hasText[row]) expect(mask).toEqual(cut(before.items.mask.data, row, 12));
        else expect(mask.every((value) => value === 0)).toBe(true);
        expect((hasImage[row] as number) + (hasText[row] as number)).toBeGreaterThanOrEqual(id === undefined ? 2 : 1);
        withoutImage += Number(!hasImage[row]);
        withoutText += Number(!hasText[row]);
      }
    }
    // Of 44 items.
    expect(Math.min(withoutImage, withoutText)).toBeGreaterThan(5);
    expect(Math.max(withoutImage, withoutText)).toBeLessThan(25);
  });

  it('has presence in a batch of whole items too, where any may come without a modality', async () => {
    const { labels, items } = await batchesOf({ modalityDropout: { text: 1e-9 } }).batch(0);
    expect([...(items.hasText?.data ?? [])]).toEqual(Array.from({ length: 16 }, () => 1));
    expect(Object.keys(labels)).toContain('hasImage2');
    expect(Object.keys((await batchesOf({ modalityDropout: { text: 0 } }).batch(0)).labels)).not.toContain('hasText1');
  });

  it('gives items of one id or one title the same number, through others too', async () => {
    const item = (id: string, title?: string): Item => ({
      id,
      ...(title ? { title } : { image: catalogue.train[0]?.item1.image as string }),
    });
    const pairs: Pair[] = [
      { line: 1, item1: item('a', 'Red shirt'), item2: item('b', 'blue shirt') },
      { line: 2, item1: item('c', 'red shirt '), item2: item('d', 'green shirt') },
      // Same product as a and c by way of c, and without a title.
      { line: 3, item1: item('c', 'crimson shirt'), item2: item('e', 'Crimson Shirt') },
      { line: 4, item1: item('e'), item2: item('f') },
    ].map((pair) => ({ ...pair, tag: 1 }));
    const { labels } = await batchesOf({ pairs, batchSize: 4 }).batch(0);
    // Rows are shuffled: find each by what is known of its partner.
    const rows = [...labels.product1.data].map((first, row) => [first, labels.product2.data[row] as number]);
    const same = rows.filter(([first, second]) => first === second);
    expect(same).toHaveLength(1);
    const shirt = same[0]?.[0];
    expect(rows.filter(([first]) => first === shirt)).toHaveLength(4);
    expect(new Set(rows.map(([, second]) => second)).size).toBe(4);
  });
});
