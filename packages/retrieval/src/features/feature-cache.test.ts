import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { clipPreparation, imageSource, loadTokenizer, trainTokenizer } from '@uniecs/encoders/node';
import type { Item } from '@uniecs/mbeer';
import { disposeModule, seededRandom } from '@uniecs/tensor';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ItemLoader, itemBatch } from '../data/item-batch.js';
import { embedder } from '../embedding/embedder.js';
import type { FeatureTensors, ItemTensors } from '../model/item-tensors.js';
import type { ModelConfig } from '../model/model-config.js';
import { type RetrievalModel, retrievalModel } from '../model/retrieval-model.js';
import { type SmallCatalogue, smallCatalogue, withGaps } from '../testing/small-catalogue.js';
import { scatter, smallConfig, tensorsOf } from '../testing/small-training.js';
import { type Disk, realDisk } from './disk.js';
import { featureCache } from './feature-cache.js';
import { featureFeeder } from './host-features.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Faults that the disk is made to have. */
const fault = { free: undefined as number | undefined, fullAfter: Number.POSITIVE_INFINITY };
const disk: Disk = {
  free: async (path) => fault.free ?? realDisk.free(path),
  write: (...args) => {
    if (fault.fullAfter-- <= 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    realDisk.write(...args);
  },
};

let catalogue: SmallCatalogue;
let model: RetrievalModel;
let loader: ItemLoader;
let items: Item[];
let root: string;
const made: { close(): void }[] = [];
const folder = (name: string) => join(root, name);

function cacheIn(name: string, of: RetrievalModel = model) {
  const cache = featureCache({ model: of, loader, folder: folder(name), batchSize: 4, disk });
  made.push(cache);
  return cache;
}

function modelWith(vocabularySize: number, seed = 2, more: Partial<ModelConfig> = {}): RetrievalModel {
  const config = smallConfig();
  const built = retrievalModel(
    { ...config, ...more, text: { ...config.text, vocabularySize, maxLength: 12 } } as ModelConfig,
    seededRandom(2),
  );
  scatter(built, seededRandom(seed));
  return built;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'feature-cache-'));
  catalogue = await smallCatalogue();
  items = withGaps(catalogue.train.slice(0, 9)).flatMap(({ item1, item2 }) => [item1, item2]);
  const titles = items.flatMap(({ title }) => (title === undefined ? [] : [title]));
  const tokenizer = loadTokenizer(trainTokenizer(titles));
  loader = { tokenizer, images: imageSource({ size: 8 }), maxLength: 12 };
  model = modelWith(tokenizer.vocabularySize);
});
afterEach(() => {
  fault.free = undefined;
  fault.fullAfter = Number.POSITIVE_INFINITY;
  for (const cache of made.splice(0)) cache.close();
});
afterAll(async () => {
  disposeModule(model);
  await catalogue.remove();
  await rm(root, { recursive: true });
});

const distinctOf = (list: readonly Item[]) =>
  new Set(list.map(({ image }) => image)).size + new Set(list.map(({ title }) => title)).size;

describe('featureCache', () => {
  it('gives batches the tokens of the encoders, within the rounding to float16, and the same masks', async () => {
    const cache = cacheIn('tokens');
    const { done, total, distinct } = await cache.prepare(items);
    expect(done).toBe(total);
    expect(distinct).toBe(total);
    expect(distinct).toBeLessThanOrEqual(distinctOf(items));
    const options = { partial: true };
    const rows = [...items.slice(0, 7), undefined];
    const fed = featureFeeder()(await cache.load(rows, options));
    const batch = await itemBatch(rows, loader, options);
    const { pixels, ids, mask, hasImage, hasText } = tensorsOf<ItemTensors>(batch);
    expect(tf.tensor(fed.mask.data, [8, 12])).toBeCloseToArray(mask);
    expect(fed.hasImage?.data).toBeCloseToArray(hasImage as tf.Tensor1D);
    expect(fed.hasText?.data).toBeCloseToArray(hasText as tf.Tensor1D);
    const rounding = { relative: 2 ** -11, absolute: 2 ** -25 + 1e-6 };
    const present = (x: tf.Tensor, has: tf.Tensor) => tf.mul(x, tf.reshape(has, [-1, 1, 1]));
    // The row of padding has no picture and no title of its own.
    const real = tf.tensor1d([1, 1, 1, 1, 1, 1, 1, 0]);
    const V = present(model.tree.image_encoder.forward(pixels).tokens, tf.mul(hasImage as tf.Tensor, real));
    expect(tf.tensor(fed.imageTokens.data, [...fed.imageTokens.shape])).toBeCloseToArray(V, rounding);
    const T = tf.mul(model.tree.text_encoder.forward(ids, mask).tokens, tf.expandDims(mask, 2));
    expect(tf.tensor(fed.textTokens.data, [...fed.textTokens.shape])).toBeCloseToArray(present(T, real), rounding);
  });

  it('embeds items as the model does, within that rounding', async () => {
    const cache = cacheIn('tokens');
    await cache.prepare(items);
    const [whole, kept] = [
      embedder({ model, loader, batchSize: 5 }),
      embedder({ model, loader, batchSize: 5, load: cache.load }),
    ];
    const [expected, found] = [await whole.embed(items), await kept.embed(items)];
    for (const view of ['fused', 'image', 'text'] as const) {
      expect(found[view]).toBeCloseToArray(expected[view], { relative: 0, absolute: 3e-3 });
      expect(found[view]).not.toBeCloseToArray(expected[view], { relative: 0, absolute: 1e-7 });
    }
    await Promise.all([whole.dispose(), kept.dispose()]);
  });

  it('pads titles to the length of the batch, with the same embeddings', async () => {
    const cache = cacheIn('tokens');
    await cache.prepare(items);
    const tokensOf = (title: string) => loader.tokenizer.encodeBatch([title], 12).mask.reduce((sum, n) => sum + n, 0);
    const whole = items.filter(({ title, image }) => title !== undefined && image !== undefined);
    const short = whole.filter(({ title }) => tokensOf(title as string) <= 9).slice(0, 3);
    expect(short).toHaveLength(3);
    await expect(cache.load(short, { partial: false, length: 3 })).rejects.toMatchObject({ code: 'shape' });
    const feed = featureFeeder();
    const fused = async (length: number) => {
      const tensors = tensorsOf<FeatureTensors>(feed(await cache.load(short, { partial: false, length })));
      return model.represent(tensors).fused;
    };
    expect(await fused(12)).toBeCloseToArray(await fused(9), { relative: 1e-5, absolute: 1e-6 });
  });

  it('encodes nothing twice: not the next time, not the same picture under another name', async () => {
    const first = cacheIn('twice');
    await first.prepare(items);
    first.close();
    const copy = folder('copy.png');
    const { image } = items.find((item) => item.image !== undefined) as Item;
    await copyFile(image as string, copy);
    const { total } = await cacheIn('twice').prepare([...items, { id: 'copy', image: copy }]);
    expect(total).toBe(0);
  });

  it('goes on where it was stopped', async () => {
    const stop = new AbortController();
    const first = cacheIn('stopped');
    const stopped = first.prepare(items, {
      signal: stop.signal,
      onProgress: ({ done }) => void (done > 0 && stop.abort()),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    first.close();
    const second = await cacheIn('stopped').prepare(items);
    expect(second.total).toBe(second.distinct - 4);
    expect(second.done).toBe(second.total);
  });

  it('takes nothing that another encoder made, or that is of a picture as it was', async () => {
    await cacheIn('stale').prepare(items);
    const other = modelWith(loader.tokenizer.vocabularySize, 4);
    const { total, distinct } = await cacheIn('stale', other).prepare(items);
    expect(total).toBe(distinct);
    disposeModule(other);
    // The same weights, images prepared otherwise: titles are kept, pictures are not.
    const cut = modelWith(loader.tokenizer.vocabularySize, 2, { pixels: { ...clipPreparation, std: [0.5, 0.5, 0.5] } });
    const again = await cacheIn('stale', cut).prepare(items);
    expect(again.total).toBe(new Set(items.flatMap(({ image }) => (image === undefined ? [] : [image]))).size);
    disposeModule(cut);

    const path = folder('picture.png');
    const [one, two] = [...new Set(items.flatMap(({ image }) => (image === undefined ? [] : [image])))] as [
      string,
      string,
    ];
    await writeFile(path, await readFile(one));
    const item = { id: 'changing', image: path };
    const tokens = async () => {
      const cache = cacheIn('changing');
      await cache.prepare([item]);
      return featureFeeder()(await cache.load([item], { partial: true })).imageTokens.data.slice();
    };
    const before = await tokens();
    await writeFile(path, await readFile(two));
    const after = await tokens();
    expect(after).not.toEqual(before);
    await writeFile(path, await readFile(one));
    expect(await tokens()).toEqual(before);
  });

  it('finds damage when it reads, and makes anew what was torn', async () => {
    const first = cacheIn('damaged');
    await first.prepare(items);
    first.close();
    const filesOf = async (ending: string) => {
      const found = await readdir(folder('damaged'), { recursive: true });
      return found.filter((name) => name.endsWith(ending)).map((name) => join(folder('damaged'), name));
    };
    for (const index of await filesOf('.index')) await truncate(index, 48 * 2 + 17);
    const again = cacheIn('damaged');
    const { total, distinct } = await again.prepare(items);
    expect(total).toBe(distinct - 4);
    again.close();
    for (const path of await filesOf('.features')) {
      const bytes = await readFile(path);
      bytes[5] = (bytes[5] as number) ^ 1;
      await writeFile(path, bytes);
    }
    const damaged = cacheIn('damaged');
    expect((await damaged.prepare(items)).total).toBe(0);
    const batch = await damaged.load(items, { partial: true });
    expect(() => featureFeeder()(batch)).toThrow(/as they were written.*remove .*index and run/);
  });

  it('says how much room it needs before it encodes anything', async () => {
    fault.free = 1000;
    const refused = cacheIn('room').prepare(items);
    await expect(refused).rejects.toThrow(
      /GB in .* for the token features of \d+ pictures and titles, got 0.000 GB free/,
    );
    await expect(refused).rejects.toMatchObject({ code: 'file' });
  });

  it('on a disk that gets full says so, and keeps what it has', async () => {
    fault.fullAfter = 10;
    const first = cacheIn('full');
    await expect(first.prepare(items)).rejects.toThrow(/ENOSPC.*what is there is kept/);
    fault.fullAfter = Number.POSITIVE_INFINITY;
    first.close();
    const { total, distinct } = await cacheIn('full').prepare(items);
    expect(total).toBe(distinct - 5);
  });

  it('refuses features that float16 cannot hold', async () => {
    const large = modelWith(loader.tokenizer.vocabularySize);
    const weight = large.tree.image_encoder.tree as { post_layernorm: { tree: { weight: tf.Variable } } };
    weight.post_layernorm.tree.weight.assign(tf.fill([8], 1e6));
    await expect(cacheIn('large', large).prepare(items)).rejects.toMatchObject({ code: 'numeric' });
    disposeModule(large);
  });

  it('says which picture cannot be read', async () => {
    const missing = cacheIn('missing').prepare([{ id: 'none', image: folder('none.png') }]);
    await expect(missing).rejects.toThrow(/none.png/);
  });
});
