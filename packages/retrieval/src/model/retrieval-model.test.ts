import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { dropoutSource, namedParameters, seededRandom, UniecsError } from '@uniecs/tensor';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { smallBatch, smallConfig, smallModel, tensorsOf } from '../testing/small-training.js';
import type { ItemTensors } from './item-tensors.js';
import { fusionSizes, modelConfig } from './model-config.js';
import { retrievalModel } from './retrieval-model.js';

const rows = (x: tf.Tensor, chosen: number[]) => tf.gather(x, tf.tensor1d(chosen, 'int32'));

describe('retrievalModel', () => {
  it('gives v and t alone as it gives them beside the fused embedding', () => {
    tf.tidy(() => {
      const model = smallModel();
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
      const model = smallModel();
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

  it('leaks no tensor', async () => {
    const model = smallModel();
    const items = tensorsOf<ItemTensors>(smallBatch({ pairs: 1 }).items);
    await expectNoTensorLeak(() => {
      const { fused, image, text } = model.represent(items);
      tf.dispose([fused, image, text, model.embedImages(items.pixels), model.embedTexts(items.ids, items.mask)]);
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

  it('refuses an unknown size or preset, and lists the known ones', () => {
    for (const [size, preset] of [
      ['huge', 'paper'],
      ['tiny', 'best'],
      ['toString', 'paper'],
    ]) {
      try {
        modelConfig(size as 'tiny', preset as 'paper', 9);
      } catch (error) {
        expect(UniecsError.isInstance(error) && error.code).toBe('argument');
        expect(String(error)).toMatch(/tiny or small or base|paper or recommended/);
        continue;
      }
      throw new Error('it did not refuse');
    }
  });
});
