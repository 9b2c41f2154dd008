import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { describe, it } from 'vitest';
import { type NineTasksOptions, nineTasks } from './nine-tasks.js';
import { naiveAverage, naiveContrast } from './testing/naive.js';
import { expectToMatch, gappyPairs, type PlainPairs, randomPairs, views } from './testing/pairs.js';

function oracle(options: NineTasksOptions) {
  const naive = { ...options, symmetric: options.symmetric ?? true };
  const tau = (options.temperature as number | undefined) ?? 0.07;
  return ({ item1, item2 }: PlainPairs) =>
    naiveAverage(views.flatMap((a) => views.map((b) => naiveContrast(item1, a, item2, b, { ...naive, tau }))));
}

const choices: NineTasksOptions[] = [{}, { symmetric: false, temperature: 0.2 }, { maskFalseNegatives: true }];

describe.each(choices)('TASKS with %o', (options) => {
  it('averages InfoNCE over the nine tasks', () => {
    expectToMatch(nineTasks(options), oracle(options), randomPairs(61));
  });
  it('leaves out what does not exist', () => expectToMatch(nineTasks(options), oracle(options), gappyPairs(62)));
});
