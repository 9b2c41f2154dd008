import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { dropoutSource, namedParameters, seededRandom, UniecsError } from '@uniecs/tensor';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import {
  smallBatch,
  smallConfig,
  smallConfigOf,
  smallModel,
  smallModelOf,
  tensorsOf,
} from '../testing/small-training.js';
import type { ItemTensors } from './item-tensors.js';
import {
  architectures,
  dropoutRates,
  type EncoderChanges,
  type FusionChanges,
  fusionSizes,
  modelConfig,
} from './model-config.js';
import { retrievalModel } from './retrieval-model.js';

const rows = (x: tf.Tensor, chosen: number[]) => tf.gather(x, tf.tensor1d(chosen, 'int32'));

describe.each(architectures)('retrievalModel of %s', (architecture) => {
  it('gives v and t alone as it gives them beside the fused embedding', () => {
    tf.tidy(() => {
      const model = smallModelOf(smallConfigOf(architecture));
      const items = tensorsOf<ItemTensors>(smallBatch({ pairs: 3 }).items);
      const { fused, image, text } = model.represent(items);
      for (const each of [fused, image, text]) {
        expect(each.shape).toEqual([6, 8]);
        expect(tf.norm(each, 'euclidean', 1)).toBeCloseToArray([1, 1, 1, 1, 1, 1], { relative: 1e-6 });
      }
      expect(model.embedImages(items.pixels)).toBeCloseToArray(image, { relative: 1e-5, absolute: 1e-6 });
      expect(model.embedTexts(items.ids, items.mask)).toBeCloseToArray(text, { relative: 1e-5, absolute: 1e-6 });
    });
  });

  it("a row's embedding does not depend on its batch mates, nor on whether they lack a modality", () => {
    tf.tidy(() => {
      const model = smallModelOf(smallConfigOf(architecture));
      const { pixels, ids, mask, hasImage, hasText } = tensorsOf<ItemTensors>(
        smallBatch({ pairs: 5, partial: true }).items,
      );
      const all = model.represent({ pixels, ids, mask, hasImage, hasText });
      // Rows 0 and 1 have both, row 2 no image, row 4 no title.
      const alone = (row: number, partial: boolean) =>
        model.represent({
          pixels: rows(pixels, [row]),
          ids: rows(ids, [row]),
          mask: rows(mask, [row]),
          ...(partial
            ? { hasImage: rows(hasImage as tf.Tensor, [row]), hasText: rows(hasText as tf.Tensor, [row]) }
            : {}),
        } as ItemTensors);
      for (const [row, partial] of [
        [0, false],
        [1, true],
        [2, true],
        [4, true],
      ] as const) {
        const one = alone(row, partial);
        expect(one.fused).toBeCloseToArray(rows(all.fused, [row]), { relative: 1e-5, absolute: 1e-6 });
        if (row !== 2) expect(one.image).toBeCloseToArray(rows(all.image, [row]), { relative: 1e-5, absolute: 1e-6 });
        if (row !== 4) expect(one.text).toBeCloseToArray(rows(all.text, [row]), { relative: 1e-5, absolute: 1e-6 });
      }
      // An item with one modality alone: its fused embedding is that of the modality.
      expect(rows(all.fused, [2])).toBeCloseToArray(rows(all.text, [2]), { relative: 1e-5, absolute: 1e-6 });
      expect(rows(all.fused, [4])).toBeCloseToArray(rows(all.image, [4]), { relative: 1e-5, absolute: 1e-6 });
    });
  });

  it('leaks no tensor', async () => {
    const model = smallModelOf(smallConfigOf(architecture));
    const items = tensorsOf<ItemTensors>(smallBatch({ pairs: 1 }).items);
    await expectNoTensorLeak(() => {
      const { fused, image, text } = model.represent(items);
      tf.dispose([fused, image, text, model.embedImages(items.pixels), model.embedTexts(items.ids, items.mask)]);
    });
  });
});

describe('retrievalModel', () => {
  it('draws its parameters from the seed alone, and drops only where a source is given', () => {
    tf.tidy(() => {
      const values = (seed: number) =>
        [...namedParameters(retrievalModel(smallConfig(), seededRandom(seed)))].map(([name, x]) => [
          name,
          [...x.dataSync()],
        ]);
      expect(values(3)).toEqual(values(3));
      expect(values(4)).not.toEqual(values(3));
      const model = smallModel({ text: 0.5 });
      const items = tensorsOf<ItemTensors>(smallBatch({ pairs: 2 }).items);
      const plain = model.represent(items).text.dataSync();
      expect(model.represent(items).text.dataSync()).toEqual(plain);
      const dropout = dropoutSource({ key: tf.tensor1d([1, 2]), rows: tf.range(0, 4) });
      expect(model.represent(items, { dropout }).text.dataSync()).not.toEqual(plain);
    });
  });
});

describe('modelConfig', () => {
  it('is size and preset put together, with single options changed', () => {
    const config = modelConfig('small', 'paper', 1000, { gating: false });
    expect(config).toMatchObject({
      architecture: 'uniecs',
      size: 'small',
      image: { imageSize: 128, patchSize: 16, width: 256, layers: 6, heads: 8 },
      text: { vocabularySize: 1000, maxLength: 32, width: 256, layers: 4, heads: 8 },
      fusion: { ...fusionSizes.small, norm: 'post', gating: false },
    });
    expect(modelConfig('tiny', 'recommended', 9).fusion.gateBias).not.toBe(
      modelConfig('tiny', 'paper', 9).fusion.gateBias,
    );
  });

  it('has the parameters that the sizes say: tiny 2.8 M with 2,556 words', () => {
    tf.tidy(() => {
      const model = retrievalModel(modelConfig('tiny', 'paper', 2556), seededRandom(1));
      const count = [...namedParameters(model).values()].reduce((sum, { size }) => sum + size, 0);
      expect(count / 1e6).toBeGreaterThan(2.7);
      expect(count / 1e6).toBeLessThan(2.9);
    });
  });

  it("gives a baseline the size's encoders and width and nothing of the preset", () => {
    for (const size of ['tiny', 'small', 'base'] as const) {
      const ours = modelConfig(size, 'paper', 9);
      const { width, heads, ffnRatio, dropout } = fusionSizes[size];
      const fusions = { 'clip-sf': { width }, 'clip-ff': { width, heads, blocks: 2, ffnRatio, dropout } } as const;
      for (const name of ['clip-sf', 'clip-ff'] as const) {
        const config = modelConfig(size, 'paper', 9, {}, name);
        const { image, text } = ours;
        expect(config).toEqual({ architecture: name, size, image, text, fusion: fusions[name] });
        expect(modelConfig(size, 'recommended', 9, {}, name)).toEqual(config);
      }
    }
    expect(modelConfig('tiny', 'recommended', 9)).not.toEqual(modelConfig('tiny', 'paper', 9));
    expect(modelConfig('tiny', 'paper', 9, { blocks: 1, dropout: 0.1 }, 'clip-ff').fusion).toMatchObject({
      ...{ blocks: 1, dropout: 0.1 },
    });
  });

  it('knows the dropout of the parts: none where a fusion has none', () => {
    expect(dropoutRates(modelConfig('small', 'paper', 9, {}, 'clip-sf')).at(-1)).toBe(0);
    expect(dropoutRates(modelConfig('small', 'paper', 9, {}, 'clip-ff')).at(-1)).toBe(0.1);
    expect(dropoutRates(modelConfig('small', 'paper', 9)).at(-1)).toBe(0.1);
  });

  it.each<[string, FusionChanges, string]>([
    ['clip-sf', { gating: false }, "(width), got 'gating'"],
    ['clip-sf', { width: 64, blocks: 2 }, "(width), got 'blocks'"],
    ['clip-ff', { fusionBlocks: 1 }, "(width, heads, blocks, ffnRatio, dropout), got 'fusionBlocks'"],
    ['uniecs', { blocks: 2 }, "got 'blocks'"],
  ])('refuses an option that the fusion of %s does not have: %o', (architecture, changes, complaint) => {
    const make = () => modelConfig('tiny', 'paper', 9, changes, architecture as 'uniecs');
    expect(make).toThrow(UniecsError);
    expect(make).toThrow(`options that the fusion of '${architecture}' has`);
    expect(make).toThrow(complaint);
  });

  it('changes single options of the encoders, for every architecture', () => {
    for (const name of architectures) {
      const config = modelConfig('tiny', 'recommended', 9, {}, name, { image: { patchSize: 16 }, text: { layers: 3 } });
      const plain = modelConfig('tiny', 'recommended', 9, {}, name);
      expect(config).toEqual({
        ...plain,
        image: { ...plain.image, patchSize: 16 },
        text: { ...plain.text, layers: 3 },
      });
    }
  });

  it.each<[string, EncoderChanges, string]>([
    ['image encoder', { image: { maxLength: 9 } as object }, 'imageSize, patchSize, '],
    ['text encoder', { text: { vocabularySize: 3 } as object }, "got 'vocabularySize'"],
    ['text encoder', { text: { toString: 3 } as object }, "got 'toString'"],
  ])('refuses an option that the %s does not have: %o', (part, changes, complaint) => {
    const make = () => modelConfig('tiny', 'paper', 9, {}, 'uniecs', changes);
    expect(make).toThrow(UniecsError);
    expect(make).toThrow(`options that the ${part} has`);
    expect(make).toThrow(complaint);
  });

  it('refuses an unknown size, preset or architecture, and lists the known ones', () => {
    for (const [size, preset, architecture] of [
      ['huge', 'paper', 'uniecs'],
      ['tiny', 'best', 'uniecs'],
      ['toString', 'paper', 'uniecs'],
      ['tiny', 'paper', 'clip'],
      ['tiny', 'paper', 'constructor'],
    ]) {
      try {
        modelConfig(size as 'tiny', preset as 'paper', 9, {}, architecture as 'uniecs');
      } catch (error) {
        expect(UniecsError.isInstance(error) && error.code).toBe('argument');
        expect(String(error)).toMatch(/tiny or small or base|paper or recommended|uniecs or clip-sf or clip-ff/);
        continue;
      }
      throw new Error('it did not refuse');
    }
  });
});
