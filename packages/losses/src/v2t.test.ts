import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { type NaiveTerm, naiveAverage, naiveContrast } from './testing/naive.js';
import { evaluate, expectToMatch, gappyPairs, type PlainPairs, randomPairs } from './testing/pairs.js';
import { type V2tOptions, v2t } from './v2t.js';

function oracle(options: V2tOptions) {
  return ({ item1, item2 }: PlainPairs): NaiveTerm => {
    const naive = { ...options, tau: (options.temperature as number | undefined) ?? 0.07 };
    const within = [
      naiveContrast(item1, 'image', item1, 'text', naive),
      naiveContrast(item2, 'image', item2, 'text', naive),
    ];
    const across = [naiveContrast(item1, 'image', item2, 'text', naive)];
    return naiveAverage({ within, across, both: [...within, ...across] }[options.pairing ?? 'within']);
  };
}

const choices: V2tOptions[] = [
  {},
  { symmetric: true },
  { pairing: 'across' },
  { pairing: 'across', symmetric: true, maskFalseNegatives: true },
  { pairing: 'both', symmetric: true, temperature: 0.2 },
  { maskFalseNegatives: true },
];

describe.each(choices)('V2T with %o', (options) => {
  it('is Eq. 8', () => expectToMatch(v2t(options), oracle(options), randomPairs(1)));
  it('leaves out what does not exist', () => expectToMatch(v2t(options), oracle(options), gappyPairs(2)));
});

it('V2T averages over anchors, so an item with few images counts for as many', () => {
  const pairs = randomPairs(4);
  pairs.item1.valid.image = [1, 0, 0, 0, 0, 0, 0];
  const { values } = naiveContrast(pairs.item2, 'image', pairs.item2, 'text', { tau: 0.07 });
  const [only] = naiveContrast(pairs.item1, 'image', pairs.item1, 'text', { tau: 0.07 }).values;
  const total = values.reduce<number>((sum, value) => sum + (value as number), only as number);
  expect(evaluate(v2t(), pairs).loss).toBeCloseTo(total / 8, 5);
});
