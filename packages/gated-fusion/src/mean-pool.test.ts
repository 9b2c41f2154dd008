import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { meanPool } from './mean-pool.js';
import { layerNorms, linears, mean } from './testing/float64-fusion.js';
import { parameters64, scatter } from './testing/small-fusion.js';

const width = 7;
const random = seededRandom(1);
const sequence = () => Array.from({ length: 5 }, () => Array.from(randomArray(random, [width])));
const [whole, gappy] = [sequence(), sequence()];
const tokens = tf.tensor3d([whole, gappy]);
const mask = tf.tensor2d([
  [1, 1, 1, 1, 1],
  [0, 1, 0, 0, 1],
]);
const means = [mean(whole), mean(gappy.filter((_, n) => n === 1 || n === 4))];

describe('meanPool', () => {
  it('is tanh of Linear of LayerNorm of the masked mean', () => {
    const pool = meanPool({ width, random: seededRandom(2) });
    scatter(pool, seededRandom(3));
    const p = parameters64(pool);
    const normed = layerNorms(p, 'layer_norm', means);
    const expected = linears(p, 'linear', normed).map((x) => x.map(Math.tanh));
    expect(pool.forward({ tokens, mask })).toBeCloseToArray(expected, { absolute: 3e-6 });
  });
});
