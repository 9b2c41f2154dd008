import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import './to-be-close-to-array.js';
import { type ArrayLike, compareArrays } from './to-be-close-to-array.js';

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

describe('compareArrays is silent for', () => {
  it.each<[string, ArrayLike, ArrayLike]>([
    [
      'equal nested arrays',
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'a tensor and a nested array',
      tf.tensor2d([
        [1, 2],
        [3, 4],
      ]),
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['a tensor and the flat elements of any typed array', tf.tensor2d([[1, 2]]), Float64Array.of(1, 2)],
    ['a list of typed arrays', [Float32Array.of(1, 2)], tf.tensor2d([[1, 2]])],
    ['a list of tensors', [tf.tensor1d([1, 2])], [[1, 2]]],
    ['a difference within the tolerance', [1, 100], [1.000009, 100.0009]],
    ['equal infinities', [infinity, -infinity], [infinity, -infinity]],
    ['zero of either sign', [0], [-0]],
    ['no elements', [], new Float32Array(0)],
    ['a scalar', tf.scalar(2), 2],
  ])('%s', (_, actual, expected) => {
    expect(compareArrays(actual, expected)).toBeUndefined();
    expect(actual).toBeCloseToArray(expected);
  });
});

describe('compareArrays objects to', () => {
  it.each<[string, ArrayLike, ArrayLike, string]>([
    [
      'one element too far',
      [1, 2, 3],
      [1, 2.1, 3],
      '1 of 3 elements differ (relative 0.00001, absolute 0.000001); worst at 1: 2 is not 2.1',
    ],
    ['the worst of several', [1, 2, 3], [1.1, 3, 3.1], 'worst at 1: 2 is not 3'],
    ['NaN that is not expected', [1, nan], [1, 2], 'worst at 1: NaN is not 2'],
    ['NaN that is expected', [1, 2], [1, nan], 'worst at 1: 2 is not NaN'],
    ['NaN for NaN', [nan], [nan], 'NaN is not NaN'],
    ['NaN before a larger difference', [nan, 5], [1, 1000], 'worst at 0'],
    ['infinity for a number', [infinity], [1e38], 'Infinity is not 1e+38'],
    ['a number for infinity', [1e38], [infinity], '1e+38 is not Infinity'],
    ['infinities of opposite sign', [infinity], [-infinity], 'Infinity is not -Infinity'],
    ['another count', new Float32Array(2), new Float32Array(3), '2 elements are not 3'],
    ['another shape of as many elements', tf.zeros([2, 3]), tf.zeros([3, 2]), 'shape [2,3] is not [3,2]'],
    ['another rank', [[1, 2]], [1, 2], 'shape [1,2] is not [2]'],
    ['an empty array for something', [], [1], 'shape [0] is not [1]'],
  ])('%s', (_, actual, expected, message) => {
    expect(compareArrays(actual, expected)).toContain(message);
    expect(() => expect(actual).toBeCloseToArray(expected)).toThrow(message);
    expect(actual).not.toBeCloseToArray(expected);
  });
});

it('takes its tolerance from the dtype, and single limits over it', () => {
  const near = (closeness: object) => compareArrays([1 + 1e-7, 1e-9], [1, 0], closeness);
  expect(near({})).toBeUndefined();
  expect(near({ dtype: 'float64' })).toContain('2 of 2 elements differ');
  expect(near({ dtype: 'float64', relative: 1e-6 })).toContain('1 of 2 elements differ');
  expect(near({ dtype: 'float64', relative: 1e-6, absolute: 1e-8 })).toBeUndefined();
  expect(compareArrays([1], [2], { dtype: 'int32' })).toContain('differ');
  expect(compareArrays([2 ** 24 + 1], [2 ** 24], { relative: 0, absolute: 0 })).toContain('differ');
});

it('says so when arrays that should differ are close, and refuses ragged ones', () => {
  expect(() => expect([1]).not.toBeCloseToArray([1])).toThrow('expected arrays to differ, but they are close');
  expect(() => compareArrays([[1, 2], [3]], Float32Array.of(1, 2, 3))).toThrow('ragged');
});
