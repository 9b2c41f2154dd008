import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { type PdcOptions, pdc } from './pdc.js';
import { columns, dot, type NaiveTerm, naiveSum, sharedAcross } from './testing/naive.js';
import { evaluate, expectToMatch, gappyPairs, identicalPairs, type PlainPairs, randomPairs } from './testing/pairs.js';

function oracle(options: PdcOptions) {
  const { alpha2 = 0.1, positives = 'pair', reduction = 'sum', excludeDiagonal = false } = options;
  return (pairs: PlainPairs): NaiveTerm => {
    const { item1, item2 } = pairs;
    const target = positives === 'pair' ? item2 : item1;
    const parts = (['image', 'text'] as const).map((view) => {
      let masked = 0;
      const values = item1[view].map((own, i) => {
        if (!item1.valid[view][i] || !item1.valid.fused[i] || !target.valid.fused[i]) return undefined;
        const shared = sharedAcross(pairs, options.maskFalseNegatives);
        const { kept, dropped } = columns(i, item2.valid.fused, { shared, diagonal: !excludeDiagonal });
        masked += dropped;
        let total = 0;
        for (const j of kept) {
          total += Math.max(0, alpha2 + dot(item1.fused[i], item2.fused[j]) - dot(own, target.fused[i]));
        }
        return reduction === 'sum' ? total : total / Math.max(1, kept.length);
      });
      return { values, masked };
    });
    return naiveSum(parts);
  };
}

const choices: PdcOptions[] = [
  {},
  { alpha2: 0.5, positives: 'item' },
  { reduction: 'mean' },
  { excludeDiagonal: true },
  { reduction: 'mean', excludeDiagonal: true, positives: 'item', maskFalseNegatives: true },
];

describe.each(choices)('PDC with %o', (options) => {
  it('is Eq. 11', () => expectToMatch(pdc(options), oracle(options), randomPairs(21)));
  it('leaves out what does not exist', () => expectToMatch(pdc(options), oracle(options), gappyPairs(22)));
});

it('PDC as printed grows with the batch, its mean does not', () => {
  expect(evaluate(pdc(), identicalPairs(7)).loss).toBeCloseTo(2 * 7 * 0.1, 5);
  expect(evaluate(pdc(), identicalPairs(13)).loss).toBeCloseTo(2 * 13 * 0.1, 5);
  expect(evaluate(pdc({ reduction: 'mean' }), identicalPairs(7)).loss).toBeCloseTo(0.2, 5);
  expect(evaluate(pdc({ reduction: 'mean' }), identicalPairs(13)).loss).toBeCloseTo(0.2, 5);
});
