import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { type T2tOptions, t2t } from './t2t.js';
import { naiveAverage, naiveContrast } from './testing/naive.js';
import { evaluate, expectToMatch, gappyPairs, type PlainPairs, randomPairs } from './testing/pairs.js';

function oracle(options: T2tOptions) {
  const naive = { ...options, tau: (options.temperature as number | undefined) ?? 0.03 };
  return ({ item1, item2 }: PlainPairs) => naiveAverage([naiveContrast(item1, 'text', item2, 'text', naive)]);
}

const choices: T2tOptions[] = [{}, { symmetric: true }, { maskFalseNegatives: true, temperature: 0.1 }];

describe.each(choices)('T2T with %o', (options) => {
  it('is Eq. 17', () => expectToMatch(t2t(options), oracle(options), randomPairs(51)));
  it('leaves out what does not exist', () => expectToMatch(t2t(options), oracle(options), gappyPairs(52)));
});

it('T2T does not overflow at a temperature where exp does in float32', () => {
  const options = { temperature: 0.001 };
  const pairs = randomPairs(53);
  expect(oracle(options)(pairs).loss).toBeGreaterThan(100);
  expectToMatch(t2t(options), oracle(options), pairs);
});

it('T2T of a batch of one is 0', () => {
  expect(evaluate(t2t(), randomPairs(54, 1))).toMatchObject({ loss: 0, perAnchor: [0], anchors: 1 });
});
