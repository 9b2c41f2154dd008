import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type AugmentOptions, augmentImage } from '@uniecs/encoders/node';
import { namedParameters, seededRandom } from '@uniecs/tensor';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { modelConfig } from '../model/model-config.js';
import { retrievalModel } from '../model/retrieval-model.js';
import { smallModel } from '../testing/small-training.js';
import { drawFanIn } from './initial-weights.js';
import { presetAugmentation, recommendedAugmentation } from './preset-augmentation.js';
import { trainSettings } from './train-settings.js';

const valuesOf = (model: ReturnType<typeof smallModel>) =>
  new Map([...namedParameters(model)].map(([name, variable]) => [name, [...variable.dataSync()]]));

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
}

describe('drawFanIn', () => {
  it('gives every matrix the deviation of its inputs, patch positions 1, and leaves other tables, norms and biases', () => {
    tf.tidy(() => {
      const model = retrievalModel(modelConfig('tiny', 'recommended', 300), seededRandom(1));
      const before = valuesOf(model);
      drawFanIn(model, seededRandom(2));
      const after = valuesOf(model);
      const changed = [...after].filter(([name, values]) => values.some((x, i) => x !== before.get(name)?.[i]));
      const names = changed.map(([name]) => name);
      expect(names).toContain('image_encoder.embeddings.patch_embedding.weight');
      expect(names).toContain('fusion.cross_layers.0.image.gate.weight');
      expect(
        names.filter((name) => /bias|norm|class_embedding|position_embeddings|word|token_type/i.test(name)),
      ).toEqual([]);
      for (const [name, values] of changed) {
        const shape = (namedParameters(model).get(name) as tf.Variable).shape;
        const isTable = name.endsWith('position_embedding.weight');
        const inputs = isTable ? 1 : values.length / (shape[0] as number);
        // The relative error of a deviation of n draws is 1 / sqrt(2n): five of them.
        expect(Math.abs(deviation(values) * Math.sqrt(inputs) - 1)).toBeLessThan(5 / Math.sqrt(2 * values.length));
      }
      const matrices = [...namedParameters(model)].filter(
        ([name, { rank }]) => rank > 1 && !/embeddings?\.weight/.test(name),
      );
      // Beside them the map of the patches and the table of their positions.
      expect(matrices.length + 2).toBe(changed.length);
    });
  });

  it('is a function of the seed alone', () => {
    tf.tidy(() => {
      const drawn = (first: number, seed: number) => {
        const model = retrievalModel(smallModel().config, seededRandom(first));
        drawFanIn(model, seededRandom(seed));
        return valuesOf(model).get('fusion.image_projection.weight');
      };
      expect(drawn(1, 3)).toEqual(drawn(2, 3));
      expect(drawn(1, 3)).not.toEqual(drawn(1, 4));
    });
  });

  it('leaks no tensor', async () => {
    const model = smallModel();
    await expectNoTensorLeak(() => drawFanIn(model, seededRandom(2)));
  });
});

describe('the presets of training', () => {
  it('paper draws as BERT and augments, recommended draws by the inputs and augments lightly', () => {
    const [paper, recommended] = [trainSettings({ preset: 'paper' }), trainSettings()];
    expect([paper.initialization, recommended.initialization]).toEqual(['bert', 'fanIn']);
    expect(presetAugmentation(paper)).toEqual({});
    expect(presetAugmentation(recommended)).toEqual(recommendedAugmentation);
  });

  it('an option of the augmentation changes that alone, and false is none', () => {
    const pixels = Uint8Array.from({ length: 48 }, (_, i) => (i * 37) % 256);
    const still = { area: [1, 1], aspect: [1, 1], brightness: 0, contrast: 0, saturation: 0 } as const;
    const changed = (augmentation: AugmentOptions) =>
      augmentImage(pixels, 4, seededRandom(1), presetAugmentation(trainSettings({ augmentation })) as AugmentOptions);
    expect(changed(still)).toEqual(pixels);
    expect(changed({ ...still, flip: 1 })).not.toEqual(pixels);
    expect(changed({})).not.toEqual(pixels);
    expect(presetAugmentation(trainSettings({ augmentation: false }))).toBe(false);
    expect(presetAugmentation(trainSettings({ preset: 'paper', augmentation: { flip: 1 } }))).toEqual({ flip: 1 });
    expect(presetAugmentation(trainSettings({ preset: 'paper', augmentation: false }))).toBe(false);
  });

  it('refuses an initialization that there is not', () => {
    expect(() => trainSettings({ initialization: 'xavier' as 'bert' })).toThrow('initialization to be bert or fanIn');
  });
});
