import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { GradientScope } from '@uniecs/adaptive-weighting';
import {
  clal,
  cmal,
  imcl,
  type LossTerm,
  type PairRepresentations,
  paperLosses,
  recommendedLosses,
} from '@uniecs/losses';
import { dropoutSource, namedParameters, parameters } from '@uniecs/tensor';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import type { HostPairs } from '../data/pair-batches.js';
import type { ItemTensors } from '../model/item-tensors.js';
import type { RetrievalModel } from '../model/retrieval-model.js';
import { scoped } from '../scoped.js';
import {
  joined,
  keptGradients,
  relativeDistance,
  type SmallTraining,
  smallBatch,
  smallTraining,
  tensorsOf,
} from '../testing/small-training.js';
import { adamW } from './adamw.js';
import type { ItemVectors, PairLabels } from './pair-vectors.js';
import { namedState } from './train-state.js';

const groups: Readonly<Record<string, () => LossTerm[]>> = {
  CMAL: () => cmal({ v2t: { pairing: 'both', symmetric: true } }),
  CLAL: () => clal(),
  IMCL: () => imcl({ t2t: { temperature: { learnedFrom: 0.1 } } }),
  'all of paper': () => paperLosses(),
  'all of recommended': () => recommendedLosses(),
};
const scopes: readonly GradientScope[] = ['representations', 'parameters'];
const key = Float32Array.of(12, 3456);

interface Tensors {
  items: ItemTensors;
  labels: PairLabels;
}

/** The losses' view of a batch, put together by itself. */
function pairsOf({ fused, image, text }: ItemVectors, labels: PairLabels): PairRepresentations {
  const n = labels.valid.shape[0];
  const [f1, f2] = tf.split(fused as tf.Tensor2D, 2) as [tf.Tensor2D, tf.Tensor2D];
  const [v1, v2] = tf.split(image as tf.Tensor2D, 2) as [tf.Tensor2D, tf.Tensor2D];
  const [t1, t2] = tf.split(text as tf.Tensor2D, 2) as [tf.Tensor2D, tf.Tensor2D];
  const ones = tf.ones([n]) as tf.Tensor1D;
  const valid = (has: tf.Tensor1D | undefined) => tf.mul(labels.valid, has ?? ones) as tf.Tensor1D;
  return {
    item1: {
      fused: f1,
      image: v1,
      text: t1,
      valid: { fused: labels.valid, image: valid(labels.hasImage1), text: valid(labels.hasText1) },
      productId: labels.product1,
    },
    item2: {
      fused: f2,
      image: v2,
      text: t2,
      valid: { fused: labels.valid, image: valid(labels.hasImage2), text: valid(labels.hasText2) },
      productId: labels.product2,
    },
  };
}

function contextOf(rows: number, dropout: boolean) {
  return dropout ? { dropout: dropoutSource({ key: tf.tensor1d(key), rows: tf.range(0, rows) }) } : {};
}

/** Gradients of `sum_i weights_i L_i(model(batch))` in one piece, by parameter name. */
function plainGradients(
  model: RetrievalModel,
  terms: readonly LossTerm[],
  batch: HostPairs,
  weights: ArrayLike<number>,
  dropout = false,
): { loss: number; gradients: Map<string, Float32Array> } {
  const named = new Map<string, tf.Variable>(namedParameters(model));
  for (const { name, module } of terms) {
    if (module) for (const [path, variable] of namedParameters(module)) named.set(`terms.${name}.${path}`, variable);
  }
  return scoped(() => {
    const { items, labels } = tensorsOf<Tensors>({ items: batch.items, labels: batch.labels });
    const { value, grads } = tf.variableGrads(() => {
      const vectors = model.represent(items, contextOf(items.pixels.shape[0] as number, dropout));
      const pairs = pairsOf(vectors, labels);
      return tf.addN(terms.map((term, i) => tf.mul(term.compute(pairs).loss, weights[i] as number))) as tf.Scalar;
    }, [...named.values()]);
    const gradients = new Map(
      [...named].map(([name, variable]) => {
        const gradient = grads[variable.name];
        return [name, (gradient ? gradient.dataSync().slice() : new Float32Array(variable.size)) as Float32Array];
      }),
    );
    return { loss: value.dataSync()[0] as number, gradients };
  });
}

const norm = (arrays: Iterable<ArrayLike<number>>) => Math.hypot(...joined(arrays));

/** The norm of each term's gradient, in a scope, each by a pass of its own. */
function plainNorms(training: SmallTraining, batch: HostPairs, scope: GradientScope): number[] {
  const { model, terms } = training;
  if (scope === 'parameters') {
    return terms.map((term) => norm(plainGradients(model, [term], batch, [1]).gradients.values()));
  }
  return tf.tidy(() => {
    const { items, labels } = tensorsOf<Tensors>({ items: batch.items, labels: batch.labels });
    const { fused, image, text } = model.represent(items);
    const leaves = [fused, image, text].map((x) => tf.variable(x));
    const [f, v, t] = leaves as [tf.Variable, tf.Variable, tf.Variable];
    const norms = terms.map((term) => {
      const compute = () => term.compute(pairsOf({ fused: f, image: v, text: t }, labels)).loss;
      return norm(Object.values(tf.variableGrads(compute, leaves).grads).map((gradient) => gradient.dataSync()));
    });
    tf.dispose(leaves);
    return norms;
  });
}

/** One step in one graph, eagerly. */
function eagerStep({ stages }: SmallTraining, batch: HostPairs, { dropout = false, learningRate = 1e-2 } = {}) {
  return tf.tidy(() => {
    const inputs = tensorsOf<Tensors>({ items: batch.items, labels: batch.labels });
    const rows = inputs.items.pixels.shape[0] as number;
    const report = stages.whole({
      ...inputs,
      learningRate: tf.scalar(learningRate),
      ...(dropout ? { dropout: { key: tf.tensor1d(key), rows: tf.range(0, rows) } } : {}),
    });
    return Object.fromEntries(
      Object.entries(report).map(([name, value]) => [name, [...(value as tf.Tensor).dataSync()]]),
    );
  }) as unknown as Record<keyof ReturnType<SmallTraining['stages']['whole']>, number[]>;
}

function expectPlainGradients({ model, terms, state }: SmallTraining, batch: HostPairs, lambdas: number[]): void {
  const { gradients } = plainGradients(model, terms, batch, lambdas);
  const kept = keptGradients(state);
  expect([...kept.keys()]).toEqual([...gradients.keys()]);
  const size = norm(gradients.values());
  expect(size).toBeGreaterThan(0);
  expect(relativeDistance(joined(kept.values()), joined(gradients.values()))).toBeLessThan(1e-5);
  for (const [name, gradient] of kept) {
    const expected = gradients.get(name) as Float32Array;
    expect(gradient, name).toBeCloseToArray(expected, { relative: 1e-4, absolute: 1e-5 * size });
  }
}

function stateArrays({ state }: SmallTraining): Map<string, Float32Array> {
  return new Map([...namedState(state)].map(([name, variable]) => [name, variable.dataSync().slice() as Float32Array]));
}

describe('trainStages', () => {
  const cases = Object.entries(groups).flatMap(([group, terms]) => scopes.map((scope) => ({ group, terms, scope })));
  // Seven terms by a pass each take long, and a case below has them.
  const chosen = cases.filter(({ group, scope }) => !(group.startsWith('all') && scope === 'parameters'));
  it.each(chosen)(
    'descends the gradient of the weighted sum of the terms, and reports the norm of each: $group, scope $scope',
    ({ terms, scope }) => {
      const training = smallTraining({ terms: terms(), scope });
      const batch = smallBatch({ pairs: 5 });
      // Two steps, so that the second one is taken with weights that differ.
      eagerStep(training, batch);
      const report = eagerStep(training, batch);
      expectPlainGradients(training, batch, report.lambdas);
      expect(report.gradientNorms).toBeCloseToArray(plainNorms(training, batch, scope), { relative: 1e-5 });
      const losses = training.terms.map((term) => plainGradients(training.model, [term], batch, [1]).loss);
      expect(report.terms).toBeCloseToArray(losses, { relative: 1e-5 });
      const weighted = losses.reduce((sum, loss, i) => sum + loss * (report.lambdas[i] as number), 0);
      expect(report.loss).toBeCloseToArray([weighted], { relative: 1e-5 });
    },
  );

  it('takes step t with lambda(t) and moves it by Eq. 19 on the norms of step t', () => {
    const training = smallTraining({ terms: paperLosses(), beta: 0.3 });
    let lambda = Array.from<number>({ length: 6 }).fill(1);
    for (let step = 0; step < 4; step++) {
      const report = eagerStep(training, smallBatch({ pairs: 5, seed: 100 + step }));
      expect(report.lambdas).toBeCloseToArray(lambda, { relative: 1e-5 });
      const total = report.gradientNorms.reduce((sum, value) => sum + value, 0);
      const raised = lambda.map((value, i) => value * Math.exp((report.gradientNorms[i] as number) / total));
      const sum = raised.reduce((a, b) => a + b, 0);
      lambda = lambda.map((value, i) => 0.3 * ((raised[i] as number) / sum) + 0.7 * value);
    }
    expect(training.state.logLambda).toBeCloseToArray(lambda.map(Math.log), { relative: 1e-5, absolute: 1e-6 });
  });

  it('trains where items lack an image or a title, by the same gradient: all of recommended, scope parameters', () => {
    const training = smallTraining({ terms: recommendedLosses(), scope: 'parameters' });
    const batch = smallBatch({ pairs: 7, partial: true });
    const report = eagerStep(training, batch);
    expectPlainGradients(training, batch, report.lambdas);
    expect(report.gradientNorms).toBeCloseToArray(plainNorms(training, batch, 'parameters'), { relative: 1e-5 });
  });

  it('does not see what stands in the image or title of an item that lacks it', () => {
    const batch = smallBatch({ pairs: 7, partial: true });
    const other: HostPairs = structuredClone(batch);
    const { pixels, ids, hasImage, hasText } = other.items;
    const fill = (data: HostPairs['items']['ids']['data'], present: ArrayLike<number>, value: number) => {
      const size = data.length / present.length;
      for (let i = 0; i < data.length; i++) if (!present[Math.floor(i / size)]) data[i] = value;
    };
    fill(pixels.data, hasImage?.data ?? [], 3);
    fill(ids.data, hasText?.data ?? [], 7);
    expect(other).not.toEqual(batch);
    const [a, b] = [batch, other].map((each) => {
      const training = smallTraining({ terms: recommendedLosses() });
      return [eagerStep(training, each), keptGradients(training.state)];
    });
    expect(b).toEqual(a);
  });

  it.each(Object.entries(groups).flatMap(([group, terms]) => [{ group, terms, partial: !group.startsWith('all') }]))(
    'has the gradients of the unpadded batch where a short one is filled up: $group, partial $partial',
    (options) => {
      const step = (padding: number) => {
        const training = smallTraining({ terms: options.terms() });
        const { loss, terms, gradientNorms } = eagerStep(
          training,
          smallBatch({ pairs: 5, padding, partial: options.partial }),
        );
        return {
          gradients: joined(keptGradients(training.state).values()),
          numbers: [...loss, ...terms, ...gradientNorms],
        };
      };
      const alone = step(0);
      const padded = step(3);
      expect(relativeDistance(padded.gradients, alone.gradients)).toBeLessThan(1e-6);
      expect(padded.numbers).toBeCloseToArray(alone.numbers, { relative: 1e-5 });
    },
  );

  it('gives the same bits for the same inputs', () => {
    const [a, b] = [0, 1].map(() => {
      const training = smallTraining({
        terms: recommendedLosses(),
        optimizer: adamW(),
        dropout: { text: 0.2, fusion: 0.2 },
      });
      const before = stateArrays(training);
      const report = eagerStep(training, smallBatch({ pairs: 3 }), { dropout: true });
      return { report, before, after: stateArrays(training) };
    });
    expect(b).toEqual(a);
    expect(a?.after).not.toEqual(a?.before);
  });

  it('drops, and the loss is that of a plain pass with the same key and rows', () => {
    const training = smallTraining({ terms: cmal(), dropout: { fusion: 0.2 } });
    const batch = smallBatch({ pairs: 3 });
    const without = eagerStep(training, batch).terms;
    const report = eagerStep(training, batch, { dropout: true });
    expect(report.terms).not.toEqual(without);
    const { loss } = plainGradients(training.model, training.terms, batch, report.lambdas, true);
    expect(report.loss[0]).toBeCloseTo(loss, 5);
  });

  it('sums the gradients of a temperature that two terms share', () => {
    const shared = { temperature: { learnedFrom: 0.1 } };
    const [owner] = imcl({ v2v: shared });
    const temperature = owner?.module as never;
    const terms = imcl({ v2v: { temperature }, t2t: { temperature } });
    const training = smallTraining({ terms, beta: 0 });
    const variables = new Set(terms.flatMap(({ module }) => (module ? parameters(module) : [])));
    expect(variables.size).toBe(1);
    eagerStep(training, smallBatch({ pairs: 5 }));
    const name = 'terms.V2V.log_temperature';
    const expected = plainGradients(training.model, terms, smallBatch({ pairs: 5 }), [1, 1]).gradients;
    expect(keptGradients(training.state).get(name)).toBeCloseToArray(expected.get(name) as Float32Array, {
      relative: 1e-5,
    });
    expect([...training.state.parameters.keys()]).not.toContain('terms.T2T.log_temperature');
  });

  it('leaks no tensor eagerly, in one graph or in stages', async () => {
    const training = smallTraining({ terms: cmal(), scope: 'parameters', optimizer: adamW() });
    const { stages } = training;
    const batch = smallBatch({ pairs: 3, partial: true });
    await expectNoTensorLeak(() => {
      eagerStep(training, batch);
    });
    // Each stage by itself: what it returns is all that it leaves.
    const inputs = tensorsOf<Tensors>({ items: batch.items, labels: batch.labels });
    const learningRate = tf.scalar(0.01);
    expect(stages.accumulators.length).toBe(training.terms.length);
    await expectNoTensorLeak(() => {
      const vectors = stages.encode({ items: inputs.items });
      const { report, directions, termGradients } = stages.head({ vectors, labels: inputs.labels });
      const done = stages.backward({ items: inputs.items, directions });
      const applied = stages.apply({ report, termGradients, learningRate });
      tf.dispose([vectors, report, directions, termGradients, done, applied] as unknown as tf.TensorContainer);
    });
  });
});
