import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { adamW } from '@uniecs/retrieval';
import { describe, expect, it } from 'vitest';
import { differences, perturbed, readFixture, tensorOf, valuesOf } from './fixture.mjs';
import { scoped } from './with-gradients.mjs';

/**
 * @typedef {import('./fixture.mjs').Arrays} Arrays
 * @typedef {import('./fixture.mjs').Values} Values
 * @typedef {{ name: string, options: import('@uniecs/retrieval').AdamWOptions, learningRates: number[], factors: number[] }} AdamWCase
 */

/** @type {ReturnType<typeof readFixture<AdamWCase>>} */
const { cases, arrays } = readFixture('adamw');
const names = ['matrix', 'filter', 'bias', 'temperature'];

/**
 * The parameters after each step, and both moments after the last.
 * @param {AdamWCase} adamWCase
 * @param {Arrays} inputs
 * @returns {Arrays}
 */
function ourUpdates({ options, learningRates, factors }, inputs) {
  return scoped(() => {
    const read = (/** @type {string} */ name) => tensorOf(/** @type {Values} */ (inputs.get(name)));
    const optimizer = adamW(options);
    let parameters = names.map((name) => read(`start.${name}`));
    let state = optimizer.init(parameters);
    const slopes = names.map((name) => tf.unstack(read(name)));
    /** @type {tf.Tensor[][]} */
    const seen = names.map(() => []);
    learningRates.forEach((rate, step) => {
      const gradients = slopes.map((steps) => /** @type {tf.Tensor} */ (steps[step]));
      const scales = { learningRates: factors };
      ({ parameters, state } = optimizer.update(parameters, gradients, state, tf.scalar(rate), scales));
      parameters.forEach((parameter, i) => {
        seen[i]?.push(parameter);
      });
    });
    const { firstMoments, secondMoments } = state;
    return new Map(
      names.flatMap((name, i) => [
        [`parameter.${name}`, valuesOf(tf.stack(/** @type {tf.Tensor[]} */ (seen[i])))],
        [`first.${name}`, valuesOf(/** @type {tf.Tensor} */ (firstMoments[i]))],
        [`second.${name}`, valuesOf(/** @type {tf.Tensor} */ (secondMoments[i]))],
      ]),
    );
  });
}

describe("the parameters after each AdamW step and the moments are PyTorch's", () => {
  it.each(cases)('$name', (adamWCase) => {
    const { name } = adamWCase;
    expect(differences(ourUpdates(adamWCase, arrays(`inputs/${name}`)), arrays(`expected/${name}`))).toEqual([]);
  });
});

describe('the comparison notices', () => {
  const name = 'weight decay 0.5, learning rate 0.1';
  const adamWCase = /** @type {AdamWCase} */ (cases.find((each) => each.name === name));
  const inputs = arrays(`inputs/${name}`);
  const expected = arrays(`expected/${name}`);

  it('one element of any expected array moved by a thousandth', () => {
    const ours = ourUpdates(adamWCase, inputs);
    for (const array of expected.keys()) {
      expect(differences(ours, perturbed(expected, array))).toEqual([expect.stringContaining(`${array}: 1 of`)]);
    }
  });

  it('decay where there is none in PyTorch, or none where there is: matrices and filters alone decay', () => {
    const without = { ...adamWCase, options: { ...adamWCase.options, weightDecay: 0 } };
    expect(differences(ourUpdates(without, inputs), expected).map((each) => each.split(':')[0])).toEqual([
      'parameter.matrix',
      'parameter.filter',
    ]);
  });

  it('another beta', () => {
    const other = { ...adamWCase, options: { ...adamWCase.options, beta2: 0.981 } };
    expect(differences(ourUpdates(other, inputs), expected)).not.toEqual([]);
  });
});
