import * as tf from '@tensorflow/tfjs-core';
import { adaptiveWeighting } from '@uniecs/adaptive-weighting';
import { learnedTemperature, type View } from '@uniecs/losses';
import { seededRandom } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import type { FusionConfigs, ModelConfig } from '../../model/model-config.js';
import { gradientKeeper, type SmallDropout, scatter, smallConfig } from '../../testing/small-training.js';
import type { AdamWState, Optimizer } from '../../training/adamw.js';
import { type TrainState, trainState } from '../../training/train-state.js';
import { type QueryLabels, type QueryProductTerm, queryToProduct } from '../query-product-terms.js';
import type { ProductReads, Stage, TwoTowerConfig, TwoTowerConfigOptions } from '../two-tower-config.js';
import { type ProductTensors, type QueryTensors, type TwoTower, twoTower } from '../two-tower-model.js';
import { twoTowerStep } from '../two-tower-step.js';

/** A two-tower model small enough for eager tfjs. */
export function smallTwoTowerConfig(
  stage: Stage,
  reads: ProductReads = 'image and text',
  dropout: SmallDropout = {},
): TwoTowerConfig {
  const uniecs = smallConfig(dropout);
  const maps: FusionConfigs['clip-sf'] = { width: 8 };
  const product: ModelConfig = stage === 'fusion' ? uniecs : { ...uniecs, architecture: 'clip-sf', fusion: maps };
  return { architecture: 'two-tower', reads, product };
}

/** The same for a tokenizer's vocabulary. */
export function smallConfigOf({ stage, reads, vocabularySize }: TwoTowerConfigOptions): TwoTowerConfig {
  const { product, ...rest } = smallTwoTowerConfig(stage, reads);
  return { ...rest, product: { ...product, text: { ...product.text, vocabularySize } } };
}

/** The same with parameters far from their initial values. */
export function smallTwoTower(config: TwoTowerConfig, seed = 5): TwoTower {
  const random = seededRandom(seed);
  const model = twoTower(config, random);
  scatter(model, random.fork('scatter'));
  return model;
}

/** A batch of queries with their products, as tensors. */
export interface SmallQueryBatch {
  readonly queries: QueryTensors;
  readonly products: ProductTensors;
  readonly labels: QueryLabels;
}

/** Random queries and products; the last `padding` rows are padding. Every third pair of rows is relevant as well. */
export function smallQueryBatch({
  rows,
  padding = 0,
  partial = false,
  reads = 'image and text',
  seed = 3,
}: {
  readonly rows: number;
  readonly padding?: number;
  readonly partial?: boolean;
  readonly reads?: ProductReads;
  readonly seed?: number;
}): SmallQueryBatch {
  const random = seededRandom(seed);
  const { image, text } = smallConfig();
  const length = text.maxLength;
  const titles = (label: string) => {
    const used = Array.from({ length: rows }, (_, row) => 1 + random.fork(`${label} ${row}`).integer(length));
    const mask = used.flatMap((count) => Array.from({ length }, (_, i) => Number(i < count)));
    const ids = mask.map((one, i) => one * (1 + random.fork(`${label} id ${i}`).integer(text.vocabularySize - 1)));
    return { ids: tf.tensor2d(ids, [rows, length], 'int32'), mask: tf.tensor2d(mask, [rows, length]) };
  };
  const has = (remainder: number) =>
    tf.tensor1d(Array.from({ length: rows }, (_, row) => Number(row % 4 !== remainder)));
  const present = partial ? { hasImage: has(1), hasText: has(2) } : {};
  const shape = [rows, image.imageSize, image.imageSize, 3];
  const pixels = tf.tensor(randomArray(random.fork('pixels'), shape), shape);
  const relevant = Array.from({ length: rows * rows }, (_, at) => {
    const [i, j] = [Math.floor(at / rows), at % rows];
    return Number(i !== j && (i * 2 + j) % 3 === 0 && Math.max(i, j) < rows - padding);
  });
  const valid = Array.from({ length: rows }, (_, row) => Number(row < rows - padding));
  const products = { ...titles('title'), ...(reads === 'text' ? {} : { pixels, ...present }) };
  return {
    queries: titles('query'),
    products,
    labels: {
      valid: tf.tensor1d(valid),
      alsoRelevant: tf.tensor2d(relevant, [rows, rows]),
      ...(reads === 'text' ? {} : present),
    },
  };
}

/** A model with all that a step needs. */
export interface SmallTwoTowerTraining {
  readonly model: TwoTower;
  readonly terms: readonly QueryProductTerm[];
  readonly state: TrainState;
  readonly step: ReturnType<typeof twoTowerStep>;
}

/** A small model and its step. */
export function smallTwoTowerTraining({
  config,
  views,
  frozen = [],
  optimizer = gradientKeeper,
  chunkRows = 3,
}: {
  readonly config: TwoTowerConfig;
  readonly views: readonly View[];
  /** Names of parameters. */
  readonly frozen?: readonly string[];
  readonly optimizer?: Optimizer<AdamWState>;
  readonly chunkRows?: number;
}): SmallTwoTowerTraining {
  const model = smallTwoTower(config);
  const temperature = learnedTemperature({ initial: 0.3 });
  const terms = views.map((view) => queryToProduct({ view, temperature }));
  const weighting = adaptiveWeighting({ terms: terms.length, beta: 0 });
  const state = trainState(model, terms, optimizer, weighting, { frozen: new Set(frozen) });
  return { model, terms, state, step: twoTowerStep({ model, terms, state, optimizer, weighting, chunkRows }) };
}
