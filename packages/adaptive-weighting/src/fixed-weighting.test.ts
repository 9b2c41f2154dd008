import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { expect, it } from 'vitest';
import { fixedWeighting } from './fixed-weighting.js';

it('weights stay as given, zero included', () => {
  const weighting = fixedWeighting({ terms: 3, weights: [2, 0, 0.5] });
  tf.tidy(() => {
    let state = weighting.init();
    for (let step = 0; step < 5; step++) state = weighting.update(state, tf.tensor1d([1, 50, 3]));
    expect(weighting.weights(state)).toBeCloseToArray([2, 0, 0.5]);
  });
});

it('weights are 1 each by default', () => {
  const weighting = fixedWeighting({ terms: 3 });
  expect(tf.tidy(() => Array.from(weighting.weights(weighting.init()).dataSync()))).toEqual([1, 1, 1]);
});

it.each([
  { terms: 0 },
  { terms: -1 },
  { terms: 2, weights: [1] },
  { terms: 2, weights: [1, -1] },
  { terms: 2, weights: [0, 0] },
  { terms: 2, weights: [1, Number.NaN] },
])('refuses %o', (options) => {
  expect(() => fixedWeighting(options)).toThrow('fixedWeighting: expected');
});

it('leaves no tensor behind', async () => {
  const weighting = fixedWeighting({ terms: 2 });
  await expectNoTensorLeak(() => {
    const [norms, state] = [tf.tensor1d([1, 2]), weighting.init()];
    const next = weighting.update(state, norms);
    tf.dispose([norms, state.logLambda, weighting.weights(next), next.logLambda]);
  });
});
