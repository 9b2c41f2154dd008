import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { differences, perturbed, readFixture, swapped } from './fixture.mjs';
import { ourGradients, ourSteps } from './training.mjs';

/** @typedef {import('./fixture.mjs').Arrays} Arrays */

/** @type {ReturnType<typeof readFixture<import('./training.mjs').TrainingCase>>} */
const { cases, arrays } = readFixture('training');
const exact = cases.filter(({ name }) => !name.endsWith('default epsilon'));
const withDefaultEpsilon = cases.filter(({ name }) => name.endsWith('default epsilon'));
/** @param {string} name */
const caseOf = (name) => /** @type {typeof cases[number]} */ (cases.find((each) => each.name === name));
/** @param {{ batch: string }} trainingCase */
const batchesOf = ({ batch }) => [0, 1, 2, 3, 4].map((step) => arrays(`batches/${batch}/${step}`));

/**
 * The arrays of some kinds.
 * @param {Arrays} all
 * @param {readonly string[]} kinds
 * @returns {Arrays}
 */
const only = (all, ...kinds) =>
  new Map([...all].filter(([name]) => kinds.includes(/** @type {string} */ (name.split('.')[0]))));

/** A test by itself takes seconds; beside others on two cores it takes longer. */
const timeout = 60_000;

describe("the representations and the gradients of all parameters are PyTorch's", () => {
  it.each(exact)('one step: $name', { timeout }, (trainingCase) => {
    const [batch] = /** @type {[Arrays]} */ (/** @type {unknown} */ (batchesOf(trainingCase)));
    const ours = ourGradients(trainingCase, arrays(`weights/${trainingCase.weights}`), batch);
    expect(differences(ours, only(arrays(`expected/${trainingCase.name}`), 'representation', 'gradient'))).toEqual([]);
  });
});

describe("losses, gradient norms, lambdas and all weights of five steps are PyTorch's", () => {
  it.each(exact)('five steps: $name', { timeout }, async (trainingCase) => {
    const ours = await ourSteps(trainingCase, arrays(`weights/${trainingCase.weights}`), batchesOf(trainingCase));
    expect(differences(ours, only(arrays(`expected/${trainingCase.name}`), 'step', 'lambda', 'weight'))).toEqual([]);
  });

  it('five compiled steps: preset recommended, missing modalities', { timeout }, async () => {
    const trainingCase = caseOf('preset recommended, missing modalities');
    const weights = arrays(`weights/${trainingCase.weights}`);
    const ours = await ourSteps(trainingCase, weights, batchesOf(trainingCase), 'compiled');
    expect(differences(ours, only(arrays(`expected/${trainingCase.name}`), 'step', 'lambda', 'weight'))).toEqual([]);
  });

  it.each(withDefaultEpsilon)('five steps: $name, all but the biases of keys', { timeout }, async (trainingCase) => {
    const ours = await ourSteps(trainingCase, arrays(`weights/${trainingCase.weights}`), batchesOf(trainingCase));
    const expected = arrays(`expected/${trainingCase.name}`);
    const different = differences(ours, expected);
    expect(different.filter((each) => !/^weight.*\b(k_proj|key)\.bias: /.test(each))).toEqual([]);
    const gradients = arrays(`expected/${trainingCase.weights}`);
    for (const each of different) {
      const name = /** @type {string} */ (each.split(':')[0]);
      // Zero in theory, so float32 holds nothing but rounding, of which each step moves the weight by the learning rate at most.
      const gradient = gradients.get(name.replace('weight', 'gradient'));
      expect(Math.max(...Array.from(gradient?.data ?? [1], Math.abs))).toBeLessThan(1e-14);
      const [a, b] = [ours.get(name), expected.get(name)];
      const distance = Array.from(a?.data ?? [], (x, i) => Math.abs(x - /** @type {number} */ (b?.data[i])));
      expect(Math.max(...distance)).toBeLessThan(5 * 1.05 * trainingCase.optimizer.learningRate);
    }
  });
});

describe('the comparison notices', () => {
  const trainingCase = caseOf('preset recommended, missing modalities');
  const weights = arrays(`weights/${trainingCase.weights}`);
  const batches = batchesOf(trainingCase);
  const expected = only(arrays(`expected/${trainingCase.name}`), 'step', 'lambda', 'weight');
  const steps = (/** @type {Arrays} */ from, given = batches, changed = trainingCase) => ourSteps(changed, from, given);

  it('one element of any expected array moved by a thousandth', { timeout }, async () => {
    const ours = await steps(weights);
    for (const array of expected.keys()) {
      expect(differences(ours, perturbed(expected, array)), array).toEqual([expect.stringContaining(`${array}: 1 of`)]);
    }
  });

  it('a weight with its axes exchanged, and batches in another order', { timeout }, async () => {
    const turned = swapped(weights, 'text_encoder.encoder.layer.0.attention.self.query.weight');
    expect(differences(await steps(turned), expected)).not.toEqual([]);
    const [first, second, ...rest] = /** @type {[Arrays, Arrays]} */ (/** @type {unknown} */ (batches));
    expect(differences(await steps(weights, [second, first, ...rest]), expected)).not.toEqual([]);
  });

  it('another learning rate, and weights of the terms that are all the same', { timeout }, async () => {
    const { optimizer, weighting } = trainingCase;
    const faster = { ...trainingCase, optimizer: { ...optimizer, learningRate: 1.01e-3 } };
    expect(differences(await steps(weights, batches, faster), expected)).not.toEqual([]);
    const same = { ...trainingCase, weighting: { ...weighting, initial: Array.from({ length: 7 }, () => 1) } };
    expect(differences(await steps(weights, batches, same), expected)).not.toEqual([]);
  });
});
