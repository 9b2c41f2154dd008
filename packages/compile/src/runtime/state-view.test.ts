import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { compile, deviceState, stateView } from '../index.js';

const variable = (...values: number[]) => tf.variable(tf.tensor1d(values));
const valuesOf = (tensor: { data: ArrayLike<number> }) => Array.from(tensor.data);

describe('stateView', () => {
  it('reads the values of one variable in the place of another, as they are at each call', async () => {
    const [weight, average] = [variable(1), variable(10)];
    const state = deviceState([weight, average]);
    const step = compile(
      () => {
        weight.assign(tf.add(weight, 1) as tf.Tensor1D);
        average.assign(tf.add(average, 10) as tf.Tensor1D);
        return { done: tf.scalar(1) };
      },
      { state },
    );
    const view = stateView(state, new Map([[weight, average]]));
    const [plain, averaged] = [state, view].map((each) => compile(() => tf.mul(weight, 2), { state: each }));
    for (const [w, a] of [
      [1, 10],
      [2, 20],
      [3, 30],
    ] as const) {
      expect(valuesOf((await plain?.({})) as never)).toEqual([2 * w]);
      expect(valuesOf((await averaged?.({})) as never)).toEqual([2 * a]);
      expect([state, view].map((each) => valuesOf(each.read(weight)))).toEqual([[w], [a]]);
      await step({});
    }
    for (const each of [step, plain, averaged]) await each?.dispose();
  });

  it('refuses variables of another state', () => {
    const [v, stranger] = [variable(1), variable(2)];
    for (const pair of [
      [v, stranger],
      [stranger, v],
    ] as const) {
      expect(() => stateView(deviceState(v), new Map([pair]))).toThrow(UniecsError);
    }
  });
});
