import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { imageSource, loadTokenizer, trainTokenizer } from '@uniecs/encoders/node';
import { type EvaluationReport, type Item, type Pair, tasks } from '@uniecs/mbeer';
import { disposeModule, UniecsError } from '@uniecs/tensor';
import '@uniecs/tensor/testing';
import { seededRandom } from '@uniecs/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ItemLoader } from '../data/item-batch.js';
import { itemBatch } from '../data/item-batch.js';
import type { ItemTensors } from '../model/item-tensors.js';
import { type RetrievalModel, retrievalModel } from '../model/retrieval-model.js';
import { type SmallCatalogue, smallCatalogue, withGaps } from '../testing/small-catalogue.js';
import { scatter, smallConfig, tensorsOf } from '../testing/small-training.js';
import { type Embedder, embedder } from './embedder.js';
import { evaluatePairs } from './model-embedder.js';

const close = { relative: 1e-4, absolute: 2e-6 };
let catalogue: SmallCatalogue;
let model: RetrievalModel;
let loader: ItemLoader;
let four: Embedder;
/** Nine items, some without image or title. */
let gappy: Item[];

beforeAll(async () => {
  catalogue = await smallCatalogue();
  const pairs = withGaps(catalogue.train.slice(0, 9));
  gappy = pairs.map(({ item1, item2 }, i) => (i % 2 === 0 ? item2 : item1));
  const titles = catalogue.train.flatMap(({ item1, item2 }) => [item1.title as string, item2.title as string]);
  const tokenizer = loadTokenizer(trainTokenizer(titles));
  const config = smallConfig();
  const text = { ...config.text, vocabularySize: tokenizer.vocabularySize, maxLength: 12 };
  model = retrievalModel({ ...config, text }, seededRandom(2));
  scatter(model, seededRandom(3));
  loader = { tokenizer, images: imageSource({ size: 8 }), maxLength: 12 };
  four = embedder({ model, loader, batchSize: 4 });
});
afterAll(async () => {
  await four.dispose();
  disposeModule(model);
  await catalogue.remove();
});

const row = (data: Float32Array, i: number) => data.slice(i * 8, (i + 1) * 8);

describe('an item with several images', () => {
  it('has the normalised mean of what it has with each, whatever their order and its batch mates', async () => {
    const [a, b, c] = catalogue.train.map(({ item1 }) => item1.image as string);
    const [title, other] = ['red shirt', 'blue'];
    const several: Item[] = [
      { id: 'x', title, image: a as string, moreImages: [b as string, c as string] },
      { id: 'y', title: other },
      { id: 'z', image: c as string, moreImages: [a as string] },
    ];
    const single = await four.embed([
      ...[a, b, c].map((image, i) => ({ id: `x${i}`, title, image: image as string })),
      { id: 'y', title: other },
      ...[c, a].map((image, i) => ({ id: `z${i}`, image: image as string })),
    ]);
    const seen: [number, number][] = [];
    const found = await four.embed(several, { onProgress: (done, total) => seen.push([done, total]) });
    expect(found.count).toBe(3);
    expect([...Array.from(found.hasImage), ...Array.from(found.hasText)]).toEqual([1, 0, 1, 1, 1, 0]);
    const mean = (data: Float32Array, rows: readonly number[]) => {
      const sums = Array.from({ length: 8 }, (_, k) => rows.reduce((sum, i) => sum + (row(data, i)[k] as number), 0));
      return sums.map((sum) => sum / Math.hypot(...sums));
    };
    const rows = [[0, 1, 2], [3], [4, 5]];
    for (const view of ['fused', 'image', 'text'] as const) {
      for (const [i, own] of rows.entries()) {
        if ((view === 'image' && i === 1) || (view === 'text' && i === 2)) continue;
        expect(row(found[view], i)).toBeCloseToArray(mean(single[view], own), { relative: 1e-5, absolute: 1e-6 });
      }
    }
    // Six single images in batches of four: one item is done after the first.
    expect(seen).toEqual([
      [2, 3],
      [3, 3],
    ]);
    const turned = { ...(several[0] as Item), image: c as string, moreImages: [a as string, b as string] };
    const [again] = [await four.embed([turned])];
    expect(again.fused).toBeCloseToArray(row(found.fused, 0), { relative: 1e-5, absolute: 1e-6 });
  });
});

describe('embedder', () => {
  it('gives what the model gives eagerly, row by row, whatever the batches', async () => {
    const { fused, image, text, ...rest } = await four.embed(gappy);
    expect(rest).toMatchObject({ count: 9, dimension: 8 });
    const has = (field: 'image' | 'title') => gappy.map((item) => Number(item[field] !== undefined));
    expect([...Array.from(rest.hasImage)]).toEqual(has('image'));
    expect([...Array.from(rest.hasText)]).toEqual(has('title'));
    expect(has('image')).toContain(0);
    expect(has('title')).toContain(0);
    for (const [i, item] of gappy.entries()) {
      const batch = await itemBatch([item], loader, { partial: true });
      tf.tidy(() => {
        const eager = model.represent(tensorsOf<ItemTensors>(batch));
        expect(row(fused, i)).toBeCloseToArray(tf.squeeze(eager.fused), close);
        if (item.image) expect(row(image, i)).toBeCloseToArray(tf.squeeze(eager.image), close);
        if (item.title) expect(row(text, i)).toBeCloseToArray(tf.squeeze(eager.text), close);
      });
      expect(Math.hypot(...row(fused, i))).toBeCloseTo(1, 5);
    }
  });

  it("an item's embeddings do not depend on its batch mates, the order or the padding of a short last batch", async () => {
    const all = await four.embed(gappy);
    const backwards = await four.embed([...gappy].reverse());
    const alone = await Promise.all(gappy.map((item) => four.embed([item])));
    for (const view of ['fused', 'image', 'text'] as const) {
      for (const [i, item] of gappy.entries()) {
        if ((view === 'image' && !item.image) || (view === 'text' && !item.title)) continue;
        expect(row(backwards[view], 8 - i)).toBeCloseToArray(row(all[view], i), close);
        expect(row((alone[i] as typeof all)[view], 0)).toBeCloseToArray(row(all[view], i), close);
      }
    }
  });

  it('gives the same bits for the same items in the same batches', async () => {
    expect(await four.embed(gappy)).toEqual(await four.embed(gappy));
  });

  it('embeds a query as an item with what it has: text, image or both', async () => {
    const item = catalogue.train[0]?.item1 as Required<Item>;
    const { fused, image, text } = await four.embed([item]);
    const both = await four.embedQuery({ text: item.title, image: item.image });
    expect(both).toBeCloseToArray(fused, close);
    expect(await four.embedQuery({ image: item.image })).toBeCloseToArray(image, close);
    const ofText = await four.embedQuery({ text: item.title });
    expect(ofText).toBeCloseToArray(text, close);
    expect(Math.hypot(...ofText)).toBeCloseTo(1, 5);
    expect(ofText).toHaveLength(8);
    // A copy: a later query leaves it alone.
    const kept = [...both];
    await four.embedQuery({ text: 'another' });
    expect([...both]).toEqual(kept);
  });

  it('refuses a query of nothing and an item of nothing, and names an unreadable image', async () => {
    const errors = await Promise.all(
      [four.embedQuery({}), four.embed([{ id: 'nothing' }]), four.embedQuery({ image: '/nowhere.png' })].map(
        (promise) => promise.catch((reason) => reason),
      ),
    );
    expect(errors.every((error) => UniecsError.isInstance(error))).toBe(true);
    expect(errors.map(({ code }) => code)).toEqual(['argument', 'data', 'data']);
    expect(errors[1].message).toContain('nothing');
    expect(errors[2].message).toContain('/nowhere.png');
  });

  it('tells its progress, stops at a signal, and embeds nothing of no items', async () => {
    const done: [number, number][] = [];
    const controller = new AbortController();
    const onProgress = (...progress: [number, number]) => {
      done.push(progress);
      if (done.length === 5) controller.abort();
    };
    await four.embed(gappy, { onProgress });
    expect(done).toEqual([
      [4, 9],
      [8, 9],
      [9, 9],
    ]);
    const error = await four.embed(gappy, { onProgress, signal: controller.signal }).catch((reason) => reason);
    expect(UniecsError.isInstance(error) && error).toMatchObject({ code: 'interrupted' });
    expect(error.message).toContain('after 8');
    expect(await four.embed([])).toMatchObject({ count: 0, fused: new Float32Array(0) });
  });
});

/** The nine tasks by plain loops over dot products in float64. */
async function naive(pairs: readonly Pair[]): Promise<EvaluationReport['tasks']> {
  const embed = async (item: Item) => four.embed([item]);
  const queries = await Promise.all(pairs.map(({ item1 }) => embed(item1)));
  const candidates = await Promise.all(pairs.map(({ item2 }) => embed(item2)));
  const exists = (item: Item, view: 'fused' | 'image' | 'text') =>
    view === 'fused' || item[view === 'image' ? 'image' : 'title'] !== undefined;
  const result: Record<string, EvaluationReport['tasks'][string]> = {};
  for (const { name, query, candidate } of tasks) {
    const pool = pairs.map((_, j) => j).filter((j) => exists((pairs[j] as Pair).item2, candidate));
    const asked = pool.filter((i) => exists((pairs[i] as Pair).item1, query));
    const ranks = asked.map((i) => {
      const score = (j: number) =>
        Array.from(queries[i]?.[query] ?? []).reduce(
          (sum, x, d) => sum + x * (candidates[j]?.[candidate][d] as number),
          0,
        );
      return 1 + pool.filter((j) => j !== i && score(j) >= score(i)).length;
    });
    const recall = (k: number) => ranks.filter((rank) => rank <= k).length / asked.length;
    result[name] = {
      'R@1': recall(1),
      'R@5': recall(5),
      'R@10': recall(10),
      queries: asked.length,
      candidates: pool.length,
    };
  }
  return result;
}

describe('evaluatePairs', () => {
  it('is the nine tasks by plain loops, also where items lack a modality', async () => {
    for (const pairs of [catalogue.validation, withGaps(catalogue.train.slice(0, 13))]) {
      const report = await evaluatePairs(four, pairs);
      expect(report.pairs).toBe(pairs.length);
      expect(report.tasks).toEqual(await naive(pairs));
    }
  });

  it('stops at a signal', async () => {
    const signal = AbortSignal.abort();
    const error = await evaluatePairs(four, catalogue.validation, { signal }).catch((reason) => reason);
    expect(UniecsError.isInstance(error) && error.code).toBe('interrupted');
  });
});
