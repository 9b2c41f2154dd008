import * as tf from '@tensorflow/tfjs-core';
import { adaptiveWeighting, type GradientScope } from '@uniecs/adaptive-weighting';
import type { HostTensor } from '@uniecs/compile';
import { normalizePixels } from '@uniecs/encoders/node';
import type { LossTerm } from '@uniecs/losses';
import { loadStateDict, type Module, namedParameters, type Random, seededRandom } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { float32, type HostPixels, int32 } from '../data/item-batch.js';
import type { HostPairs } from '../data/pair-batches.js';
import type { Architecture, ModelConfig } from '../model/model-config.js';
import { type RetrievalModel, retrievalModel } from '../model/retrieval-model.js';
import { type AdamWState, adamW, type Optimizer } from '../training/adamw.js';
import { type TrainState, trainState } from '../training/train-state.js';
import { type StepParts, type TrainStages, trainStages } from '../training/train-step.js';

/** Dropout rates by part; 0 where not given. */
export type SmallDropout = Partial<Record<'image' | 'text' | 'fusion', number>>;

/** A model small enough for eager tfjs: images of 8 in patches of 4, titles of 5 tokens, width 8, one layer of each kind but self-attention blocks. */
export function smallConfig(dropout: SmallDropout = {}): ModelConfig {
  return {
    architecture: 'uniecs',
    size: 'tiny',
    image: { imageSize: 8, patchSize: 4, width: 8, layers: 1, heads: 2, ffnRatio: 2, dropout: dropout.image ?? 0 },
    text: { vocabularySize: 23, maxLength: 5, width: 6, layers: 1, heads: 2, ffnRatio: 2, dropout: dropout.text ?? 0 },
    fusion: {
      width: 8,
      heads: 2,
      crossLayers: 1,
      selfBlocks: 0,
      fusionBlocks: 1,
      ffnRatio: 2,
      dropout: dropout.fusion ?? 0,
      norm: 'post',
      indicator: 'own',
      gating: true,
      gateBias: 0,
      fusionInput: 'concat',
      residual: 'pooled',
    },
  };
}

/** The small model with the fusion of any architecture, over the same encoders and of the same width. */
export function smallConfigOf(architecture: Architecture): ModelConfig {
  const whole = smallConfig();
  const { size, image, text, fusion } = whole;
  const { width } = fusion;
  if (architecture === 'uniecs') return whole;
  if (architecture === 'clip-sf') return { architecture, size, image, text, fusion: { width } };
  const blocks = { heads: 2, blocks: 2, ffnRatio: 2, dropout: 0 };
  return { architecture, size, image, text, fusion: { width, ...blocks } };
}

/** A small model with parameters far from their initial values, so that no gradient is near zero for want of a signal. */
export function smallModel(dropout: SmallDropout = {}, seed = 5): RetrievalModel {
  return smallModelOf(smallConfig(dropout), seed);
}

/** `smallModel` of a configuration. */
export function smallModelOf(config: ModelConfig, seed = 5): RetrievalModel {
  const random = seededRandom(seed);
  const model = retrievalModel(config, random);
  scatter(model, random.fork('scatter'));
  return model;
}

/** Gives every parameter random values: weights of norms around 1, all others around 0. */
export function scatter(module: Module, random: Random): void {
  tf.tidy(() => {
    const values = [...namedParameters(module)].map(([name, variable]): [string, tf.Tensor] => {
      const noise = tf.tensor(randomArray(random, variable.shape), variable.shape);
      return [name, /norm\d?\.weight$/.test(name) ? tf.add(tf.mul(noise, 0.2), 1) : tf.mul(noise, 0.3)];
    });
    loadStateDict(module, new Map(values));
  });
}

/** What a small batch is made of. */
export interface SmallBatchOptions {
  readonly pairs: number;
  /** Pairs that are padding, at the end, with content of their own that must not matter. */
  readonly padding?: number;
  /** Whether some items lack an image and others a title. */
  readonly partial?: boolean;
  readonly seed?: number;
}

/** A batch for the small model, of random pixels and titles; each pair's items look alike. */
export function smallBatch({ pairs, padding = 0, partial = false, seed = 11 }: SmallBatchOptions): HostPairs {
  const { image, text } = smallConfig();
  const n = pairs + padding;
  const random = seededRandom(seed);
  const shape = [image.imageSize, image.imageSize, 3] as const;
  const pixelRows = both(pairs, padding, random, (style, row) => {
    const common = randomArray(style, shape);
    const own = randomArray(row, shape);
    return common.map((value, i) => 128 + 50 * (value + 0.7 * (own[i] as number)));
  });
  const length = text.maxLength;
  const titles = both(pairs, padding, random, (_, row) => {
    const used = 2 + row.integer(length - 1);
    return Float32Array.from({ length }, (__, i) => (i < used ? 1 + row.integer(text.vocabularySize - 1) : 0));
  });
  const ids = Int32Array.from(titles.flatMap((row) => [...row]));
  const mask = Float32Array.from(ids, (id) => Number(id !== 0));
  // Item r lacks its image where r is 2 of 5, its title where r is 4 of 5: never both. Padding lacks nothing.
  const has = (remainder: number) =>
    Float32Array.from({ length: 2 * n }, (_, row) =>
      Number(row % n >= pairs || rowNumber(row, pairs, n) % 5 !== remainder),
    );
  const hasImage = has(2);
  const hasText = has(4);
  if (partial)
    for (let i = 0; i < mask.length; i++) mask[i] = (mask[i] as number) * (hasText[Math.floor(i / length)] as number);
  const half = (data: Float32Array, item: 0 | 1) => float32(data.slice(item * n, (item + 1) * n), n);
  return {
    items: {
      pixels: {
        dtype: 'uint8',
        shape: [2 * n, ...shape],
        data: new Uint8Array(Uint8ClampedArray.from(pixelRows.flatMap((row) => [...row]))),
      },
      ids: int32(ids, 2 * n, length),
      mask: float32(mask, 2 * n, length),
      ...(partial ? { hasImage: float32(hasImage, 2 * n), hasText: float32(hasText, 2 * n) } : {}),
    },
    labels: {
      valid: float32(
        Float32Array.from({ length: n }, (_, i) => Number(i < pairs)),
        n,
      ),
      product1: int32(
        Int32Array.from({ length: n }, (_, i) => i),
        n,
      ),
      product2: int32(
        Int32Array.from({ length: n }, (_, i) => 100 + i),
        n,
      ),
      ...(partial
        ? {
            hasImage1: half(hasImage, 0),
            hasImage2: half(hasImage, 1),
            hasText1: half(hasText, 0),
            hasText2: half(hasText, 1),
          }
        : {}),
    },
    itemIds: Array.from({ length: 2 * n }, (_, row) => (row % n < pairs ? `item ${row}` : undefined)),
    count: pairs,
  };
}

/** The place of a row among the items that are not padding, so that padding moves no item's presence. */
function rowNumber(row: number, pairs: number, n: number): number {
  return row < n ? row : pairs + row - n;
}

/** Rows of items 1, then of items 2: drawn per pair and item, so that padding changes no other row. */
function both(
  pairs: number,
  padding: number,
  random: Random,
  draw: (style: Random, row: Random) => Float32Array,
): Float32Array[] {
  const rows = (item: number) =>
    Array.from({ length: pairs + padding }, (_, i) => {
      const label = i < pairs ? `pair ${i}` : `padding ${i}`;
      return draw(random.fork(label), random.fork(`${label} item ${item}`));
    });
  return [...rows(1), ...rows(2)];
}

/** A tree of host tensors as tfjs tensors, images normalised. */
export function tensorsOf<T>(tree: object): T {
  if ('dtype' in tree && 'data' in tree) {
    const { dtype, shape, data } = tree as HostTensor | HostPixels;
    if (dtype === 'uint8') return tf.tensor(normalizePixels(data), [...shape]) as T;
    return tf.tensor(data, [...shape], dtype) as T;
  }
  return Object.fromEntries(Object.entries(tree).map(([name, child]) => [name, tensorsOf(child)])) as T;
}

/** An optimizer that changes nothing and leaves the gradients, as they came, in the first moments. */
export const gradientKeeper: Optimizer<AdamWState> = {
  init: adamW().init,
  update: (parameters, gradients, state) => ({
    parameters: parameters.map((parameter) => tf.clone(parameter)),
    state: {
      firstMoments: gradients.map((gradient) => tf.clone(gradient)),
      secondMoments: state.secondMoments.map((moment) => tf.clone(moment)),
      step: tf.add(state.step, 1),
    },
  }),
};

/** A model with all that a step needs. */
export interface SmallTraining {
  readonly model: RetrievalModel;
  readonly terms: readonly LossTerm[];
  readonly state: TrainState;
  readonly stages: TrainStages;
}

/** A small model and the stages of its step. */
export function smallTraining({
  terms,
  scope = 'representations',
  optimizer = gradientKeeper,
  dropout = {},
  beta = 0.5,
  frozen,
  ...update
}: Pick<StepParts, 'learningRates' | 'clipNorm' | 'averageDecay' | 'chunkRows'> & {
  readonly terms: readonly LossTerm[];
  readonly scope?: GradientScope;
  readonly optimizer?: Optimizer<AdamWState>;
  readonly dropout?: SmallDropout;
  readonly beta?: number;
  readonly frozen?: ReadonlySet<string>;
}): SmallTraining {
  const model = smallModel(dropout);
  const weighting = adaptiveWeighting({ terms: terms.length, beta });
  const average = update.averageDecay !== undefined;
  const state = trainState(model, terms, optimizer, weighting, { average, ...(frozen ? { frozen } : {}) });
  return { model, terms, state, stages: trainStages({ model, terms, weighting, scope, optimizer, state, ...update }) };
}

/** The gradients that a `gradientKeeper` kept, by parameter name. */
export function keptGradients({ trained, firstMoments }: TrainState): Map<string, Float32Array> {
  return new Map(
    [...trained.keys()].map((name, i) => [name, (firstMoments[i] as tf.Variable).dataSync().slice() as Float32Array]),
  );
}

/** All arrays one after the other. */
export function joined(arrays: Iterable<ArrayLike<number>>): Float32Array {
  return Float32Array.from([...arrays].flatMap((array) => Array.from(array)));
}

/** `|a - b| / |b|` over whole vectors; 0 where they are the same. */
export function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} elements against ${b.length}`);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] as number) - (b[i] as number)) ** 2;
    size += (b[i] as number) ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / size);
}
