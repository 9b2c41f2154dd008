import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import '../index.js';
import { disposeModule, namedParameters, parameters } from '../module.js';
import { seededRandom } from '../random/seeded-random.js';
import { expectGradients, input, type Values } from '../testing/expect-gradients.js';
import { multiHeadAttention64 } from '../testing/float64.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import { randomArray } from '../testing/random-array.js';
import '../testing/to-be-close-to-array.js';
import { dropoutMask, dropoutSource } from './dropout.js';
import { multiHeadAttention } from './multi-head-attention.js';

const [heads, dh] = [2, 3];
const width = heads * dh;

/** An attention layer with weights and biases large enough that each matters. */
function layer(dropout = 0) {
  const made = multiHeadAttention({ width, heads, dropout, random: seededRandom('attention') });
  for (const [name, p] of namedParameters(made)) {
    tf.tidy(() => p.assign(tf.mul(tf.tensor(randomArray(seededRandom(name), p.shape), p.shape), 0.5)));
  }
  return made;
}

const source = (rows = [0, 1]) => ({ dropout: dropoutSource({ key: tf.tensor1d([7, 3]), rows: tf.tensor1d(rows) }) });

describe('agrees with float64 loops, values and gradients of inputs and parameters', () => {
  const run = (Lq: number, Lk: number, mask?: number[], dropout = 0) => {
    const made = layer(dropout);
    const [query, key] = [input([2, Lq, width], 'query'), input([2, Lk, width], 'key')];
    const keyMask = mask && tf.tensor2d(mask, [2, Lk]);
    const factors = dropoutMask([2, heads, Lq, Lk], dropout, source())?.dataSync();
    expectGradients(
      new Map([...namedParameters(made), ['query', query], ['key', key]]),
      () => made.forward({ query, key, keyMask }, dropout > 0 ? source() : undefined),
      (p: Values) =>
        multiHeadAttention64(
          { B: 2, H: heads, Lq, Lk, dh },
          p,
          '',
          p.query as Float64Array,
          p.key as Float64Array,
          mask,
          factors,
        ),
      { absolute: 3e-6 },
    );
  };
  it('cross attention', () => run(3, 5));
  it('cross attention with a key mask', () => run(3, 5, [1, 0, 1, 1, 0, 0, 0, 0, 1, 0]));
  it('cross attention with a row whose keys are all masked', () => run(3, 5, [1, 0, 1, 1, 0, 0, 0, 0, 0, 0]));
  it('cross attention with dropout', () => run(3, 5, [1, 0, 1, 1, 0, 1, 1, 1, 1, 1], 0.4));
  it('a single key (the shortcut)', () => run(3, 1));
  it('a single key with a mask (the shortcut)', () => run(3, 1, [1, 0]));
  it('a single key with dropout (the shortcut)', () => run(3, 1, [1, 1], 0.4));
  it('a single query and key', () => run(1, 1));
});

it('attends to the query itself when no key is given, gradient included', () => {
  const made = layer();
  const x = input([2, 5, width], 'x');
  expectGradients(
    new Map([...namedParameters(made), ['x', x]]),
    () => made.forward({ query: x }),
    (p: Values) => {
      const x = p.x as Float64Array;
      return multiHeadAttention64({ B: 2, H: heads, Lq: 5, Lk: 5, dh }, p, '', x, x);
    },
    { absolute: 3e-6 },
  );
});

it('over a single key equals attention over that key repeated, gradients included', () => {
  const made = layer();
  const [query, key] = [input([2, 3, width], 'query'), input([2, 1, width], 'key')];
  const vars = [...parameters(made), query, key];
  for (const mask of [
    [1, 1],
    [1, 0],
  ]) {
    const single = tf.tensor2d(mask, [2, 1]);
    const weights = tf.tensor(randomArray(seededRandom('w'), [2, 3, width]), [2, 3, width]);
    const run = (key: () => tf.Tensor, keyMask: tf.Tensor) =>
      tf.variableGrads(() => tf.sum(tf.mul(made.forward({ query, key: key(), keyMask }), weights)) as tf.Scalar, vars);
    const short = run(() => key, single);
    const full = run(() => tf.tile(key, [1, 4, 1]), tf.tile(single, [1, 4]));
    expect(short.value).toBeCloseToArray(full.value);
    const names = new Map([...namedParameters(made), ['query', query], ['key', key]]);
    for (const [name, x] of names) {
      const expected = full.grads[x.name] as tf.Tensor;
      if (/^(query|q_proj|k_proj)/.test(name)) {
        expect(short.grads[x.name], name).toBeUndefined();
        expect(expected, name).toBeCloseToArray(tf.zerosLike(expected), { absolute: 1e-6 });
      } else {
        expect(short.grads[x.name] as tf.Tensor, name).toBeCloseToArray(expected, { absolute: 5e-6 });
      }
    }
  }
});

it('a row whose keys are all masked gives the output bias at every query', () => {
  const made = layer();
  const keyMask = tf.zeros([1, 4]);
  const bias = made.tree.out_proj.tree.bias as tf.Variable;
  for (const length of [1, 4]) {
    const mask = tf.slice(keyMask, [0, 0], [1, length]);
    const y = made.forward({ query: tf.ones([1, 2, width]), key: tf.ones([1, length, width]), keyMask: mask });
    expect(y).toBeCloseToArray(tf.tile(tf.reshape(bias, [1, 1, width]), [1, 2, 1]));
  }
});

it("a row's result does not depend on its batch mates, with dropout too", () => {
  const made = layer(0.3);
  const query = input([5, 3, width], 'query');
  const all = made.forward({ query }, source([10, 11, 12, 13, 14]));
  const row = made.forward({ query: tf.slice(query, [3, 0, 0], [1, 3, width]) }, source([13]));
  expect(row).toBeCloseToArray(tf.slice(all, [3, 0, 0], [1, 3, width]));
  expect(made.forward({ query })).not.toBeCloseToArray(all);
});

it('refuses heads that do not divide the width, and inputs that do not fit', () => {
  const make = (heads: number) => () => multiHeadAttention({ width, heads, random: seededRandom(0) });
  expect(make(4)).toThrow('multiHeadAttention: expected a width that is a multiple of heads, got width 6 and 4 heads');
  expect(make(0)).toThrow('got width 6 and 0 heads');
  const query = tf.ones([2, 3, width]);
  expect(() => layer().forward({ query: tf.ones([2, 3, 5]) })).toThrow(
    'expected query of shape [B, Lq, 6], got [2, 3, 5]',
  );
  expect(() => layer().forward({ query, key: tf.ones([1, 3, width]) })).toThrow('expected key of shape [B = 2, Lk, 6]');
  expect(() => layer().forward({ query, keyMask: tf.ones([2, 5]) })).toThrow(
    'expected keyMask of shape [B = 2, Lk = 3]',
  );
});

it('leaks nothing over its life', async () => {
  await expectNoTensorLeak(() => {
    const [made, query, key, keyMask] = [layer(0.3), tf.ones([2, 3, width]), tf.ones([2, 5, width]), tf.ones([2, 5])];
    const context = source();
    const run = () => made.forward({ query, key, keyMask }, context);
    const { value, grads } = tf.variableGrads(() => tf.sum(run()) as tf.Scalar, parameters(made));
    for (const t of [run(), query, key, keyMask, value, ...Object.values(grads)]) t.dispose();
    context.dropout.key.dispose();
    context.dropout.rows.dispose();
    disposeModule(made);
  });
});
