import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { columns, dot, mean, type NaiveTerm, naiveContrast, naiveSum, nearest, sharedAcross } from './testing/naive.js';
import { evaluate, expectToMatch, gappyPairs, type PlainPairs, randomPairs } from './testing/pairs.js';
import { type V2vOptions, v2v } from './v2v.js';

function oracle(options: V2vOptions) {
  const { alpha4 = 0.2, hardNegatives = { share: 0.5 }, reduction = 'mean', maskFalseNegatives = false } = options;
  return (pairs: PlainPairs): NaiveTerm => {
    const { item1, item2 } = pairs;
    const tau = (options.temperature as number | undefined) ?? 0.07;
    const symmetric = options.symmetric ?? false;
    const standard = naiveContrast(item1, 'image', item2, 'image', { tau, symmetric, maskFalseNegatives });
    const n = item2.valid.image.filter(Boolean).length;
    const k = 'count' in hardNegatives ? hardNegatives.count : Math.max(1, Math.floor(n * hardNegatives.share));
    let masked = 0;
    const values = item1.image.map((query, i) => {
      if (!item1.valid.image[i] || !item2.valid.image[i]) return undefined;
      const shared = sharedAcross(pairs, maskFalseNegatives);
      const { kept, dropped } = columns(i, item2.valid.image, { shared, diagonal: false });
      masked += dropped;
      const hard = nearest(kept, k, (j) => dot(query, item2.image[j]));
      return mean(hard.map((j) => Math.max(0, alpha4 + dot(query, item2.image[j]) - dot(query, item2.image[i]))));
    });
    return naiveSum([standard, { values, masked, sum: reduction === 'sum' }]);
  };
}

const choices: V2vOptions[] = [
  {},
  { hardNegatives: { count: 2 }, alpha4: 0.7, reduction: 'sum' },
  { hardNegatives: { count: 100 }, temperature: 0.3 },
  { hardNegatives: { count: 0 } },
  { hardNegatives: { share: 1 }, symmetric: true, maskFalseNegatives: true },
  { hardNegatives: { share: 0.01 } },
];

describe.each(choices)('V2V with %o', (options) => {
  it('is Eq. 14 to 16', () => expectToMatch(v2v(options), oracle(options), randomPairs(41)));
  it('leaves out what does not exist', () => expectToMatch(v2v(options), oracle(options), gappyPairs(42)));
});

it.each([0.3, 0.5, 1])(
  'V2V has the same hard negatives where a batch is filled up with rows that do not exist: share %d',
  (share) => {
    const whole = randomPairs(44, 9);
    const kept = [1, 1, 1, 1, 1, 0, 0, 0, 0];
    const cut = (item: PlainPairs['item1']): PlainPairs['item1'] => ({
      fused: item.fused.slice(0, 5),
      image: item.image.slice(0, 5),
      text: item.text.slice(0, 5),
      valid: { fused: kept.slice(0, 5), image: kept.slice(0, 5), text: kept.slice(0, 5) },
      productId: item.productId.slice(0, 5),
    });
    const filled = (item: PlainPairs['item1']) => ({ ...item, valid: { fused: kept, image: kept, text: kept } });
    const term = v2v({ hardNegatives: { share }, alpha4: 1 });
    const short = evaluate(term, { item1: cut(whole.item1), item2: cut(whole.item2) });
    const long = evaluate(term, { item1: filled(whole.item1), item2: filled(whole.item2) });
    expect(long.loss).toBeCloseTo(short.loss, 5);
    expect(long.perAnchor.slice(0, 5)).toBeCloseToArray(short.perAnchor);
  },
);

it('V2V has no hard negative in a batch of one', () => {
  expect(evaluate(v2v({ alpha4: 5 }), randomPairs(43, 1)).loss).toBe(0);
});
