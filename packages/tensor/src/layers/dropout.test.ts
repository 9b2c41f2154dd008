import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import '../index.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import '../testing/to-be-close-to-array.js';
import { dropout, dropoutMask, dropoutSource, type ForwardContext } from './dropout.js';

const context = (rows: readonly number[], key = [7, 1]): ForwardContext => ({
  dropout: dropoutSource({ key: tf.tensor1d(key), rows: tf.tensor1d([...rows]) }),
});
const rowIds = (n: number, first = 0) => Array.from({ length: n }, (_, i) => first + i);
const exact = { relative: 0, absolute: 0 };

it('is the very input without a source or at rate 0', () => {
  const x = tf.ones([2, 3]);
  expect(dropout(x, 0.5)).toBe(x);
  expect(dropout(x, 0.5, {})).toBe(x);
  expect(dropout(x, 0, context([0, 1]))).toBe(x);
});

it('drops the asked share and scales the rest by 1 / (1 - rate)', () => {
  const n = 64 * 499;
  for (const rate of [0.1, 0.5, 0.9]) {
    const mask = dropoutMask([64, 499], rate, context(rowIds(64)))?.dataSync() as Float32Array;
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
    const dropped = mask.filter((factor) => factor === 0).length;
    expect(Math.abs(dropped - n * rate)).toBeLessThan(5 * Math.sqrt(n * rate * (1 - rate)));
  }
});

it('has the mask as its gradient', () => {
  const x = tf.ones([5, 7]);
  const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => dropout(x, 0.4, context(rowIds(5))))(x);
  expect(grad).toBeCloseToArray(value, exact);
});

it('a pass replayed with a fresh source draws the same, site by site, and sites differ', () => {
  const pass = () => {
    const source = context(rowIds(5));
    return [0, 1, 2].map(() => dropoutMask([5, 11], 0.5, source) as tf.Tensor);
  };
  const [first, second] = [pass(), pass()];
  first.forEach((mask, site) => {
    expect(mask).toBeCloseToArray(second[site] as tf.Tensor, exact);
    for (const other of first.slice(site + 1)) expect(mask).not.toBeCloseToArray(other);
  });
});

it.each([[[7]], [[1, 1, 1, 1, 1, 1, 1]], [[4, 3]], [[2, 5]]])(
  'micro-batches of %j rows draw exactly what the whole batch draws',
  (sizes) => {
    const whole = context(rowIds(7, 100));
    const expected = [0, 1].map(() => dropoutMask([7, 3, 5], 0.3, whole) as tf.Tensor);
    let start = 100;
    const parts = sizes.map((size) => {
      const source = context(rowIds(size, start));
      start += size;
      return [0, 1].map(() => dropoutMask([size, 3, 5], 0.3, source) as tf.Tensor);
    });
    expected.forEach((mask, site) => {
      expect(tf.concat(parts.map((part) => part[site] as tf.Tensor))).toBeCloseToArray(mask, exact);
    });
  },
);

it('draws anew for another seed and another step', () => {
  const draw = (key: number[]) => dropoutMask([5, 11], 0.5, context(rowIds(5), key)) as tf.Tensor;
  const masks = [draw([7, 1]), draw([7, 2]), draw([8, 1]), draw([1, 7])];
  masks.forEach((mask, i) => {
    for (const other of masks.slice(i + 1)) expect(mask).not.toBeCloseToArray(other);
  });
});

it('starts at the site it is told to', () => {
  const [key, rows] = [tf.tensor1d([7, 1]), tf.tensor1d([0, 1])];
  const late = { dropout: dropoutSource({ key, rows, firstSite: 1 }) };
  const all = { dropout: dropoutSource({ key, rows }) };
  dropoutMask([2, 5], 0.5, all);
  expect(dropoutMask([2, 5], 0.5, late) as tf.Tensor).toBeCloseToArray(
    dropoutMask([2, 5], 0.5, all) as tf.Tensor,
    exact,
  );
});

it('takes no site where nothing is dropped', () => {
  const source = context([0, 1]);
  dropoutMask([2, 3], 0, source);
  expect(source.dropout?.nextSite()).toBe(0);
});

it('refuses a rate outside [0, 1), source or not', () => {
  for (const rate of [-0.1, 1, 1.5, Number.NaN]) {
    expect(() => dropout(tf.ones([2, 3]), rate)).toThrow(`dropout: expected a rate in [0, 1), got ${rate}`);
  }
});

it('leaks nothing', async () => {
  const source = context([0, 1]);
  await expectNoTensorLeak(() => {
    const x = tf.ones([2, 3]);
    for (const t of [dropout(x, 0.5, source), x]) t.dispose();
  });
});
