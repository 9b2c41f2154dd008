import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { type PlcOptions, plc } from './plc.js';
import type { View } from './representations.js';
import { columns, dot, mean, type NaiveTerm, naiveSum, nearest, sharedAcross } from './testing/naive.js';
import { evaluate, expectToMatch, gappyPairs, type PlainPairs, randomPairs } from './testing/pairs.js';

function oracle(options: PlcOptions) {
  const { alpha3 = 0.05, k = 10, reduction = 'mean' } = options;
  return (pairs: PlainPairs): NaiveTerm => {
    const { item1, item2 } = pairs;
    const differences: [View, View][] = [
      ['image', 'fused'],
      ['text', 'fused'],
      ['image', 'text'],
    ];
    const parts = differences.map(([a, b]) => {
      let masked = 0;
      const values = item1.productId.map((_, i) => {
        if (!item1.valid[a][i] || !item1.valid[b][i] || !item1.valid.fused[i]) return undefined;
        const shared = sharedAcross(pairs, options.maskFalseNegatives);
        const { kept, dropped } = columns(i, item2.valid.fused, { shared, diagonal: true });
        masked += dropped;
        const neighbours = nearest(kept, k, (j) => dot(item1.fused[i], item2.fused[j]));
        return mean(
          neighbours.map((j) => {
            const difference = dot(item1[a][i], item2.fused[j]) - dot(item1[b][i], item2.fused[j]);
            return Math.max(0, -alpha3 + difference ** 2);
          }),
        );
      });
      return { values, masked, sum: reduction === 'sum' };
    });
    return naiveSum(parts);
  };
}

const choices: PlcOptions[] = [
  {},
  { k: 3 },
  { k: 3, reduction: 'sum', alpha3: 0 },
  { k: 1, alpha3: 0.3 },
  { k: 3, maskFalseNegatives: true },
];

describe.each(choices)('PLC with %o', (options) => {
  it('is Eq. 12', () => expectToMatch(plc(options), oracle(options), randomPairs(31)));
  it('leaves out what does not exist', () => expectToMatch(plc(options), oracle(options), gappyPairs(32)));
});

it('PLC as printed is the sum over the rows, N times the mean', () => {
  const pairs = randomPairs(33);
  const [summed, averaged] = [plc({ reduction: 'sum', k: 2 }), plc({ k: 2 })].map((term) => evaluate(term, pairs).loss);
  expect(summed).toBeCloseTo(7 * (averaged as number), 4);
});
