import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compile } from '../index.js';

const scalar = (value: number) => ({ dtype: 'float32', shape: [], data: Float32Array.of(value) }) as const;
const variable = (...values: number[]) => tf.variable(tf.tensor1d(values));
const valuesOf = (tensor: { data: ArrayLike<number> }) => Array.from(tensor.data);

/** Adds x to v and returns the sum, unless it is not finite. */
function guardedSum(v: tf.Variable) {
  return compile(
    ({ x }: { x: tf.Tensor }) => {
      const sum = tf.add(v, x);
      v.assign(sum);
      return { sum };
    },
    { state: v, accept: ({ sum }) => sum.data.every(Number.isFinite) },
  );
}

describe('accept', () => {
  it('keeps the state of a call that is not accepted, whose outputs are returned, and later calls go on from there', async () => {
    const v = variable(1, 2);
    const add = guardedSum(v);
    await add({ x: scalar(1) });
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(valuesOf((await add({ x: scalar(bad) })).sum)).toEqual([bad, bad]);
      expect(valuesOf(add.state.read(v))).toEqual([2, 3]);
    }
    expect(valuesOf((await add({ x: scalar(3) })).sum)).toEqual([5, 6]);
    expect(valuesOf(add.state.read(v))).toEqual([5, 6]);
    await add.dispose();
  });

  it('that throws fails the call and leaves the state as it was', async () => {
    const v = variable(1);
    const double = compile(
      () => {
        v.assign(tf.mul(v, 2) as tf.Tensor1D);
        return { two: tf.scalar(2) };
      },
      {
        state: v,
        accept: () => {
          throw new Error('undecided');
        },
      },
    );
    await expect(double({})).rejects.toThrow('undecided');
    expect(valuesOf(double.state.read(v))).toEqual([1]);
    await double.dispose();
  });
});
