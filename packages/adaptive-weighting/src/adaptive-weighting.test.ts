import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { UniecsError } from '@uniecs/tensor';
import '@uniecs/tensor/testing';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { type AdaptiveWeightingOptions, adaptiveWeighting } from './adaptive-weighting.js';
import { paperWeighting, recommendedWeighting } from './presets.js';
import type { WeightingState } from './weighting.js';

/** Eq. 19 as printed, plain float64 loops on lambda itself; `sumTo` multiplies its first summand. */
function printedUpdate(lambda: number[], norms: number[], beta: number, sumTo = 1): number[] {
  let normSum = 0;
  for (const norm of norms) normSum += norm;
  const grown = lambda.map((weight, i) => weight * Math.exp((norms[i] as number) / normSum));
  let grownSum = 0;
  for (const weight of grown) grownSum += weight;
  const next: number[] = [];
  for (const [i, weight] of lambda.entries()) {
    next.push((beta * sumTo * (grown[i] as number)) / grownSum + (1 - beta) * weight);
  }
  return next;
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** The weights after each step, starting with lambda(0). */
function run(options: AdaptiveWeightingOptions, normsOfStep: (step: number) => number[], steps: number): number[][] {
  return tf.tidy(() => {
    const weighting = adaptiveWeighting(options);
    let state = weighting.init();
    const read = () => Array.from(weighting.weights(state).dataSync());
    const history = [read()];
    for (let step = 0; step < steps; step++) {
      state = weighting.update(state, tf.tensor1d(normsOfStep(step)));
      history.push(read());
    }
    return history;
  });
}

const uneven = [0.3, 2.5, 0.01, 1.1, 0, 0.7];
const changing = (step: number) => uneven.map((norm, i) => norm * (1 + Math.sin(step + 2 * i) * 0.9));

describe('adaptiveWeighting', () => {
  it('starts every weight at 1', () => {
    expect(run({ terms: 6 }, () => uneven, 0)).toEqual([[1, 1, 1, 1, 1, 1]]);
  });

  it.each([
    { beta: 0.5, sumTo: 1 },
    { beta: 0.9, sumTo: 1 },
    { beta: 1, sumTo: 1 },
    { beta: 0.1, sumTo: 6 },
    { beta: 0.5, sumTo: 2.5 },
  ])('follows the printed equation at beta $beta and sum $sumTo', ({ beta, sumTo }) => {
    const actual = run({ terms: 6, beta, sumTo }, changing, 40);
    let lambda = [1, 1, 1, 1, 1, 1];
    for (let step = 0; step < 40; step++) {
      lambda = printedUpdate(lambda, changing(step), beta, sumTo);
      expect(actual[step + 1]).toBeCloseToArray(lambda, { relative: 3e-5, absolute: 1e-9 });
    }
  });

  it.each([0.1, 0.5, 0.9])('its sum goes to 1 geometrically, as 1 + 5 (1 - beta)^k from 6, at beta %d', (beta) => {
    const history = run({ terms: 6, beta }, changing, 30);
    const expected = history.map((_, k) => 1 + 5 * (1 - beta) ** k);
    expect(history.map(sum)).toBeCloseToArray(expected, { relative: 1e-5 });
  });

  it("sumTo 'terms' keeps the sum where it starts", () => {
    const history = run({ terms: 6, sumTo: 'terms' }, changing, 30);
    expect(history.map(sum)).toBeCloseToArray(
      history.map(() => 6),
      { relative: 1e-5 },
    );
    expect(history[1]).not.toBeCloseToArray(history[0] as number[]);
  });

  it('under steady gradients the term with the largest one takes all the weight', () => {
    const norms = [1, 1.3, 1.2, 0.4];
    const history = run({ terms: 4, beta: 0.5 }, () => norms, 3000);
    expect(history.at(-1)).toBeCloseToArray([0, 1, 0, 0], { absolute: 1e-3 });
    const leader = history.slice(1).map((weights) => (weights[1] as number) / sum(weights));
    expect(leader.every((share, k) => k === 0 || share >= (leader[k - 1] as number) - 1e-6)).toBe(true);
  });

  it('beta 0 keeps equal weights, whatever the gradients', () => {
    for (const weights of run({ terms: 3, beta: 0 }, () => [9, 0, 1], 25)) expect(weights).toEqual([1, 1, 1]);
  });

  it('a weight driven below 1e-38 returns when its gradient does', () => {
    const towards = (step: number) => (step < 400 ? [1, 0] : [0, 1]);
    const weighting = adaptiveWeighting({ terms: 2 });
    tf.tidy(() => {
      let state: WeightingState = weighting.init();
      for (let step = 0; step < 400; step++) state = weighting.update(state, tf.tensor1d(towards(step)));
      const logLambda = Array.from(state.logLambda.dataSync());
      expect(logLambda[1]).toBeLessThan(Math.log(1e-38));
      expect(logLambda[1]).toBeGreaterThan(-Infinity);
      expect(weighting.weights(state).dataSync()[1]).toBeLessThan(1e-38);
    });
    const history = run({ terms: 2 }, towards, 900);
    expect(history.at(-1)).toBeCloseToArray([0, 1], { absolute: 1e-4 });
    // The same equation on lambda itself, in float32 on a device that flushes denormals, loses the weight for good.
    let naive = [1, 1];
    for (let step = 0; step < 900; step++) {
      naive = printedUpdate(naive, towards(step), 0.5).map((weight) => (weight < 2 ** -126 ? 0 : Math.fround(weight)));
    }
    expect(naive[1]).toBe(0);
  });

  it('gradients that are all zero leave the proportions as they are', () => {
    const history = run({ terms: 3 }, (step) => (step < 5 ? [1, 2, 3] : [0, 0, 0]), 40);
    const shares = (weights: number[]) => weights.map((w) => w / sum(weights));
    expect(shares(history.at(-1) as number[])).toBeCloseToArray(shares(history[5] as number[]), { relative: 2e-5 });
  });

  it('only the proportions of the gradients matter', () => {
    const scaled = run({ terms: 6 }, (step) => changing(step).map((norm) => norm * 1e12), 20);
    expect(scaled.at(-1)).toBeCloseToArray(run({ terms: 6 }, changing, 20).at(-1) as number[], { relative: 1e-4 });
  });

  describe('floor', () => {
    it('no share falls below it and the sum stays as Eq. 19 has it', () => {
      const history = run({ terms: 6, floor: 0.05 }, () => [1, 9, 0, 0, 3, 0], 400);
      expect(history.map(sum)).toBeCloseToArray(
        history.map((_, k) => 1 + 5 * 0.5 ** k),
        { relative: 1e-4 },
      );
      for (const weights of history) expect(Math.min(...weights) / sum(weights)).toBeGreaterThan(0.05 * (1 - 1e-5));
      expect(history.at(-1)).toBeCloseToArray([0.05, 0.75, 0.05, 0.05, 0.05, 0.05], { relative: 1e-3 });
    });

    it('changes nothing where no share is below it', () => {
      const floored = run({ terms: 6, floor: 0.01 }, () => uneven, 5);
      expect(floored).toBeCloseToArray(
        run({ terms: 6 }, () => uneven, 5),
        { relative: 1e-5 },
      );
    });
  });

  it.each([
    [{ terms: 0 }, 'terms to be an integer above 0'],
    [{ terms: 2.5 }, 'terms to be an integer above 0'],
    [{ terms: 3, beta: -0.1 }, 'beta to be from 0 to 1'],
    [{ terms: 3, beta: Number.NaN }, 'beta to be from 0 to 1'],
    [{ terms: 3, sumTo: 0 }, 'sumTo to be a number above 0'],
    [{ terms: 3, floor: 1 / 3 }, 'floor to be from 0 to less than 1/3'],
  ])('refuses %o', (options, message) => {
    expect(() => adaptiveWeighting(options)).toThrow(message);
    expect(() => adaptiveWeighting(options)).toThrow(UniecsError);
  });

  it('refuses norms of another length', () => {
    const weighting = adaptiveWeighting({ terms: 3 });
    tf.tidy(() => {
      expect(() => weighting.update(weighting.init(), tf.tensor1d([1, 2]))).toThrow('norms of shape [3], got [2]');
    });
  });

  it('leaves no tensor behind and disposes none it was given', async () => {
    const weighting = adaptiveWeighting({ terms: 3, floor: 0.1 });
    const fixed = adaptiveWeighting({ terms: 3, beta: 0 });
    await expectNoTensorLeak(() => {
      for (const one of [weighting, fixed]) {
        const [norms, state] = [tf.tensor1d([1, 2, 3]), one.init()];
        const next = one.update(state, norms);
        const weights = one.weights(next);
        expect(state.logLambda).not.toBe(next.logLambda);
        for (const tensor of [norms, state.logLambda, next.logLambda, weights]) {
          expect(tensor.isDisposed).toBe(false);
          tensor.dispose();
        }
      }
    });
  });
});

describe('presets', () => {
  it('paper is Eq. 19 as printed', () => {
    expect(paperWeighting).toEqual({ beta: 0.5, sumTo: 1, floor: 0, scope: 'parameters' });
    expect(run({ terms: 6, ...paperWeighting }, changing, 3).at(-1)).toBeCloseToArray(
      [0, 1, 2].reduce((lambda, step) => printedUpdate(lambda, changing(step), 0.5), [1, 1, 1, 1, 1, 1]),
    );
  });

  it('recommended leaves the weights as they start and measures on the representations', () => {
    expect(recommendedWeighting.scope).toBe('representations');
    const initial = [0.1, 0.1, 1];
    const last = run({ terms: 3, initial, ...recommendedWeighting }, () => [8, 1, 1], 300).at(-1) as number[];
    expect(last).toBeCloseToArray(initial);
  });

  it('starts from the weights that are given, and moves from there as printed', () => {
    const initial = [0.2, 3, 0.7, 1, 1.5, 0.01];
    const actual = run({ terms: 6, initial }, changing, 9).at(-1) as number[];
    let lambda = initial;
    for (let step = 0; step < 9; step++) lambda = printedUpdate(lambda, changing(step), 0.5);
    expect(actual).toBeCloseToArray(lambda);
    expect(() => adaptiveWeighting({ terms: 2, initial: [1, 0] })).toThrow(
      /initial to be 2 weights above 0, got \[1, 0\]/,
    );
  });
});
