import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { cmal, type LossTerm } from '@uniecs/losses';
import { parameter } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import type { HostPairs } from '../data/pair-batches.js';
import type { ItemTensors } from '../model/item-tensors.js';
import { type SmallTraining, smallBatch, smallTraining, tensorsOf } from '../testing/small-training.js';
import { adamW } from './adamw.js';
import type { PairLabels } from './pair-vectors.js';
import { type StepRunner, stepRunner } from './step-runner.js';
import { namedState } from './train-state.js';

/** Products that make a step fail. */
const nanLoss = 888;
const wildGradient = 777;

/**
 * A term that is NaN in a batch with one product, and in one with another has a loss of 1 and no gradient at the representations, but
 * one for its own parameter whose square float32 cannot hold.
 */
function failingTerm(): LossTerm {
  const level = parameter([], 1);
  return {
    name: 'FAILING',
    group: 'OWN',
    module: { tree: { level } },
    compute: ({ item1: { productId, fused, valid } }) => {
      const has = (product: number) => tf.any(tf.equal(productId, product));
      const factor = tf.where(has(wildGradient), tf.scalar(1e30), tf.scalar(1));
      const own = tf.mul(factor, tf.sub(level, tf.where(has(nanLoss), tf.scalar(Number.NaN), tf.scalar(1))));
      const loss = tf.add<tf.Scalar>(own, tf.mul(1e-3, tf.sum(fused)));
      const perAnchor = tf.zerosLike(valid.fused);
      return { loss, perAnchor, anchors: tf.sum(valid.fused), maskedNegatives: tf.scalar(0) };
    },
  };
}

const make = () =>
  smallTraining({ terms: [...cmal(), failingTerm()], optimizer: adamW(), averageDecay: 0.9, clipNorm: 1 });

const batch = (seed: number, product?: number): HostPairs => {
  const made = smallBatch({ pairs: 4, seed });
  if (product !== undefined) made.labels.product1.data[2] = product;
  return made;
};

const key = Float32Array.of(1, 2);

/** All of the state, by name. */
function stateOf({ state }: SmallTraining, runner: StepRunner): [string, number[]][] {
  const read = (variable: tf.Variable) => Array.from(runner.state.read(variable).data);
  return [...namedState(state)].map(([name, variable]) => [name, read(variable)]);
}

describe.each([
  ['in one graph', 4],
  ['in micro-batches', 2],
])('a step whose loss or gradient is not finite, %s', (_, micro) => {
  it('changes nothing, to the bit, and the next steps are those that would have been taken', async () => {
    const [disturbed, calm] = [make(), make()];
    const runners = [disturbed, calm].map(({ stages, state }) => stepRunner(stages, state, 4, micro));
    const [withFaults, without] = runners as [StepRunner, StepRunner];
    for (let step = 0; step < 3; step++) {
      const [a, b] = [await withFaults.run(batch(step), 1e-3, key), await without.run(batch(step), 1e-3, key)];
      expect(a).toEqual(b);
      expect(a.taken).toBe(true);
      const expected = stateOf(calm, without);
      expect(stateOf(disturbed, withFaults)).toEqual(expected);

      const bad = await withFaults.run(batch(10 + step, nanLoss), 1e-3, key);
      expect(bad.taken).toBe(false);
      expect(bad.terms.at(-1)).toBeNaN();
      expect([...bad.rowSums].every(Number.isFinite)).toBe(true);
      expect(stateOf(disturbed, withFaults)).toEqual(expected);

      const wild = await withFaults.run(batch(20 + step, wildGradient), 1e-3, key);
      expect(wild.taken).toBe(false);
      // Only the gradient of the parameters shows it.
      expect([wild.loss, ...wild.terms, ...wild.gradientNorms].every(Number.isFinite)).toBe(true);
      expect(wild.gradientNorm).toBe(Number.POSITIVE_INFINITY);
      expect(stateOf(disturbed, withFaults)).toEqual(expected);
    }
    for (const runner of runners) await runner.dispose();
  });
});

it('the sums of the rows show which items have representations that are not finite', () => {
  const { stages } = make();
  const { items, labels } = tensorsOf<{ items: ItemTensors; labels: PairLabels }>({
    items: smallBatch({ pairs: 4 }).items,
    labels: smallBatch({ pairs: 4 }).labels,
  });
  const spoiled = tf.tensor1d(Array.from({ length: 8 }, (_, row) => (row === 5 ? Number.NaN : 0)));
  const pixels = tf.add<tf.Tensor4D>(items.pixels, tf.reshape(spoiled, [8, 1, 1, 1]));
  const vectors = stages.encode({ items: { ...items, pixels } });
  const { rowSums } = stages.head({ vectors, labels }).report;
  expect([...rowSums.dataSync()].map(Number.isFinite)).toEqual([true, true, true, true, true, false, true, true]);
});
