import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { GradientScope } from '@uniecs/adaptive-weighting';
import { clal, cmal, imcl, type LossTerm, nineTasks, recommendedLosses } from '@uniecs/losses';
import '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import type { HostPairs } from '../data/pair-batches.js';
import type { ItemTensors } from '../model/item-tensors.js';
import {
  gradientKeeper,
  joined,
  keptGradients,
  relativeDistance,
  type SmallTraining,
  smallBatch,
  smallTraining,
  tensorsOf,
} from '../testing/small-training.js';
import type { PairLabels } from './pair-vectors.js';
import { stepRunner } from './step-runner.js';
import type { DropoutPosition, TrainStages } from './train-step.js';

const key = Float32Array.of(12, 3456);
const dropout = { image: 0.2, text: 0.2, fusion: 0.2 };

// 10 items, 2 of them padding, in micro-batches or chunks of 4: the last one has 2. Some items lack an image, others a title.
const batch = smallBatch({ pairs: 4, padding: 1, partial: true });
const micro = 2;
const chunkRows = 4;

interface Gradients {
  readonly numbers: readonly number[];
  readonly byName: ReadonlyMap<string, Float32Array>;
}

const make = (terms: readonly LossTerm[], scope: GradientScope) =>
  smallTraining({ terms, scope, dropout, optimizer: gradientKeeper, chunkRows });

/** The gradients of the second of two steps, in one graph, eagerly. */
function inOneGraph({ stages, state }: SmallTraining, { items, labels }: HostPairs): Gradients {
  const step = () =>
    tf.tidy(() => {
      const inputs = tensorsOf<{ items: ItemTensors; labels: PairLabels }>({ items, labels });
      const rows = tf.range(0, inputs.items.pixels.shape[0] as number);
      const position = { key: tf.tensor1d(key), rows };
      const report = stages.whole({ ...inputs, learningRate: tf.scalar(1), dropout: position });
      const { loss, terms, lambdas, gradientNorms } = report;
      return [loss, terms, lambdas, gradientNorms].flatMap((x) => [...x.dataSync()]);
    });
  step();
  return { numbers: step() as number[], byName: keptGradients(state) };
}

/**
 * The same, compiled and in parts. The second step shows that the sums start anew, and has weights that differ.
 *
 * @param change what to spoil of the stages
 * @param pairs pairs of a micro-batch; 5, all of them, for one graph that loops over chunks
 */
async function inParts(
  training: SmallTraining,
  change: (stages: TrainStages) => Partial<TrainStages> = () => ({}),
  pairs = micro,
): Promise<Gradients> {
  const { state } = training;
  const { accumulators, encode, head, backward, apply, clear, whole } = training.stages;
  const stages = { accumulators, encode, head, backward, apply, clear, whole };
  const runner = stepRunner({ ...stages, ...change(stages) }, state, 5, pairs);
  try {
    await runner.run(batch, 1, key);
    const { loss, terms, lambdas, gradientNorms } = await runner.run(batch, 1, key);
    const byName = [...state.parameters.keys()].map((name, i) => {
      const { data } = runner.state.read(state.firstMoments[i] as tf.Variable);
      return [name, Float32Array.from(data)] as const;
    });
    return { numbers: [loss, ...terms, ...lambdas, ...gradientNorms], byName: new Map(byName) };
  } finally {
    await runner.dispose();
  }
}

const distance = (a: Gradients, b: Gradients) => relativeDistance(joined(a.byName.values()), joined(b.byName.values()));

const groups: Readonly<Record<string, () => LossTerm[]>> = {
  CMAL: () => cmal(),
  CLAL: () => clal(),
  IMCL: () => imcl({ t2t: { temperature: { learnedFrom: 0.1 } } }),
  'the nine tasks': () => [nineTasks({ temperature: { learnedFrom: 0.07 } })],
  'all together': () => recommendedLosses(),
  'one of each group': () => [cmal(), clal(), imcl(), [nineTasks()]].map(([term]) => term as LossTerm),
};

describe('with dropout, missing modalities, padding and a ragged last part', () => {
  const scopes = { representations: /^(?!one of each)/, parameters: /^(?!all together)/ } as const;
  const cases = (['representations', 'parameters'] as const).flatMap((scope) =>
    Object.entries(groups).flatMap(([group, terms]) => (scopes[scope].test(group) ? [{ group, terms, scope }] : [])),
  );
  const parts = [
    { in: 'micro-batches', pairs: micro },
    { in: 'chunks of one graph', pairs: 5 },
  ];
  const all = parts.flatMap((part) => cases.map((one) => ({ ...one, ...part })));
  it.each(all)(
    'in $in has the gradients of the undivided step: $group, scope $scope',
    async ({ terms, scope, pairs }) => {
      const staged = await inParts(make(terms(), scope), undefined, pairs);
      const whole = inOneGraph(make(terms(), scope), batch);
      expect(distance(staged, whole)).toBeLessThan(1e-5);
      const size = Math.hypot(...joined(whole.byName.values()));
      expect(size).toBeGreaterThan(0.01);
      for (const [name, gradient] of staged.byName) {
        expect(gradient, name).toBeCloseToArray(whole.byName.get(name) as Float32Array, {
          relative: 1e-5,
          absolute: 1e-5 * size,
        });
      }
      expect(staged.numbers).toBeCloseToArray(whole.numbers, { relative: 5e-5, absolute: 1e-6 });
    },
  );
});

describe('the comparison', () => {
  const terms = () => [nineTasks()];
  const moved = (offset: number) => (position: DropoutPosition | undefined) =>
    position && { dropout: { ...position, rows: tf.add(position.rows, offset) } };

  it.each<[string, (training: SmallTraining) => (stages: TrainStages) => Partial<TrainStages>]>([
    [
      'a backward pass whose rows are counted from another one on',
      () => (stages) => ({
        backward: ({ dropout: position, ...inputs }) => stages.backward({ ...inputs, ...moved(1)(position) }),
      }),
    ],
    [
      'a backward pass that starts at another dropout site',
      ({ model }) =>
        (stages) => ({
          backward: (inputs) => {
            const { represent } = model;
            const late: typeof represent = (items, context) => {
              context?.dropout?.nextSite();
              return represent(items, context);
            };
            try {
              Object.assign(model, { represent: late });
              return stages.backward(inputs);
            } finally {
              Object.assign(model, { represent });
            }
          },
        }),
    ],
    [
      'sums that are not cleared after a step',
      () => (stages) => ({
        apply: (inputs) => {
          const sums = stages.accumulators.flat();
          const before = sums.map((sum) => tf.clone(sum));
          const report = stages.apply(inputs);
          sums.forEach((sum, i) => {
            sum.assign(before[i] as tf.Tensor);
          });
          return report;
        },
      }),
    ],
  ])('notices %s', async (_, change) => {
    const training = make(terms(), 'representations');
    const spoilt = await inParts(training, change(training));
    const whole = inOneGraph(make(terms(), 'representations'), batch);
    expect(distance(spoilt, whole)).toBeGreaterThan(1e-2);
  });

  it.each<[string, (training: SmallTraining) => (stages: TrainStages) => Partial<TrainStages>]>([
    [
      'chunks whose rows are counted from each one on',
      () => (stages) => ({
        whole: ({ dropout: position, ...inputs }) => {
          const rows = position && { dropout: { ...position, rows: tf.mod(position.rows, chunkRows) } };
          return stages.whole({ ...inputs, ...rows });
        },
      }),
    ],
    [
      'a way back through chunks that starts at another dropout site',
      ({ model }) =>
        (stages) => ({
          whole: (inputs) => {
            const { represent } = model;
            let calls = 0;
            const late: typeof represent = (items, context) => {
              if (calls++ > 0) context?.dropout?.nextSite();
              return represent(items, context);
            };
            try {
              Object.assign(model, { represent: late });
              return stages.whole(inputs);
            } finally {
              Object.assign(model, { represent });
            }
          },
        }),
    ],
  ])('notices %s', async (_, change) => {
    const training = make(terms(), 'representations');
    const spoilt = await inParts(training, change(training), 5);
    const whole = inOneGraph(make(terms(), 'representations'), batch);
    expect(distance(spoilt, whole)).toBeGreaterThan(1e-2);
  });

  it('sees the encoders take a chunk at a time inside the one graph', async () => {
    const training = make(terms(), 'representations');
    const { represent } = training.model;
    const seen = new Set<number | undefined>();
    const counting: typeof represent = (items, context) => {
      seen.add(items.mask.shape[0] as number);
      return represent(items, context);
    };
    Object.assign(training.model, { represent: counting });
    await inParts(training, undefined, 5);
    expect([...seen]).toEqual([chunkRows]);
  });
});
