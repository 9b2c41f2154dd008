import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@uniecs/compile';
import { cmal } from '@uniecs/losses';
import '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { itemFeeder } from '../data/feed-items.js';
import { float32 } from '../data/item-batch.js';
import type { ItemTensors } from '../model/item-tensors.js';
import {
  joined,
  keptGradients,
  type SmallTraining,
  smallBatch,
  smallTraining,
  tensorsOf,
} from '../testing/small-training.js';
import { adamW } from './adamw.js';
import type { PairLabels } from './pair-vectors.js';
import { namedState } from './train-state.js';

const learned = () => cmal({ v2t: { temperature: { learnedFrom: 0.1 } } });

function eagerStep({ stages }: SmallTraining, seed = 1, learningRate = 0.01) {
  const { items, labels } = smallBatch({ pairs: 3, seed });
  return tf.tidy(() => {
    const inputs = tensorsOf<{ items: ItemTensors; labels: PairLabels }>({ items, labels });
    const report = stages.whole({ ...inputs, learningRate: tf.scalar(learningRate) });
    return { gradientNorm: report.gradientNorm.dataSync()[0] as number };
  });
}

const valuesOf = ({ state }: SmallTraining) =>
  new Map([...namedState(state)].map(([name, variable]) => [name, variable.dataSync().slice() as Float32Array]));

describe('frozen parameters', () => {
  const isFrozen = (name: string) => /^(image_encoder|fusion)\./.test(name) || name.startsWith('terms.');
  const frozen = new Set([...valuesOf(smallTraining({ terms: learned() })).keys()].filter(isFrozen));

  it.each(['representations', 'parameters'] as const)(
    'stay as they are, have no moments, and leave the gradients of the others as they were: scope %s',
    (scope) => {
      const part = smallTraining({ terms: learned(), scope, frozen });
      const whole = smallTraining({ terms: learned(), scope });
      for (const each of [part, whole]) eagerStep(each);
      const gradients = keptGradients(part.state);
      expect([...gradients.keys()].every((name) => name.startsWith('text_encoder.'))).toBe(true);
      for (const [name, gradient] of gradients) expect(gradient).toEqual(keptGradients(whole.state).get(name));
      expect([...valuesOf(part).keys()].filter((name) => name.includes('moments') && name.includes('fusion'))).toEqual(
        [],
      );

      const trained = smallTraining({ terms: learned(), scope, frozen, optimizer: adamW() });
      const before = valuesOf(trained);
      for (let step = 0; step < 3; step++) eagerStep(trained, step);
      const changed = [...valuesOf(trained)].filter(([name, values]) => String(values) !== String(before.get(name)));
      expect(changed.some(([name]) => isFrozen(name))).toBe(false);
      expect(changed.some(([name]) => name.startsWith('text_encoder.'))).toBe(true);
    },
  );

  it('make the graph of a step smaller: a frozen encoder has no backward pass', async () => {
    const nodes = async (names: ReadonlySet<string>) => {
      const { stages, state } = smallTraining({ terms: learned(), frozen: names });
      const step = compile(stages.whole, { state: [...namedState(state).values()] });
      const { items, labels } = smallBatch({ pairs: 3 });
      const learningRate = float32(Float32Array.of(1));
      const report = await step.prepare({ items: itemFeeder()(items), labels, learningRate });
      await step.dispose();
      return report.nodes;
    };
    // The optimizer of these stages has no arithmetic: what is left out is the backward pass.
    const encoder = [...frozen].filter((name) => name.startsWith('image_encoder.'));
    expect(await nodes(new Set(encoder))).toBeLessThan((await nodes(new Set())) - 100);
  });
});

describe('the global norm of the gradient', () => {
  it('is that of all trained parameters together', () => {
    const training = smallTraining({ terms: learned() });
    const { gradientNorm } = eagerStep(training);
    const all = joined(keptGradients(training.state).values());
    expect(gradientNorm).toBeCloseToArray([Math.hypot(...all)], { relative: 1e-5 });
  });

  it('is brought down to the clipping norm where it is above it, and stays where it is below', () => {
    const run = (clipNorm?: number) => {
      const training = smallTraining({ terms: learned(), optimizer: adamW({ beta1: 0.5 }), clipNorm });
      const { gradientNorm } = eagerStep(training);
      const moments = [...valuesOf(training)].filter(([name]) => name.includes('first_moments'));
      // The first moments are half the gradient that the step was taken with.
      return { gradientNorm, used: joined(moments.map(([, values]) => values)).map((x) => 2 * x) };
    };
    const free = run();
    const clipped = run(0.25 * free.gradientNorm);
    expect(clipped.gradientNorm).toBe(free.gradientNorm);
    expect(clipped.used).toBeCloseToArray(
      free.used.map((x) => 0.25 * x),
      { relative: 1e-4, absolute: 1e-9 },
    );
    expect(run(4 * free.gradientNorm).used).toEqual(free.used);
  });
});

it('a factor of the learning rate acts on its parameters alone, as that learning rate would', () => {
  const names = [...smallTraining({ terms: learned() }).state.trained.keys()];
  const slow = (name: string) => name.startsWith('text_encoder.');
  const learningRates = names.map((name) => (slow(name) ? 0.25 : 1));
  const run = (rate: number, factors?: readonly number[]) => {
    const training = smallTraining({ terms: learned(), optimizer: adamW(), learningRates: factors });
    eagerStep(training, 1, rate);
    return valuesOf(training);
  };
  const [mixed, full, quarter] = [run(0.01, learningRates), run(0.01), run(0.0025)];
  for (const name of names) {
    expect(mixed.get(name), name).toBeCloseToArray((slow(name) ? quarter : full).get(name) as Float32Array, {
      relative: 1e-5,
      absolute: 1e-7,
    });
  }
});

it('the average of the weights is the float64 moving average with its warm-up, of the trained ones alone', () => {
  const training = smallTraining({
    terms: learned(),
    optimizer: adamW(),
    averageDecay: 0.3,
    frozen: new Set(['fusion.image_projection.weight']),
  });
  const names = [...training.state.trained.keys()].filter((name) => !name.startsWith('terms.'));
  let values = valuesOf(training);
  const expected = new Map(names.map((name) => [name, Array.from(values.get(name) as Float32Array)]));
  for (let step = 1; step <= 5; step++) {
    eagerStep(training, step);
    values = valuesOf(training);
    const decay = Math.min(0.3, (1 + step) / (10 + step));
    for (const [name, average] of expected) {
      values.get(name)?.forEach((weight, i) => {
        average[i] = decay * (average[i] as number) + (1 - decay) * weight;
      });
    }
  }
  expect([...values.keys()].filter((name) => name.startsWith('average.'))).toEqual(
    names.map((name) => `average.${name}`),
  );
  for (const [name, average] of expected) {
    expect(values.get(`average.${name}`), name).toBeCloseToArray(average, { relative: 1e-5, absolute: 1e-7 });
  }
});
