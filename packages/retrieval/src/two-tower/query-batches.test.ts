import { imageSource, loadTokenizer, trainTokenizer } from '@uniecs/encoders/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ItemLoader } from '../data/item-batch.js';
import { type HostQueryBatch, type QueryBatchesOptions, queryBatches } from './query-batches.js';
import { type QuerySet, queryData } from './query-data.js';
import { generatedFields as fields, type QueryCatalogue, queryCatalogue } from './testing/query-catalogue.js';

let catalogue: QueryCatalogue;
let data: QuerySet;
let loader: ItemLoader;
beforeAll(async () => {
  catalogue = await queryCatalogue();
  data = queryData(catalogue.items, { fields, trainQueriesPerKind: 20 }).train;
  const tokenizer = loadTokenizer(trainTokenizer(data.products.map(({ title }) => title as string)));
  loader = { tokenizer, images: imageSource({ size: 8 }), maxLength: 6 };
});
afterAll(() => catalogue.remove());

const batchesOf = (options: Partial<QueryBatchesOptions> = {}) =>
  queryBatches({ data, loader, batchSize: 16, seed: 4, reads: 'image and text', ...options });
const pairsIn = ({ ids, count }: HostQueryBatch) =>
  Array.from({ length: count }, (_, i) => [ids[i] as string, ids[16 + i] as string] as const);
const relevantTo = (queryId: string) => data.queries.find(({ id }) => id === queryId)?.relevant as readonly string[];

describe('queryBatches', () => {
  it('is a pure function of the step, whatever was asked for before', async () => {
    const inOrder = batchesOf();
    const steps = [...Array(inOrder.stepsPerEpoch + 2).keys()];
    const forwards: HostQueryBatch[] = [];
    for (const step of steps) forwards.push(await inOrder.batch(step));
    const jumping = batchesOf();
    for (const step of [steps.length - 1, 0, 2, 2, steps.length - 2]) {
      expect(await jumping.batch(step)).toEqual(forwards[step]);
    }
  });

  it('has every query in each epoch with up to four of its relevant products, others in the next', async () => {
    const batches = batchesOf();
    const epoch = async (number: number) => {
      const steps = [...Array(batches.stepsPerEpoch).keys()].map((i) => number * batches.stepsPerEpoch + i);
      return (await Promise.all(steps.map((step) => batches.batch(step)))).flatMap(pairsIn);
    };
    const [first, second] = [await epoch(0), await epoch(1)];
    expect(first).toHaveLength(batches.pairs);
    expect(second).toHaveLength(batches.pairs);
    for (const { id, relevant } of data.queries) {
      const own = first.filter(([query]) => query === id).map(([, product]) => product);
      expect(own).toHaveLength(Math.min(4, relevant.length));
      expect(new Set(own).size).toBe(own.length);
      expect(own.every((product) => relevant.includes(product))).toBe(true);
    }
    const shown = (pairs: typeof first) => new Set(pairs.map(([query, product]) => `${query} ${product}`));
    expect(shown(second)).not.toEqual(shown(first));
  });

  it('marks every other product of the batch that is relevant to a query, whichever query it came with', async () => {
    const batches = batchesOf();
    let [marked, ofOthers] = [0, 0];
    for (let step = 0; step < batches.stepsPerEpoch; step++) {
      const batch = await batches.batch(step);
      const pairs = pairsIn(batch);
      const mask = batch.labels.alsoRelevant.data;
      for (let i = 0; i < 16; i++) {
        for (let j = 0; j < 16; j++) {
          const [query] = pairs[i] ?? [];
          const [other, product] = pairs[j] ?? [];
          const expected =
            query !== undefined && product !== undefined && i !== j && relevantTo(query).includes(product);
          expect(mask[i * 16 + j]).toBe(Number(expected));
          marked += Number(expected);
          ofOthers += Number(expected && other !== query);
        }
      }
    }
    expect(marked).toBeGreaterThan(0);
    expect(ofOthers).toBeGreaterThan(0);
  });

  it('fills the last batch with rows that are not valid', async () => {
    const batches = batchesOf({ batchSize: 16 });
    const rest = batches.pairs % 16;
    expect(rest).toBeGreaterThan(0);
    const batch = await batches.batch(batches.stepsPerEpoch - 1);
    expect(batch.count).toBe(rest);
    expect([...batch.labels.valid.data]).toEqual(Array.from({ length: 16 }, (_, i) => Number(i < rest)));
    expect(batch.ids.filter((id) => id === undefined)).toHaveLength(2 * (16 - rest));
  });

  it('holds the texts of its queries and the pictures of its products, augmented by the step', async () => {
    const plain = await batchesOf({ augment: false }).batch(1);
    const texts = pairsIn(plain).map(([query]) => data.queries.find(({ id }) => id === query)?.text);
    expect([...plain.queries.ids.data]).toEqual([...loader.tokenizer.encodeBatch(texts, 6).ids]);
    const paths = pairsIn(plain).map(([, product]) => data.products.find(({ id }) => id === product)?.image);
    const pixels = loader.images.pixels(16);
    await loader.images.fill({ paths }, pixels);
    expect(plain.products.pixels.data).toEqual(pixels);
    const augmented = await batchesOf().batch(1);
    expect(augmented.products.pixels.data).not.toEqual(pixels);
    expect(augmented.labels).toEqual(plain.labels);
  });

  it('shows a tower that reads the title alone no picture, and the same titles', async () => {
    const both = await batchesOf({ augment: false }).batch(0);
    const titles = await batchesOf({ reads: 'text', augment: false }).batch(0);
    expect(titles.products.ids).toEqual(both.products.ids);
    expect(titles.products.pixels.data.every((value) => value === 0)).toBe(true);
    expect(titles.ids).toEqual(both.ids);
  });
});
