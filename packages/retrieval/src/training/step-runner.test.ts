import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { recommendedLosses } from '@uniecs/losses';
import '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import type { HostPairs } from '../data/pair-batches.js';
import type { ItemTensors } from '../model/item-tensors.js';
import {
  joined,
  relativeDistance,
  type SmallTraining,
  smallBatch,
  smallTraining,
  tensorsOf,
} from '../testing/small-training.js';
import { adamW } from './adamw.js';
import type { PairLabels } from './pair-vectors.js';
import type { StepNumbers } from './step-numbers.js';
import { type StepRunner, stepRunner } from './step-runner.js';
import { namedState } from './train-state.js';

const key = Float32Array.of(12, 3456);

async function withRunner<T>(
  { stages, state }: SmallTraining,
  { batch, micro }: { batch: number; micro: number },
  body: (runner: StepRunner) => Promise<T>,
): Promise<T> {
  const runner = stepRunner(stages, state, batch, micro);
  try {
    return await body(runner);
  } finally {
    await runner.dispose();
  }
}

/** One step in one graph, eagerly, with dropout. */
function eagerStep({ stages }: SmallTraining, { items, labels }: HostPairs, learningRate: number): number[] {
  const numbers = tf.tidy(() => {
    const inputs = tensorsOf<{ items: ItemTensors; labels: PairLabels }>({ items, labels });
    const rows = tf.range(0, inputs.items.pixels.shape[0] as number);
    const dropout = { key: tf.tensor1d(key), rows };
    const { loss, terms, lambdas, gradientNorms } = stages.whole({
      ...inputs,
      learningRate: tf.scalar(learningRate),
      dropout,
    });
    return [loss, terms, lambdas, gradientNorms].flatMap((x) => [...x.dataSync()]);
  });
  return numbers as number[];
}

const listed = ({ loss, terms, lambdas, gradientNorms }: StepNumbers) => [loss, ...terms, ...lambdas, ...gradientNorms];

/** The state as the runner holds it against the variables of one trained eagerly: each kind of array as a whole, and each by itself. */
function expectSameState(compiled: SmallTraining, runner: StepRunner, eager: SmallTraining): void {
  const kinds = { moments1: /first_moments/, moments2: /second_moments/, rest: /^(?!.*_moments)/ };
  const got = [...namedState(compiled.state)].map(
    ([name, variable]) => [name, Float32Array.from(runner.state.read(variable).data)] as const,
  );
  const expected = new Map([...namedState(eager.state)].map(([name, variable]) => [name, variable.dataSync()]));
  expect(got.map(([name]) => name)).toEqual([...expected.keys()]);
  for (const [kind, pattern] of Object.entries(kinds)) {
    const chosen = got.filter(([name]) => pattern.test(name));
    const wanted = joined(chosen.map(([name]) => expected.get(name) as Float32Array));
    expect(chosen.length).toBeGreaterThan(2);
    expect(relativeDistance(joined(chosen.map(([, values]) => values)), wanted), kind).toBeLessThan(1e-5);
    const size = Math.hypot(...wanted);
    for (const [name, values] of chosen) {
      expect(values, name).toBeCloseToArray(expected.get(name) as Float32Array, {
        relative: 1e-5,
        absolute: 1e-5 * size,
      });
    }
  }
}

describe('stepRunner', () => {
  it('compiled, takes the steps that it takes eagerly: parameters, moments and weights after three', async () => {
    // A key's bias has no gradient but rounding noise, which Adam would blow up to whole steps: hence the epsilon.
    const optimizer = adamW({ epsilon: 1e-3 });
    const make = () => smallTraining({ terms: recommendedLosses(), optimizer, dropout: { text: 0.1 } });
    const [compiled, eager] = [make(), make()];
    await withRunner(compiled, { batch: 3, micro: 3 }, async (runner) => {
      for (let step = 0; step < 3; step++) {
        const batch = smallBatch({ pairs: 3, seed: step });
        const numbers = await runner.run(batch, 1e-3, key);
        expect(listed(numbers)).toBeCloseToArray(eagerStep(eager, batch, 1e-3), { relative: 5e-5, absolute: 1e-6 });
      }
      expectSameState(compiled, runner, eager);
    });
  });
});
