import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { seededRandom } from '@uniecs/tensor';
import '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { effectiveHardNegatives, effectiveNeighbours, nearestMask } from './nearest.js';
import { plc } from './plc.js';
import { recommendedLosses } from './presets.js';
import { clampedCounts } from './term.js';
import { nearest } from './testing/naive.js';
import { scoped } from './testing/pairs.js';
import { v2v } from './v2v.js';

const n = 11;
const random = seededRandom(9);
// Few distinct values, so that most rows have ties at the threshold.
const scores = Array.from({ length: n }, () => Array.from({ length: n }, () => random.integer(4) / 4));
const allowed = Array.from({ length: n }, () => Array.from({ length: n }, () => (random.uniform() < 0.7 ? 1 : 0)));

describe('nearestMask', () => {
  it.each([0, 1, 2, 5, 11])('marks the %d largest allowed of each row, of equals the first', (k) => {
    const expected = scores.map((row, i) => {
      const candidates = row.map((_, j) => j).filter((j) => allowed[i]?.[j] === 1);
      const chosen = nearest(candidates, k, (j) => row[j] as number);
      return row.map((_, j) => (chosen.includes(j) ? 1 : 0));
    });
    const actual = scoped(() => nearestMask(tf.tensor2d(scores), tf.tensor2d(allowed), k).arraySync());
    expect(actual).toEqual(expected);
  });

  it('marks nothing where nothing is allowed', () => {
    const actual = scoped(() => nearestMask(tf.tensor2d(scores), tf.zeros([n, n]), 3).arraySync());
    expect(actual.flat().every((value) => value === 0)).toBe(true);
  });

  it('a choice carries no gradient', () => {
    scoped(() => {
      const gradient = tf.grad((x) => {
        const mask = nearestMask(x as tf.Tensor2D, tf.tensor2d(allowed), 2);
        return tf.sum(tf.mul(tf.square(x), mask));
      })(tf.tensor2d(scores));
      const mask = nearestMask(tf.tensor2d(scores), tf.tensor2d(allowed), 2);
      expect(gradient).toBeCloseToArray(tf.mul(tf.mul(mask, tf.tensor2d(scores)), 2));
    });
  });
});

it('neighbours are at most the batch, hard negatives at most the others', () => {
  expect(effectiveNeighbours(10, 96)).toEqual({ option: 'k', requested: 10, effective: 10 });
  expect(effectiveNeighbours(10, 7)).toEqual({ option: 'k', requested: 10, effective: 7 });
  expect(effectiveHardNegatives({ count: 20 }, 13).effective).toBe(12);
  expect(effectiveHardNegatives({ share: 0.5 }, 13).effective).toBe(6);
  expect(effectiveHardNegatives({ share: 0.5 }, 2).effective).toBe(1);
  expect(effectiveHardNegatives({ share: 0.5 }, 1).effective).toBe(0);
  expect(effectiveHardNegatives({ share: 0.01 }, 13).effective).toBe(1);
});

it('clampedCounts names the terms that get fewer rows than they ask for', () => {
  expect(clampedCounts(recommendedLosses(), 96)).toEqual([]);
  expect(clampedCounts([plc(), v2v({ hardNegatives: { count: 8 } })], 7)).toEqual([
    { term: 'PLC', option: 'k', requested: 10, effective: 7 },
    { term: 'V2V', option: 'hardNegatives', requested: 8, effective: 6 },
  ]);
});
