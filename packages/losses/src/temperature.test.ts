import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { disposeModule, namedParameters } from '@uniecs/tensor';
import '@uniecs/tensor/testing';
import { finiteDifference } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { nineTasks } from './nine-tasks.js';
import { pml } from './pml.js';
import { t2t } from './t2t.js';
import { type LearnedFrom, type LearnedTemperature, learnedTemperature } from './temperature.js';
import { naiveAverage, naiveContrast } from './testing/naive.js';
import { evaluate, randomPairs, scoped, toRepresentations } from './testing/pairs.js';
import { v2t } from './v2t.js';
import { v2v } from './v2v.js';

function withTemperature<T>(temperature: LearnedTemperature, body: (variable: tf.Variable) => T): T {
  try {
    return scoped(() => body(temperature.tree.log_temperature));
  } finally {
    disposeModule(temperature);
  }
}

const gradientOf = (variable: tf.Variable, loss: () => tf.Scalar) =>
  tf.variableGrads(loss, [variable]).grads[variable.name]?.dataSync()[0];

describe('a learned temperature', () => {
  it('starts at the value of the fixed one, with the gradient of Eq. 17 by its logarithm', () => {
    const pairs = randomPairs(91);
    const temperature = learnedTemperature({ initial: 0.2 });
    withTemperature(temperature, (variable) => {
      const term = t2t({ temperature });
      expect(evaluate(term, pairs).loss).toBeCloseToArray(evaluate(t2t({ temperature: 0.2 }), pairs).loss);
      const oracle = (logTau: Float64Array) => {
        const tau = Math.exp(logTau[0] as number);
        return naiveAverage([naiveContrast(pairs.item1, 'text', pairs.item2, 'text', { tau })]).loss;
      };
      const [expected] = finiteDifference(oracle, Float64Array.of(Math.log(0.2)));
      const actual = gradientOf(variable, () => term.compute(toRepresentations(pairs)).loss);
      expect(actual).toBeCloseToArray(expected as number, { relative: 1e-3 });
    });
  });

  it('does not go below its minimum, and can leave it', () => {
    const temperature = learnedTemperature({ initial: 0.05, minimum: 0.05 });
    withTemperature(temperature, (variable) => {
      variable.assign(tf.scalar(Math.log(0.02)));
      expect(temperature.inverse()).toBeCloseToArray(20);
      const lower = gradientOf(variable, () => tf.neg(temperature.inverse()) as tf.Scalar);
      const raise = gradientOf(variable, () => temperature.inverse());
      expect(lower).toBe(0);
      expect(raise).toBeCloseTo(-20, 4);
    });
  });

  it('of a term has the minimum that it is given, or 0.01', () => {
    const least = (temperature: LearnedFrom) => {
      const module = nineTasks({ temperature }).module as LearnedTemperature;
      return withTemperature(module, (variable) => {
        variable.assign(tf.scalar(Math.log(1e-4)));
        return 1 / (module.inverse().dataSync()[0] as number);
      });
    };
    expect(least({ learnedFrom: 0.07 })).toBeCloseTo(0.01, 6);
    expect(least({ learnedFrom: 0.07, minimum: 0.05 })).toBeCloseTo(0.05, 6);
    expect(least({ learnedFrom: 0.004, minimum: 0.004 })).toBeCloseTo(0.004, 6);
    expect(() => nineTasks({ temperature: { learnedFrom: 0.02, minimum: 0.03 } })).toThrow(
      'learnedTemperature: expected initial to be a number of at least 0.03, got 0.02',
    );
    expect(() => t2t({ temperature: { learnedFrom: 0.02, minimum: 0 } })).toThrow(
      'learnedTemperature: expected minimum to be a number above 0, got 0',
    );
  });

  it.each([
    ['V2T', v2t],
    ['PML', pml],
    ['V2V', v2v],
    ['T2T', t2t],
    ['TASKS', nineTasks],
  ] as const)('is the module of %s, and a fixed one is none', (_name, make) => {
    expect(make({ temperature: 0.1 }).module).toBeUndefined();
    const { module } = make({ temperature: { learnedFrom: 0.1 } });
    if (!module) throw new Error('no module');
    expect([...namedParameters(module).keys()]).toEqual(['log_temperature']);
    expect(scoped(() => (module as LearnedTemperature).inverse().dataSync()[0])).toBeCloseTo(10, 4);
    disposeModule(module);
  });

  it('may be shared between terms', () => {
    const temperature = learnedTemperature();
    expect(v2t({ temperature }).module).toBe(t2t({ temperature }).module);
    disposeModule(temperature);
  });

  it('of a hinge is none, since nothing would train it', () => {
    const temperature = learnedTemperature();
    expect(pml({ kind: 'hinge', temperature }).module).toBeUndefined();
    disposeModule(temperature);
  });
});
