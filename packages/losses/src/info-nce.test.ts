import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { seededRandom } from '@uniecs/tensor';
import '@uniecs/tensor/testing';
import { randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { type InfoNceInput, infoNce } from './info-nce.js';
import { scoped } from './testing/pairs.js';

const n = 7;
const similarity = randomArray(seededRandom(5), [3, n, n]);

/** Batches of Eq. 17 with masks, plain loops. */
function oracle(batch: number, tau: number, rows: number[], columns: number[], dropped: number[][], swap = false) {
  const s = (i: number, j: number) => similarity[batch * n * n + (swap ? j * n + i : i * n + j)] as number;
  let masked = 0;
  const values = rows.map((row, i) => {
    if (!row || !columns[i]) return 0;
    let denominator = 0;
    for (let j = 0; j < n; j++) {
      const isDropped = (swap ? dropped[j]?.[i] : dropped[i]?.[j]) === 1;
      const exists = (swap ? rows[j] : columns[j]) === 1;
      if (exists && isDropped) masked++;
      if (exists && !isDropped) denominator += Math.exp((s(i, j) - s(i, i)) / tau);
    }
    return Math.log(denominator);
  });
  return { values, masked };
}

const rows = [1, 1, 0, 1, 1, 1, 1];
const columns = [1, 1, 1, 1, 0, 1, 1];
const dropped = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (j === (i + 2) % n ? 1 : 0)));

function evaluate(more: Omit<InfoNceInput, 'similarity' | 'temperature'>, tau: number, batched = true) {
  return scoped(() => {
    const all = tf.tensor(similarity, [3, n, n]);
    const input = batched ? all : tf.reshape(tf.slice(all, [0, 0, 0], [1, n, n]), [n, n]);
    const { values, anchors, maskedNegatives } = infoNce({ similarity: input, temperature: tau, ...more });
    return {
      shape: values.shape,
      values: [...values.dataSync()],
      anchors: [...anchors.dataSync()],
      masked: maskedNegatives.dataSync()[0],
    };
  });
}

describe('infoNce', () => {
  it('masks anchors, columns and false negatives, over leading axes', () => {
    const more = { queries: tf.tensor1d(rows), candidates: tf.tensor1d(columns), falseNegatives: tf.tensor2d(dropped) };
    const actual = evaluate(more, 0.3);
    const expected = [0, 1, 2].map((batch) => oracle(batch, 0.3, rows, columns, dropped));
    expect(actual.shape).toEqual([3, n]);
    expect(actual.values).toBeCloseToArray(expected.flatMap(({ values }) => values));
    expect(actual.masked).toBe(expected.reduce((total, { masked }) => total + masked, 0));
    expect(actual.anchors.slice(0, n)).toEqual([1, 1, 0, 1, 0, 1, 1]);
    tf.dispose(more);
  });

  it('symmetric is the mean of both directions, masks turned with them', () => {
    const more = { queries: tf.tensor1d(rows), candidates: tf.tensor1d(columns), falseNegatives: tf.tensor2d(dropped) };
    const actual = evaluate({ ...more, symmetric: true }, 0.3, false);
    const [forward, backward] = [false, true].map((swap) => oracle(0, 0.3, rows, columns, dropped, swap));
    expect(actual.values).toBeCloseToArray(
      (forward?.values ?? []).map((value, i) => (value + (backward?.values[i] as number)) / 2),
    );
    expect(actual.masked).toBe((forward?.masked ?? 0) + (backward?.masked ?? 0));
    tf.dispose(more);
  });

  it('without masks every row is an anchor', () => {
    const ones = rows.map(() => 1);
    const none = dropped.map((row) => row.map(() => 0));
    const actual = evaluate({}, 1, false);
    expect(actual.values).toBeCloseToArray(oracle(0, 1, ones, ones, none).values);
    expect(actual).toMatchObject({ anchors: ones, masked: 0 });
  });

  it('logits far beyond the range of exp give the exact gap, with a finite gradient', () => {
    scoped(() => {
      const s = tf.tensor2d([
        [1, 0, -1],
        [1, -1, 0],
        [0.5, 0.5, 0.5],
      ]);
      const values = (x: tf.Tensor) => infoNce({ similarity: x, temperature: 1e-5 }).values;
      expect(values(s)).toBeCloseToArray([0, 2e5, Math.log(3)], { relative: 1e-5 });
      expect(tf.grad((x) => tf.mean(values(x)))(s)).toBeCloseToArray(
        [
          [0, 0, 0],
          [1e5 / 3, -1e5 / 3, 0],
          [1e5 / 9, 1e5 / 9, -2e5 / 9],
        ],
        { relative: 1e-4, absolute: 1e-2 },
      );
    });
  });
});
