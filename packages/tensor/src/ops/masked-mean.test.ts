import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import '../register-gradients.js';
import { seededRandom } from '../random/seeded-random.js';
import { randomArray } from '../testing/random-array.js';
import '../testing/to-be-close-to-array.js';
import { maskedMean } from './masked-mean.js';

const [batch, count, width] = [3, 5, 7];
const values = randomArray(seededRandom(1), [batch, count, width]);
const tokens = () => tf.tensor3d(values, [batch, count, width]);
const rows = Array.from({ length: batch }, (_, b) =>
  Array.from({ length: count }, (_, n) =>
    Array.from(values.subarray((b * count + n) * width, (b * count + n + 1) * width)),
  ),
);
const mask = [
  [1, 1, 1, 1, 1],
  [0, 1, 0, 0, 1],
  [0, 0, 0, 0, 0],
];
const kept = rows.map((row, b) => row.filter((_, n) => mask[b]?.[n] === 1));

function mean(vectors: readonly number[][]): number[] {
  return Array.from(
    { length: width },
    (_, d) => vectors.reduce((sum, x) => sum + (x[d] as number), 0) / vectors.length,
  );
}

describe('maskedMean', () => {
  it('averages the tokens that the mask keeps, and is zero where it keeps none', () => {
    const expected = kept.map((row) => (row.length > 0 ? mean(row) : new Array(width).fill(0)));
    expect(maskedMean(tokens(), tf.tensor2d(mask))).toBeCloseToArray(expected);
    expect(maskedMean(tokens(), undefined)).toBeCloseToArray(rows.map(mean));
  });

  it('spreads its gradient over the kept tokens alone', () => {
    const gradient = tf.grad((x) => tf.sum(maskedMean(x as tf.Tensor3D, tf.tensor2d(mask))))(tokens());
    const share = (b: number, n: number) => (mask[b]?.[n] as number) / Math.max(1, (kept[b] as number[][]).length);
    expect(gradient).toBeCloseToArray(rows.map((row, b) => row.map((x, n) => x.map(() => share(b, n)))));
  });
});
