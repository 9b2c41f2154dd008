import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import '../index.js';
import { expectGradients, input } from '../testing/expect-gradients.js';
import { softmax64 } from '../testing/float64.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import '../testing/to-be-close-to-array.js';
import { logSoftmax, logSumExp, softmax, softmaxCrossEntropy } from './softmax.js';

const rowsOf = (x: Float64Array | undefined, width: number): number[][] =>
  Array.from({ length: (x as Float64Array).length / width }, (_, i) => [
    ...(x as Float64Array).slice(i * width, (i + 1) * width),
  ]);
const logSumExp64 = (row: readonly number[]) => {
  const top = Math.max(...row);
  return top + Math.log(row.reduce((total, x) => total + Math.exp(x - top), 0));
};
const logSoftmax64 = (row: readonly number[]) => row.map((x) => x - logSumExp64(row));

describe.each([
  { name: 'softmax', op: softmax, oracle: (row: number[]) => softmax64(row) },
  { name: 'logSoftmax', op: logSoftmax, oracle: logSoftmax64 },
  { name: 'logSumExp', op: logSumExp, oracle: (row: number[]) => [logSumExp64(row)] },
])('$name', ({ op, oracle }) => {
  const apply = (width: number) => (values: Readonly<Record<string, Float64Array>>) =>
    rowsOf(values.x, width).flatMap(oracle);

  it('is the float64 formula over the last axis, values and gradient', () => {
    const x = input([2, 3, 5], 'softmax');
    expectGradients(new Map([['x', x]]), () => op(x), apply(5));
  });

  it('takes large logits, equal logits and a single class', () => {
    for (const values of [
      [1e4, -1e4, 9999, 0.5, 1e4],
      [1e30, 0, -1e30, 1, 2],
      [7, 7, 7, 7, 7],
    ]) {
      const x = input([1, 5], values);
      expect(op(x)).toBeCloseToArray(Float64Array.from(apply(5)({ x: Float64Array.from(x.dataSync()) })));
    }
    expect(op(tf.tensor2d([[3], [-1e5]]))).toBeCloseToArray(Float64Array.from([3, -1e5].flatMap((x) => oracle([x]))));
  });

  it('has a finite gradient for large logits', () => {
    const { grad } = tf.valueAndGrad((x: tf.Tensor) => op(x))(tf.tensor2d([[1e30, -1e30, 0]]));
    expect(Array.from(grad.dataSync()).every(Number.isFinite)).toBe(true);
  });

  it('leaks nothing, forward and backward', async () => {
    await expectNoTensorLeak(() => {
      const x = tf.ones([2, 3]);
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => op(x))(x);
      for (const t of [op(x), x, value, grad]) t.dispose();
    });
  });
});

describe('softmaxCrossEntropy', () => {
  const labels = [4, 0, 2];
  const oracle = (values: Readonly<Record<string, Float64Array>>) =>
    rowsOf(values.logits, 5).map((row, i) => -(logSoftmax64(row)[labels[i] as number] as number));

  it('is minus the log-probability of the label, values and gradient', () => {
    const logits = input([3, 5], 'logits');
    const ids = tf.tensor1d(labels, 'int32');
    expectGradients(new Map([['logits', logits]]), () => softmaxCrossEntropy(logits, ids), oracle);
  });

  it('takes large logits', () => {
    const logits = input([3, 5], [1e4, 0, 0, 0, -1e4, 1e4, 3, 2, 1, 0, 5, 5, 5, 5, 5]);
    const ids = tf.tensor1d(labels, 'int32');
    expectGradients(new Map([['logits', logits]]), () => softmaxCrossEntropy(logits, ids), oracle);
  });

  it('is log M for equal logits, 0 for one class, and takes a batch of one and of none', () => {
    const zero = tf.tensor1d([0], 'int32');
    expect(softmaxCrossEntropy(tf.fill([1, 7], 3), zero)).toBeCloseToArray([Math.log(7)]);
    expect(softmaxCrossEntropy(tf.tensor2d([[1e5]]), zero)).toBeCloseToArray([0]);
    expect(softmaxCrossEntropy(tf.zeros([0, 7]), tf.tensor1d([], 'int32')).shape).toEqual([0]);
  });

  it('leaves out classes of logit -Infinity, with gradient 0', () => {
    const minus = Number.NEGATIVE_INFINITY;
    const logits = input([1, 3], [1, minus, 2]);
    const { value, grads } = tf.variableGrads(
      () => tf.sum(softmaxCrossEntropy(logits, tf.tensor1d([2], 'int32'))) as tf.Scalar,
      [logits],
    );
    expect(value).toBeCloseToArray(tf.scalar(Math.log(1 + Math.exp(-1))));
    const p = 1 / (1 + Math.E);
    expect(grads[logits.name] as tf.Tensor).toBeCloseToArray([[p, 0, -p]]);
  });

  it('refuses labels of another batch, naming shapes', () => {
    expect(() => softmaxCrossEntropy(tf.zeros([3, 5]), tf.tensor1d([1, 2], 'int32'))).toThrow(
      'softmaxCrossEntropy: expected labels of shape [N = 3], got [2]',
    );
  });

  it('leaks nothing, forward and backward', async () => {
    await expectNoTensorLeak(() => {
      const [x, ids] = [tf.ones([2, 3]), tf.tensor1d([0, 2], 'int32')];
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => softmaxCrossEntropy(x, ids))(x);
      for (const t of [softmaxCrossEntropy(x, ids), x, ids, value, grad]) t.dispose();
    });
  });
});
