import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from '@uniecs/tensor';
import { expectNoTensorLeak, randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { type AdamWOptions, type AdamWState, adamW } from './adamw.js';

/** Factors of the learning rate by parameter, and of the gradient by step. */
interface Scaled {
  readonly learningRates: readonly number[];
  readonly gradient: (t: number) => number;
}

const shapes = [[5, 3], [7], [], [2, 3, 1, 2]];
const steps = 12;

/** Starting values and the gradients of each step, a few of them zero or large. */
function problem() {
  const random = seededRandom(17);
  const draw = () => shapes.map((shape) => randomArray(random, shape));
  const start = draw();
  const gradients = Array.from({ length: steps }, (_, t) =>
    draw().map((array) => array.map((value, i) => (i % 5 === 4 ? 0 : value * 10 ** ((t % 3) - 2)))),
  );
  const rates = Array.from({ length: steps }, (_, t) => 0.02 / (t + 1));
  return { start, gradients, rates };
}

/** AdamW in float64, as its algorithm box has it (decoupled decay; PyTorch scales it by the learning rate). */
function oracle(
  options: AdamWOptions,
  scaled?: Scaled,
): { parameters: number[][]; first: number[][]; second: number[][] } {
  const { beta1 = 0.9, beta2 = 0.98, epsilon = 1e-8, weightDecay = 0.05 } = options;
  const { start, gradients, rates } = problem();
  const parameters = start.map((array) => Array.from(array));
  const first = parameters.map((array) => array.map(() => 0));
  const second = parameters.map((array) => array.map(() => 0));
  for (let t = 1; t <= steps; t++) {
    parameters.forEach((array, p) => {
      const rate = (rates[t - 1] as number) * (scaled?.learningRates[p] ?? 1);
      const decay = (shapes[p] as number[]).length >= 2 ? weightDecay : 0;
      const m = first[p] as number[];
      const v = second[p] as number[];
      array.forEach((value, i) => {
        const g = (gradients[t - 1]?.[p]?.[i] as number) * (scaled?.gradient(t - 1) ?? 1);
        m[i] = beta1 * (m[i] as number) + (1 - beta1) * g;
        v[i] = beta2 * (v[i] as number) + (1 - beta2) * g * g;
        const mHat = (m[i] as number) / (1 - beta1 ** t);
        const vHat = (v[i] as number) / (1 - beta2 ** t);
        array[i] = value - rate * decay * value - (rate * mHat) / (Math.sqrt(vHat) + epsilon);
      });
    });
  }
  return { parameters, first, second };
}

function run(options: AdamWOptions, scaled?: Scaled): { parameters: tf.Tensor[]; state: AdamWState } {
  const { start, gradients, rates } = problem();
  const optimizer = adamW(options);
  const tensors = (arrays: readonly Float32Array[]) =>
    arrays.map((array, p) => tf.tensor(array, shapes[p] as number[]));
  let parameters = tensors(start);
  let state = optimizer.init(parameters);
  gradients.forEach((each, t) => {
    const scales = scaled && { learningRates: scaled.learningRates, gradient: tf.scalar(scaled.gradient(t)) };
    const next = optimizer.update(parameters, tensors(each), state, tf.scalar(rates[t] as number), scales);
    parameters = next.parameters;
    state = next.state;
  });
  return { parameters, state };
}

describe('adamW', () => {
  it.each<AdamWOptions>([
    {},
    { beta1: 0.8, beta2: 0.999, epsilon: 1e-2, weightDecay: 0.3 },
    { weightDecay: 0 },
    { beta1: 0 },
  ])('takes the steps of the float64 algorithm with %o', (options) => {
    tf.tidy(() => {
      const { parameters, state } = run(options);
      const expected = oracle(options);
      expect(state.step.dataSync()[0]).toBe(steps);
      parameters.forEach((parameter, p) => {
        expect(parameter.shape).toEqual(shapes[p]);
        expect(parameter.dataSync()).toBeCloseToArray(expected.parameters[p] as number[], { relative: 1e-5 });
        const moments = [state.firstMoments[p], state.secondMoments[p]] as [tf.Tensor, tf.Tensor];
        expect(moments[0].dataSync()).toBeCloseToArray(expected.first[p] as number[], { relative: 1e-5 });
        expect(moments[1].dataSync()).toBeCloseToArray(expected.second[p] as number[], { relative: 1e-5 });
      });
    });
  });

  it('scales the gradients of a step, and the learning rate of each parameter, as the float64 algorithm does', () => {
    tf.tidy(() => {
      const scaled: Scaled = { learningRates: [0.1, 1, 0.1, 3], gradient: (t) => 1 / (t + 1) };
      const { parameters, state } = run({}, scaled);
      const expected = oracle({}, scaled);
      expect(oracle({}).parameters[1]).not.toBeCloseToArray(expected.parameters[1] as number[], { relative: 1e-2 });
      parameters.forEach((parameter, p) => {
        expect(parameter.dataSync()).toBeCloseToArray(expected.parameters[p] as number[], { relative: 1e-5 });
        const second = state.secondMoments[p] as tf.Tensor;
        expect(second.dataSync()).toBeCloseToArray(expected.second[p] as number[], { relative: 1e-5 });
      });
    });
  });

  it('decays matrices alone: without a gradient, vectors and scalars stay', () => {
    tf.tidy(() => {
      const optimizer = adamW({ weightDecay: 0.5 });
      const parameters = shapes.map((shape) => tf.ones(shape));
      const zeros = shapes.map((shape) => tf.zeros(shape));
      const next = optimizer.update(parameters, zeros, optimizer.init(parameters), tf.scalar(0.1)).parameters;
      expect(next.map((parameter) => parameter.dataSync()[0])).toBeCloseToArray([0.95, 1, 1, 0.95]);
    });
  });

  it('disposes nothing and leaves nothing but what it returns', async () => {
    const parameters = [tf.ones([3, 2]), tf.ones([4])];
    const optimizer = adamW();
    const state = optimizer.init(parameters);
    await expectNoTensorLeak(() => {
      const next = tf.tidy(() => {
        const { parameters: p, state: s } = optimizer.update(parameters, parameters, state, tf.scalar(0.1));
        return [...p, ...s.firstMoments, ...s.secondMoments, s.step];
      });
      tf.dispose(next);
    });
    expect(parameters.every((parameter) => !parameter.isDisposed)).toBe(true);
  });
});
