import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { meanPool } from './mean-pool.js';
import { layerNorms, linears, mean } from './testing/float64-fusion.js';
import { parameters64, scatter } from './testing/small-fusion.js';

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

describe('meanPool', () => {
  it('is tanh of Linear of LayerNorm of the masked mean', () => {
    const pool = meanPool({ width, random: seededRandom(2) });
    scatter(pool, seededRandom(3));
    const p = parameters64(pool);
    const normed = layerNorms(p, 'layer_norm', kept.slice(0, 2).map(mean));
    const expected = linears(p, 'linear', normed).map((x) => x.map(Math.tanh));
    const got = pool.forward({ tokens: tokens(), mask: tf.tensor2d(mask) });
    expect(tf.slice(got, 0, 2)).toBeCloseToArray(expected, { absolute: 3e-6 });
  });
});
