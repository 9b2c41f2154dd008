import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { clipMean, clipStd } from '@uniecs/encoders/node';
import { paperLossOptions, recommendedLossOptions } from '@uniecs/losses';
import {
  modelConfig,
  presetLosses,
  presetWeighting,
  retrievalModel,
  sizeDefaults,
  trainSettings,
} from '@uniecs/retrieval';
import { namedParameters, seededRandom } from '@uniecs/tensor';

/**
 * What is measured: all that either side needs to build the same model, loss and batch.
 * @typedef {{
 *   size: Size, preset: Preset, pairs: number, microBatch: number, seed: number,
 *   model: import('@uniecs/retrieval').ModelConfigOf<'uniecs'> & { pixels: import('@uniecs/encoders/node').PixelPreparation },
 *   terms: string[], losses: import('@uniecs/losses').LossOptions,
 *   weighting: { beta: number, sumTo: number, floor: number, initial: number[] },
 *   optimizer: { beta1: number, beta2: number, epsilon: number, weightDecay: number }, learningRate: number,
 * }} Case
 * @typedef {'tiny' | 'small' | 'base'} Size
 * @typedef {'recommended' | 'paper'} Preset
 * @typedef {{ size: Size, preset?: Preset | undefined, pairs: number, microBatch?: number | undefined, seed?: number | undefined }} CaseOptions
 */

/** Words of the tokenizers: a real shop's for the sizes that are trained from nothing, BERT's for base. */
const vocabularies = { tiny: 2556, small: 2556, base: 30522 };

/**
 * A case of a size and a preset: without dropout, whose draws no two libraries share, and with gradient norms at the
 * representations.
 * @param {CaseOptions} options
 * @returns {Case}
 */
export function benchCase({ size, preset = 'recommended', pairs, microBatch = pairs, seed = 7 }) {
  const settings = trainSettings({ size, preset, batchSize: pairs, microBatch });
  const config = modelConfig(size, preset, vocabularies[size], { dropout: 0 });
  const terms = presetLosses(settings).map(({ name }) => name);
  const { weights, beta = 0.5, sumTo = 1, floor = 0 } = presetWeighting(settings);
  const { learningRate, optimizer } = sizeDefaults[size];
  return {
    size,
    preset,
    pairs,
    microBatch,
    seed,
    model: { ...config, text: { ...config.text, dropout: 0 }, pixels: { fit: 'fill', mean: clipMean, std: clipStd } },
    terms,
    losses: preset === 'paper' ? paperLossOptions : recommendedLossOptions,
    weighting: {
      beta,
      sumTo: sumTo === 'terms' ? terms.length : sumTo,
      floor,
      initial: terms.map((name) => weights[name] ?? 1),
    },
    optimizer: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.05, ...optimizer },
    learningRate,
  };
}

/** How many draws `cyclicRandom` repeats: a prime. */
const draws = 10007;

/**
 * Draws of a seeded stream over and over: base has 200 million parameters, and drawing each would take longer than its steps.
 * @param {number} seed
 * @returns {import('@uniecs/tensor').Random}
 */
function cyclicRandom(seed) {
  const random = seededRandom(seed);
  const normals = Float32Array.from({ length: draws }, () => random.normal());
  let at = 0;
  const cyclic = {
    ...random,
    normal: () => {
      at = at === draws - 1 ? 0 : at + 1;
      return /** @type {number} */ (normals[at]);
    },
    fork: () => cyclic,
  };
  return cyclic;
}

/**
 * The model of a case. Every parameter is moved away from its first value, so that no gradient is near zero for want of a signal.
 * @param {Case} benchCase
 */
export function seededModel({ model, seed }) {
  const random = cyclicRandom(seed);
  const made = retrievalModel(model, random);
  for (const variable of namedParameters(made).values()) {
    tf.tidy(() => {
      const values = /** @type {Float32Array} */ (variable.dataSync()).map((value) => value + 0.05 * random.normal());
      variable.assign(tf.tensor(values, variable.shape));
    });
  }
  return made;
}

/**
 * A batch of 2N items: random images as they are decoded, titles of 3 to L tokens.
 * @param {Case} benchCase
 * @returns {import('@uniecs/retrieval').HostItems}
 */
export function randomItems({ model: { image, text }, pairs, seed }) {
  const random = seededRandom(seed).fork('batch');
  const [rows, side, length] = [2 * pairs, image.imageSize, text.maxLength];
  const pixels = Uint8Array.from({ length: rows * side * side * 3 }, () => random.integer(256));
  const ids = new Int32Array(rows * length);
  const mask = new Float32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const tokens = 3 + random.integer(length - 2);
    for (let at = row * length; at < row * length + tokens; at++) {
      ids[at] = random.integer(text.vocabularySize);
      mask[at] = 1;
    }
  }
  return {
    pixels: { dtype: 'uint8', shape: [rows, side, side, 3], data: pixels },
    ids: { dtype: 'int32', shape: [rows, length], data: ids },
    mask: { dtype: 'float32', shape: [rows, length], data: mask },
  };
}

/**
 * A training batch: `randomItems` and the labels of N pairs of different products.
 * @param {Case} benchCase
 * @returns {import('@uniecs/retrieval').HostPairs}
 */
export function randomPairs(benchCase) {
  const { pairs } = benchCase;
  /** @param {number} first */
  const numbers = (first) => Int32Array.from({ length: pairs }, (_, i) => first + i);
  return {
    items: randomItems(benchCase),
    labels: {
      valid: { dtype: 'float32', shape: [pairs], data: new Float32Array(pairs).fill(1) },
      product1: { dtype: 'int32', shape: [pairs], data: numbers(0) },
      product2: { dtype: 'int32', shape: [pairs], data: numbers(pairs) },
    },
    itemIds: Array.from({ length: 2 * pairs }, (_, i) => `item ${i}`),
    count: pairs,
  };
}
