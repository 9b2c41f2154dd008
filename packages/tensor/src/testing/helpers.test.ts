import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import '../index.js';
import { seededRandom } from '../random/seeded-random.js';
import { expectGradients, input } from './expect-gradients.js';
import { finiteDifference } from './finite-difference.js';
import { expectNoTensorLeak } from './no-tensor-leak.js';
import { randomArray } from './random-array.js';
import './to-be-close-to-array.js';

describe('finiteDifference', () => {
  it('is the derivative of smooth functions, and restores the point', () => {
    const x = Float64Array.of(0.5, -2, 300);
    const seen: number[][] = [];
    const f = (p: Float64Array) => {
      seen.push([...p]);
      return Math.sin(p[0] as number) * (p[1] as number) + (p[2] as number) ** 2;
    };
    // Rounding of 300² by 1e-11, over a step of 1e-5, leaves the others exact to 1e-6.
    const expected = [Math.cos(0.5) * -2, Math.sin(0.5), 600];
    expect(finiteDifference(f, x)).toBeCloseToArray(Float64Array.from(expected), { relative: 0, absolute: 2e-6 });
    expect([...x]).toEqual([0.5, -2, 300]);
    for (const point of seen) expect(point.filter((value, i) => value !== x[i])).toHaveLength(1);
  });
});

describe('expectNoTensorLeak', () => {
  it('passes a body that cleans up, and fails one that leaves a tensor or disposes one too many', async () => {
    await expectNoTensorLeak(async () => tf.ones([2]).dispose());
    let left: tf.Tensor | undefined;
    const leak = expectNoTensorLeak(() => {
      left = tf.ones([2]);
    });
    await expect(leak).rejects.toThrow('tensors left behind');
    await expect(expectNoTensorLeak(() => left?.dispose())).rejects.toThrow('tensors left behind');
  });
});

describe('randomArray', () => {
  it('is standard normal numbers, as many as the shape has', () => {
    const random = seededRandom('x');
    const expected = Float32Array.from({ length: 6 }, () => random.normal());
    expect(randomArray(seededRandom('x'), [2, 3])).toEqual(expected);
    expect(randomArray(seededRandom('x'), [])).toHaveLength(1);
    expect(randomArray(seededRandom('x'), [0, 5])).toHaveLength(0);
  });
});

describe('expectGradients, the check behind the other tests', () => {
  const x = input([2, 3], 'x');
  const variables = new Map([['x', x]]);
  const square64 = (p: Readonly<Record<string, Float64Array>>) => Array.from(p.x as Float64Array, (v) => v * v);
  const squareWith = (slope: number) =>
    tf.customGrad((x: unknown, save: unknown) => {
      (save as (tensors: tf.Tensor[]) => void)([x as tf.Tensor]);
      return {
        value: tf.square(x as tf.Tensor),
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, tf.mul(saved[0] as tf.Tensor, slope)),
      };
    });

  it('passes the right values and gradient', () => {
    expectGradients(variables, () => squareWith(2)(x), square64);
  });

  it('fails a gradient that is off by half a percent, one that is missing, and wrong values', () => {
    expect(() => expectGradients(variables, () => squareWith(2.01)(x), square64)).toThrow('gradient of x');
    const other = input([1], 'other');
    const constant = () => tf.add(tf.square(tf.tensor(x.dataSync(), [2, 3])), tf.mul(other, 0));
    expect(() => expectGradients(new Map([...variables, ['other', other]]), constant, square64)).toThrow(
      'gradient of x',
    );
    expect(() => expectGradients(variables, () => tf.mul(squareWith(2)(x), 1.0001), square64)).toThrow('values');
  });
});
