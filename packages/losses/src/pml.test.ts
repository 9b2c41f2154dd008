import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { describe, it } from 'vitest';
import { type PmlOptions, pml } from './pml.js';
import type { View } from './representations.js';
import {
  columns,
  dot,
  mean,
  type NaivePart,
  type NaiveTerm,
  naiveContrast,
  naiveSum,
  sharedAcross,
} from './testing/naive.js';
import { expectToMatch, gappyPairs, type PlainPairs, randomPairs } from './testing/pairs.js';

function hingePart(pairs: PlainPairs, a: View, b: View, margin: number, mask: boolean | undefined): NaivePart {
  const { item1, item2 } = pairs;
  let masked = 0;
  const values = item1[a].map((query, i) => {
    if (!item1.valid[a][i] || !item2.valid[b][i]) return undefined;
    const { kept, dropped } = columns(i, item2.valid[b], { shared: sharedAcross(pairs, mask), diagonal: false });
    masked += dropped;
    return mean(kept.map((j) => Math.max(0, margin + dot(query, item2[b][j]) - dot(query, item2[b][i]))));
  });
  return { values, masked };
}

function oracle(options: PmlOptions) {
  return (pairs: PlainPairs): NaiveTerm => {
    const sides: [View, View][] = [
      ['fused', 'fused'],
      ['image', 'fused'],
      ['text', 'fused'],
    ];
    if (options.symmetric) sides.push(['fused', 'image'], ['fused', 'text']);
    const tau = (options.temperature as number | undefined) ?? 0.07;
    const { maskFalseNegatives } = options;
    return naiveSum(
      sides.map(([a, b]) =>
        options.kind === 'hinge'
          ? hingePart(pairs, a, b, options.alpha1 ?? 0.2, maskFalseNegatives)
          : naiveContrast(pairs.item1, a, pairs.item2, b, { tau, maskFalseNegatives: maskFalseNegatives ?? false }),
      ),
    );
  };
}

const choices: PmlOptions[] = [
  {},
  { symmetric: true },
  { temperature: 0.5, maskFalseNegatives: true },
  { kind: 'hinge' },
  { kind: 'hinge', alpha1: 0.6, symmetric: true, maskFalseNegatives: true },
];

describe.each(choices)('PML with %o', (options) => {
  it('is Eq. 9', () => expectToMatch(pml(options), oracle(options), randomPairs(11)));
  it('leaves out what does not exist', () => expectToMatch(pml(options), oracle(options), gappyPairs(12)));
});
