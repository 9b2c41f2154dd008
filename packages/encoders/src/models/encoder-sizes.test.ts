import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { disposeModule, type Module, parameters, type Random } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { type BertConfig, bert } from './bert.js';
import { encoderSizes } from './encoder-sizes.js';
import { type VisionTransformerConfig, visionTransformer } from './vision-transformer.js';

/** A generator that costs nothing, for building large encoders whose values do not matter. */
const zeros: Random = {
  uniform: () => 0,
  normal: () => 0,
  integer: () => 0,
  permutation: (n) => Int32Array.from({ length: n }, (_, i) => i),
  fork: () => zeros,
};

function countAndDispose(module: Module): number {
  const count = parameters(module).reduce((sum, { size }) => sum + size, 0);
  disposeModule(module);
  return count;
}

const block = (width: number, ratio = 4) =>
  4 * (width + 1) * width + 4 * width + 2 * ratio * width * width + (ratio + 1) * width;
const visionCount = ({ imageSize, patchSize, width, layers }: VisionTransformerConfig) =>
  width * (1 + 3 * patchSize ** 2 + (imageSize / patchSize) ** 2 + 1) + 4 * width + layers * block(width);
const bertCount = ({ vocabularySize, maxLength, positions = maxLength, width, layers }: BertConfig) =>
  width * (vocabularySize + positions + 2) + 2 * width + layers * block(width);

describe('encoderSizes', () => {
  it('tiny builds, runs, and has the parameters of the formula', () => {
    const { image, text } = encoderSizes.tiny;
    const vision = visionTransformer({ ...image, random: zeros });
    const titles = bert({ ...text, vocabularySize: 2556, random: zeros });
    expect(vision.forward(tf.zeros([1, 64, 64, 3])).tokens.shape).toEqual([1, 65, 128]);
    expect(titles.forward(tf.zeros([1, 16], 'int32'), tf.ones([1, 16])).tokens.shape).toEqual([1, 16, 128]);
    expect(countAndDispose(vision)).toBe(visionCount(image));
    expect(countAndDispose(titles)).toBe(bertCount({ ...text, vocabularySize: 2556 }));
  });

  it('small builds and has the parameters of the formula', () => {
    const { image, text } = encoderSizes.small;
    expect(countAndDispose(visionTransformer({ ...image, random: zeros }))).toBe(visionCount(image));
    const words = { ...text, vocabularySize: 17 };
    expect(countAndDispose(bert({ ...words, random: zeros }))).toBe(bertCount(words));
  });

  it("base has the parameter counts of CLIP ViT-B/16's vision part and of BERT base without its pooler", () => {
    const { image, text } = encoderSizes.base;
    const words = { ...text, vocabularySize: 30_522 };
    expect(visionCount(image)).toBe(85_799_424);
    expect(bertCount(words)).toBe(108_891_648);
    const oneLayer = { layers: 1, random: zeros };
    expect(countAndDispose(visionTransformer({ ...image, ...oneLayer }))).toBe(visionCount({ ...image, layers: 1 }));
    const fewWords = { ...text, vocabularySize: 17, layers: 1 };
    expect(countAndDispose(bert({ ...fewWords, ...oneLayer }))).toBe(bertCount(fewWords));
  });
});
