import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile, type HostTree, hostTensor } from '@uniecs/compile';
import type { View } from '@uniecs/losses';
import { disposeModule, namedParameters } from '@uniecs/tensor';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { scoped } from '../scoped.js';
import { joined, keptGradients, relativeDistance } from '../testing/small-training.js';
import { adamW } from '../training/adamw.js';
import { namedState } from '../training/train-state.js';
import {
  type SmallTwoTowerTraining,
  smallQueryBatch,
  smallTwoTowerConfig,
  smallTwoTowerTraining,
} from './testing/small-two-tower.js';
import type { Stage } from './two-tower-config.js';
import type { TwoTowerInputs } from './two-tower-step.js';

const viewsOf: Readonly<Record<Stage, readonly View[]>> = { alignment: ['text', 'image'], fusion: ['fused'] };
const stages = ['alignment', 'fusion'] as const;
const batch = () => smallQueryBatch({ rows: 8, padding: 1, partial: true });
const inputs = (learningRate = 1): TwoTowerInputs => ({ ...batch(), learningRate: tf.scalar(learningRate) });
const values = (training: SmallTwoTowerTraining) =>
  new Map([...namedParameters(training.model)].map(([name, variable]) => [name, [...variable.dataSync()]]));

/** The loss of the whole batch, differentiated at once. */
function plainGradients({ model, terms, state }: SmallTwoTowerTraining): Map<string, Float32Array> {
  return scoped(() => {
    const { queries, products, labels } = batch();
    const loss = () => {
      const vectors = { query: model.embedQueries(queries), ...model.represent(products) };
      return tf.addN(terms.map((term) => term.compute({ vectors, labels }).loss)) as tf.Scalar;
    };
    const { grads } = tf.variableGrads(loss, [...state.trained.values()]);
    return new Map(
      [...state.trained].map(([name, variable]) => [
        name,
        (grads[variable.name] ?? tf.zerosLike(variable)).dataSync().slice() as Float32Array,
      ]),
    );
  });
}

function hostTree<T extends object>(tree: T): HostTree<T> {
  return Object.fromEntries(
    Object.entries(tree).map(([name, child]) => [
      name,
      child instanceof tf.Tensor ? hostTensor(child) : hostTree(child as object),
    ]),
  ) as HostTree<T>;
}

describe('twoTowerStep', () => {
  it.each(stages)('has the gradients of the loss differentiated at once, temperature included: %s', (stage) => {
    const training = smallTwoTowerTraining({ config: smallTwoTowerConfig(stage), views: viewsOf[stage] });
    const expected = plainGradients(training);
    tf.tidy(() => {
      const report = training.step(inputs());
      const found = keptGradients(training.state);
      expect([...found.keys()]).toEqual([...expected.keys()]);
      expect(relativeDistance(joined(found.values()), joined(expected.values()))).toBeLessThan(1e-5);
      const [name] = [...found.keys()].filter((one) => one.startsWith('terms.'));
      expect(Math.abs(found.get(name as string)?.[0] as number)).toBeGreaterThan(1e-3);
      expect(report.gradientNorm.dataSync()).toBeCloseToArray([Math.hypot(...joined(expected.values()))], {
        relative: 1e-4,
      });
      expect(report.terms.size).toBe(viewsOf[stage].length);
      expect(report.loss.dataSync()).toBeCloseToArray([[...report.terms.dataSync()].reduce((a, b) => a + b)], {
        relative: 1e-5,
      });
    });
    disposeModule(training.model);
  });

  it.each(stages)('compiled, in chunks that do not divide the batch, is the eager step: %s', async (stage) => {
    const make = () => smallTwoTowerTraining({ config: smallTwoTowerConfig(stage), views: viewsOf[stage] });
    const [eager, compiled] = [make(), make()];
    const report = tf.tidy(() => {
      const { loss, maskedNegatives, rowSums } = eager.step(inputs());
      return [loss, maskedNegatives, rowSums].flatMap((x) => [...x.dataSync()]);
    });
    const run = compile(compiled.step, { state: [[...namedState(compiled.state).values()]], name: 'step' });
    const given = scoped(() => hostTree(inputs()));
    const { loss, maskedNegatives, rowSums } = await run(given);
    const found = [loss, maskedNegatives, rowSums].flatMap(({ data }) => [...data]);
    expect(found).toBeCloseToArray(report, { relative: 1e-4, absolute: 1e-5 });
    await run.sync();
    const distance = relativeDistance(
      joined(keptGradients(compiled.state).values()),
      joined(keptGradients(eager.state).values()),
    );
    expect(distance).toBeLessThan(1e-4);
    await run.dispose();
    for (const { model } of [eager, compiled]) disposeModule(model);
  });

  it('leaves frozen encoders as they are to the bit, and moves all else', () => {
    const config = smallTwoTowerConfig('fusion');
    const probe = smallTwoTowerTraining({ config, views: ['fused'] });
    const frozen = [...namedParameters(probe.model).keys()].filter((name) => /_encoder\./.test(name));
    const training = smallTwoTowerTraining({ config, views: ['fused'], frozen, optimizer: adamW() });
    const before = values(training);
    tf.tidy(() => {
      for (let i = 0; i < 3; i++) training.step(inputs(0.01));
    });
    const moved = [...values(training)].filter(([name, now]) => String(now) !== String(before.get(name)));
    const names = moved.map(([name]) => name);
    expect(names.filter((name) => frozen.includes(name))).toEqual([]);
    expect(names).toContain('query_projection.weight');
    expect(names.filter((name) => name.startsWith('fusion.')).length).toBeGreaterThan(5);
    expect(training.state.firstMoments.length).toBe(training.state.trained.size);
    for (const { model } of [probe, training]) disposeModule(model);
  });

  it('learns: the loss of a batch falls when its step is taken again and again', () => {
    const training = smallTwoTowerTraining({
      config: smallTwoTowerConfig('fusion'),
      views: ['fused'],
      optimizer: adamW(),
    });
    const losses = tf.tidy(() => Array.from({ length: 20 }, () => training.step(inputs(0.02)).loss.dataSync()[0]));
    expect(losses.at(-1)).toBeLessThan(0.7 * (losses[0] as number));
    disposeModule(training.model);
  });

  it('leaves no tensor behind', async () => {
    const training = smallTwoTowerTraining({ config: smallTwoTowerConfig('fusion'), views: ['fused'] });
    const given = inputs();
    await expectNoTensorLeak(() => tf.dispose(training.step(given) as never));
    disposeModule(training.model);
  });
});
