import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { adaptiveWeighting } from '@uniecs/adaptive-weighting';
import { describe, expect, it } from 'vitest';
import { differences, perturbed, readFixture, tensorOf, valuesOf } from './fixture.mjs';
import { scoped } from './with-gradients.mjs';

/**
 * @typedef {import('./fixture.mjs').Arrays} Arrays
 * @typedef {{ name: string, options: import('@uniecs/adaptive-weighting').AdaptiveWeightingOptions }} WeightingCase
 */

/** @type {ReturnType<typeof readFixture<WeightingCase>>} */
const { cases, arrays } = readFixture('weighting');

/**
 * The weights before the first step and after each.
 * @param {WeightingCase} weightingCase
 * @param {Arrays} inputs
 * @returns {Arrays}
 */
function ourWeights({ options }, inputs) {
  return scoped(() => {
    const { init, update, weights } = adaptiveWeighting(options);
    let state = init();
    const found = [weights(state)];
    const norms = tensorOf(/** @type {import('./fixture.mjs').Values} */ (inputs.get('norms')));
    for (const row of tf.unstack(norms)) {
      state = update(state, /** @type {tf.Tensor1D} */ (row));
      found.push(weights(state));
    }
    return new Map([['lambdas', valuesOf(tf.stack(found))]]);
  });
}

describe("the adaptive weights after each step are PyTorch's", () => {
  it.each(cases)('$name', (weightingCase) => {
    const { name } = weightingCase;
    const ours = ourWeights(weightingCase, arrays(`inputs/${name}`));
    expect(differences(ours, arrays(`expected/${name}`))).toEqual([]);
  });
});

describe('the comparison notices', () => {
  it('a weight moved by a thousandth, the norms of another term, another beta', () => {
    const [weightingCase, other] = /** @type {[WeightingCase, WeightingCase]} */ (/** @type {unknown} */ (cases));
    const inputs = arrays(`inputs/${weightingCase.name}`);
    const expected = arrays(`expected/${weightingCase.name}`);
    expect(differences(ourWeights(weightingCase, inputs), perturbed(expected, 'lambdas'))).toHaveLength(1);
    const { shape, data } = /** @type {import('./fixture.mjs').Values} */ (inputs.get('norms'));
    const turned = new Map([['norms', { shape, data: data.slice().reverse() }]]);
    expect(differences(ourWeights(weightingCase, turned), expected)).toHaveLength(1);
    expect(differences(ourWeights(other, inputs), expected)).toHaveLength(1);
  });
});
