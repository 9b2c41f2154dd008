import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import '../index.js';
import { expectGradients, input, type Values } from '../testing/expect-gradients.js';
import { type AttentionSizes, attention64 } from '../testing/float64.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import '../testing/to-be-close-to-array.js';
import { type AttentionOptions, attention } from './attention.js';

const sizes: AttentionSizes = { B: 3, H: 2, Lq: 5, Lk: 7, dh: 3 };

function expectLikeOracle(sizes: AttentionSizes, options: AttentionOptions = {}, scale = 1) {
  const { B, H, Lq, Lk, dh } = sizes;
  const scaled = (shape: number[], name: string) => {
    const x = input(shape, name);
    return input(
      shape,
      Float32Array.from(x.dataSync(), (value) => value * scale),
    );
  };
  const [q, k] = [scaled([B, H, Lq, dh], 'q'), scaled([B, H, Lk, dh], 'k')];
  const v = input([B, H, Lk, dh], 'v');
  const [mask, factors] = [options.keyMask?.dataSync(), options.dropoutMask?.dataSync()];
  const oracle = (p: Values) =>
    attention64(sizes, p.q as Float64Array, p.k as Float64Array, p.v as Float64Array, mask, factors);
  // Scores reach scale² times a few units; float32 keeps their differences to scale² times 1e-6.
  const closeness = { relative: 1e-5 * scale * scale, absolute: 2e-6 * scale * scale };
  expectGradients(new Map(Object.entries({ q, k, v })), () => attention(q, k, v, options), oracle, closeness);
}

const keyMask = () => tf.tensor2d([1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0], [3, 7]);
const dropoutMask = () =>
  tf.tensor(
    Array.from({ length: 3 * 2 * 5 * 7 }, (_, i) => ((i * 7919) % 5 < 2 ? 0 : 5 / 3)),
    [3, 2, 5, 7],
  );

describe('agrees with float64 loops, values and gradients of q, k and v', () => {
  it('without masks', () => expectLikeOracle(sizes));
  it('with a key mask', () => expectLikeOracle(sizes, { keyMask: keyMask() }));
  it('with a dropout mask', () => expectLikeOracle(sizes, { dropoutMask: dropoutMask() }));
  it('with both', () => expectLikeOracle(sizes, { keyMask: keyMask(), dropoutMask: dropoutMask() }));
  it('for a batch, head, query and key of one', () => expectLikeOracle({ B: 1, H: 1, Lq: 1, Lk: 1, dh: 5 }));
  it('for scores around 30', () => expectLikeOracle(sizes, { keyMask: keyMask() }, 4));
});

it('a row whose keys are all masked gives zeros and passes zero gradient', () => {
  const mask = tf.tensor2d([
    [0, 0, 0],
    [1, 0, 1],
  ]);
  const shape = [2, 1, 2, 5];
  const [q, k, v] = [input(shape, 'q'), input([2, 1, 3, 5], 'k'), input([2, 1, 3, 5], 'v')];
  const { value, grads } = tf.valueAndGrads((q, k, v) =>
    attention(q as tf.Tensor, k as tf.Tensor, v as tf.Tensor, { keyMask: mask }),
  )([q, k, v]);
  for (const t of [value, ...grads]) {
    const [masked, open] = tf.split(t, 2);
    expect(masked as tf.Tensor).toBeCloseToArray(tf.zerosLike(masked as tf.Tensor), { relative: 0, absolute: 0 });
    expect(tf.max(tf.abs(open as tf.Tensor)).dataSync()[0]).toBeGreaterThan(0.01);
  }
});

it('a masked key changes nothing, to the bit, whatever it holds', () => {
  const mask = tf.tensor2d([[1, 0, 1]]);
  const run = (filler: number) => {
    const other = tf.tensor4d([1, 2, filler, filler, 5, 6], [1, 1, 3, 2]);
    return attention(tf.tensor4d([0.1, 0.2], [1, 1, 1, 2]), other, other, { keyMask: mask });
  };
  expect(run(1e4)).toBeCloseToArray(run(-3), { relative: 0, absolute: 0 });
});

it('equals attention over the kept keys alone', () => {
  const [q, k, v] = [input([1, 2, 3, 5], 'q'), input([1, 2, 4, 5], 'k'), input([1, 2, 4, 5], 'v')];
  const kept = (x: tf.Tensor) => tf.gather(x, tf.tensor1d([0, 2], 'int32'), 2);
  expect(attention(q, k, v, { keyMask: tf.tensor2d([[1, 0, 1, 0]]) })).toBeCloseToArray(attention(q, kept(k), kept(v)));
});

it('is the mean of the values for identical keys, and the best key alone for large logits', () => {
  const v = tf.tensor4d([1, 2, 3, 10, 20, 30], [1, 1, 2, 3]);
  const same = tf.ones([1, 1, 2, 3]);
  expect(attention(tf.tensor4d([4, 5, 6], [1, 1, 1, 3]), same, v)).toBeCloseToArray([[[[5.5, 11, 16.5]]]]);
  const k = tf.tensor4d([1e4, 0, 0, 0, 1e4, 0], [1, 1, 2, 3]);
  expect(attention(tf.tensor4d([1e4, 0, 0], [1, 1, 1, 3]), k, v)).toBeCloseToArray([[[[1, 2, 3]]]]);
});

it('refuses shapes that do not fit, naming them', () => {
  const q = tf.zeros([2, 3, 5, 4]);
  const run = (k: number[], v: number[], options?: AttentionOptions) => () =>
    attention(q, tf.zeros(k), tf.zeros(v), options);
  expect(run([2, 3, 7, 2], [2, 3, 7, 4])).toThrow(
    'attention: expected k of shape [B = 2, H = 3, Lk, dh = 4], got [2, 3, 7, 2]',
  );
  expect(run([2, 3, 7, 4], [2, 3, 6, 4])).toThrow('attention: expected v of shape');
  expect(run([2, 3, 7, 4], [2, 3, 7, 4], { keyMask: tf.ones([2, 5]) })).toThrow('attention: expected keyMask of shape');
  expect(run([2, 3, 7, 4], [2, 3, 7, 4], { dropoutMask: tf.ones([2, 1, 5, 7]) })).toThrow(
    'expected dropoutMask of shape',
  );
});

it('leaks nothing, forward and backward, with both masks', async () => {
  await expectNoTensorLeak(() => {
    const [mask, factors] = [keyMask(), dropoutMask()];
    const qkv = [tf.ones([3, 2, 5, 3]), tf.ones([3, 2, 7, 3]), tf.ones([3, 2, 7, 3])] as const;
    const op = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
      attention(q, k, v, { keyMask: mask, dropoutMask: factors });
    const { value, grads } = tf.valueAndGrads(op)([...qkv]);
    for (const t of [op(...qkv), mask, factors, ...qkv, value, ...grads]) t.dispose();
  });
});
