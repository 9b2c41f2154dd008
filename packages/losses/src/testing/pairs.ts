import * as tf from '@tensorflow/tfjs-core';
import { type Random, seededRandom } from '@uniecs/tensor';
import { finiteDifference } from '@uniecs/tensor/testing';
import { expect } from 'vitest';
import type { PairRepresentations, View } from '../representations.js';
import type { LossTerm } from '../term.js';
import type { NaiveTerm } from './naive.js';

export const views: readonly View[] = ['fused', 'image', 'text'];
export const items = ['item1', 'item2'] as const;

/** One side of a batch as plain numbers. */
export type PlainItem = Record<View, number[][]> & { valid: Record<View, number[]>; productId: number[] };

/** A batch of pairs as plain numbers. */
export type PlainPairs = { item1: PlainItem; item2: PlainItem };

function unitVector(random: Random, d: number): number[] {
  const x = Array.from({ length: d }, () => random.normal());
  const norm = Math.sqrt(x.reduce((total, value) => total + value * value, 0));
  return x.map((value) => Math.fround(value / norm));
}

function makeItem(n: number, row: (i: number) => number[], firstId: number): PlainItem {
  const matrix = () => Array.from({ length: n }, (_, i) => row(i));
  const ones = () => Array.from({ length: n }, () => 1);
  return {
    fused: matrix(),
    image: matrix(),
    text: matrix(),
    valid: { fused: ones(), image: ones(), text: ones() },
    productId: Array.from({ length: n }, (_, i) => firstId + i),
  };
}

/** Random unit vectors, float32 values, everything valid, every product once. */
export function randomPairs(seed: number, n = 7, d = 5): PlainPairs {
  const random = seededRandom(seed);
  const item = (firstId: number) => makeItem(n, () => unitVector(random, d), firstId);
  return { item1: item(0), item2: item(1000) };
}

/** Seven pairs, some without image or title on either side, some products more than once. */
export function gappyPairs(seed: number): PlainPairs {
  const { item1, item2 } = randomPairs(seed);
  return {
    item1: {
      ...item1,
      valid: { fused: [1, 1, 1, 1, 1, 1, 0], image: [1, 0, 1, 1, 1, 1, 0], text: [1, 1, 1, 0, 1, 1, 0] },
      productId: [5, 1, 2, 5, 4, 9, 6],
    },
    item2: {
      ...item2,
      valid: { fused: [1, 1, 1, 1, 1, 1, 1], image: [1, 1, 0, 1, 1, 1, 1], text: [1, 0, 1, 1, 1, 1, 1] },
      productId: [20, 21, 1, 23, 24, 24, 26],
    },
  };
}

/** Every row of every view the same vector. */
export function identicalPairs(n = 7, d = 5): PlainPairs {
  const same = unitVector(seededRandom(3), d);
  return { item1: makeItem(n, () => same, 0), item2: makeItem(n, () => same, 1000) };
}

/** The same batch with nothing valid. */
export function maskedPairs(pairs: PlainPairs): PlainPairs {
  const masked = (item: PlainItem): PlainItem => {
    const zeros = item.productId.map(() => 0);
    return { ...item, valid: { fused: zeros, image: zeros, text: zeros } };
  };
  return { item1: masked(pairs.item1), item2: masked(pairs.item2) };
}

/** The vectors of a batch in one array: item 1 then item 2, fused, image, text, row-major. */
export function flatten(pairs: PlainPairs): Float64Array {
  return Float64Array.from(items.flatMap((item) => views.flatMap((view) => pairs[item][view].flat())));
}

function unflatten(pairs: PlainPairs, x: Float64Array): PlainPairs {
  let offset = 0;
  const rebuilt = (item: PlainItem): PlainItem => {
    const next = { ...item };
    for (const view of views) next[view] = item[view].map((row) => row.map(() => x[offset++] as number));
    return next;
  };
  const item1 = rebuilt(pairs.item1);
  return { item1, item2: rebuilt(pairs.item2) };
}

/** The six matrices as tensors, in the order of `flatten`. */
export function toMatrices(pairs: PlainPairs): tf.Tensor2D[] {
  return items.flatMap((item) => views.map((view) => tf.tensor2d(pairs[item][view])));
}

/** Six matrices and the masks and ids of a batch, as a term takes them. */
export function toRepresentations(pairs: PlainPairs, matrices = toMatrices(pairs)): PairRepresentations {
  const [f1, v1, t1, f2, v2, t2] = matrices as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, ...tf.Tensor2D[]];
  const rest = ({ valid, productId }: PlainItem) => ({
    valid: { fused: tf.tensor1d(valid.fused), image: tf.tensor1d(valid.image), text: tf.tensor1d(valid.text) },
    productId: tf.tensor1d(productId, 'int32'),
  });
  return {
    item1: { fused: f1, image: v1, text: t1, ...rest(pairs.item1) },
    item2: { fused: f2 as tf.Tensor2D, image: v2 as tf.Tensor2D, text: t2 as tf.Tensor2D, ...rest(pairs.item2) },
  };
}

/** `tf.tidy` for a function that returns plain numbers. */
export function scoped<T>(body: () => T): T {
  tf.engine().startScope();
  try {
    return body();
  } finally {
    tf.engine().endScope();
  }
}

/** What a term gives for a batch, read back; `gradient` is the loss's, in the order of `flatten`. */
export interface Evaluation {
  readonly loss: number;
  readonly perAnchor: number[];
  readonly anchors: number;
  readonly maskedNegatives: number;
  readonly gradient: Float64Array;
  /** which of the six matrices the loss is attached to */
  readonly attached: boolean[];
}

/** Computes a term and its gradient on tensors. */
export function evaluate(term: LossTerm, pairs: PlainPairs): Evaluation {
  return scoped(() => {
    const variables = toMatrices(pairs).map((matrix) => tf.variable(matrix));
    const compute = () => term.compute(toRepresentations(pairs, variables as unknown as tf.Tensor2D[]));
    const { loss, perAnchor, anchors, maskedNegatives } = compute();
    const { grads } = tf.variableGrads(() => compute().loss, variables);
    const gradients = variables.map(({ name }) => grads[name]);
    const flat = variables.flatMap((variable, i) => [...(gradients[i] ?? tf.zerosLike(variable)).dataSync()]);
    for (const variable of variables) variable.dispose();
    return {
      loss: loss.dataSync()[0] as number,
      perAnchor: [...perAnchor.dataSync()],
      anchors: anchors.dataSync()[0] as number,
      maskedNegatives: maskedNegatives.dataSync()[0] as number,
      gradient: Float64Array.from(flat),
      attached: gradients.map((gradient) => gradient != null),
    };
  });
}

/** Expects a term to agree with its oracle: value, per anchor, counts, and the gradient by finite differences. */
export function expectToMatch(term: LossTerm, oracle: (pairs: PlainPairs) => NaiveTerm, pairs: PlainPairs): void {
  const actual = evaluate(term, pairs);
  const expected = oracle(pairs);
  expect(actual.loss).toBeCloseToArray(expected.loss, { relative: 2e-5, absolute: 1e-6 });
  expect(actual.perAnchor).toBeCloseToArray(expected.perAnchor, { relative: 2e-5, absolute: 2e-6 });
  expect(actual.anchors).toBe(expected.anchors);
  expect(actual.maskedNegatives).toBe(expected.maskedNegatives);
  const gradient = finiteDifference((x) => oracle(unflatten(pairs, x)).loss, flatten(pairs), 1e-6);
  const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(actual.gradient).toBeCloseToArray(gradient, { relative: 1e-3, absolute: 2e-5 * largest + 1e-8 });
}
