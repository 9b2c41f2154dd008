import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { disposeModule } from '@uniecs/tensor';
import '@uniecs/tensor/testing';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { lossTerms, paperLosses, recommendedLosses } from './presets.js';
import type { LossTerm } from './term.js';
import {
  evaluate,
  gappyPairs,
  identicalPairs,
  items,
  maskedPairs,
  type PlainPairs,
  randomPairs,
  scoped,
  toRepresentations,
  views,
} from './testing/pairs.js';

const everyOption = lossTerms({
  v2t: { pairing: 'both', symmetric: true, maskFalseNegatives: true },
  pml: { kind: 'hinge', symmetric: true, maskFalseNegatives: true },
  pdc: { positives: 'item', reduction: 'mean', excludeDiagonal: true, maskFalseNegatives: true },
  plc: { k: 3, maskFalseNegatives: true },
  v2v: { symmetric: true, hardNegatives: { count: 3 }, maskFalseNegatives: true },
  t2t: { symmetric: true, temperature: { learnedFrom: 0.05 }, maskFalseNegatives: true },
  tasks: { symmetric: false, maskFalseNegatives: true, imageSideWeight: 0.5 },
});
const coldest = lossTerms({
  v2t: { temperature: 0.001, pairing: 'both', symmetric: true },
  pml: { temperature: 0.001 },
  v2v: { temperature: 0.001 },
  t2t: { temperature: 0.001 },
  tasks: { temperature: 0.001 },
});
const sets: [string, LossTerm[]][] = [
  ['paper', paperLosses()],
  ['recommended', recommendedLosses()],
  ['every option', everyOption],
];
const all = sets.flatMap(([set, terms]) => terms.map((term) => [term.name, set, term] as const));

afterAll(() => {
  for (const [, , { module }] of all) if (module) disposeModule(module);
});

function expectFinite({ loss, perAnchor, gradient }: ReturnType<typeof evaluate>): void {
  expect([loss, ...perAnchor, ...gradient].filter((value) => !Number.isFinite(value))).toEqual([]);
}

describe.each(all)('%s of the set %s', (_name, _set, term) => {
  it('is finite, with its gradient, in a batch of one', () => expectFinite(evaluate(term, randomPairs(71, 1))));

  it('is finite, with its gradient, when all rows are identical', () => expectFinite(evaluate(term, identicalPairs())));

  it('is a zero that is still attached to the graph when nothing is valid', () => {
    const masked = evaluate(term, maskedPairs(gappyPairs(72)));
    expect(masked).toMatchObject({ loss: 0, perAnchor: [0, 0, 0, 0, 0, 0, 0], anchors: 0, maskedNegatives: 0 });
    expect([...masked.gradient].every((value) => value === 0)).toBe(true);
    expect(masked.attached).toEqual(evaluate(term, gappyPairs(72)).attached);
  });

  it('does not depend on what an invalid row holds, and gives it no gradient', () => {
    const pairs = gappyPairs(73);
    const spoilt = structuredClone(pairs);
    const invalid: boolean[] = [];
    for (const item of items) {
      for (const view of views) {
        for (const [i, row] of spoilt[item][view].entries()) {
          const missing = spoilt[item].valid[view][i] === 0;
          if (missing) row.fill(Number.NaN);
          invalid.push(...row.map(() => missing));
        }
      }
    }
    const actual = evaluate(term, spoilt);
    expect(actual).toEqual(evaluate(term, pairs));
    expect([...actual.gradient].filter((value, i) => invalid[i] && value !== 0)).toEqual([]);
  });

  it('leaves no tensor behind', async () => {
    const pairs = gappyPairs(74);
    await expectNoTensorLeak(() => {
      evaluate(term, pairs);
    });
    scoped(() => {
      const representations = toRepresentations(pairs);
      const before = tf.memory().numTensors;
      tf.dispose(term.compute(representations));
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  it('reads no value back while it computes, so that it can be traced', () => {
    scoped(() => {
      const representations = toRepresentations(gappyPairs(75));
      const reads = vi.spyOn(tf.engine(), 'readSync');
      term.compute(representations);
      expect(reads).not.toHaveBeenCalled();
      reads.mockRestore();
    });
  });

  it('refuses representations of unequal shapes by name', () => {
    scoped(() => {
      const { item1, item2 } = toRepresentations(randomPairs(76));
      const text = tf.zeros<tf.Rank.R2>([5, 7]);
      expect(() => term.compute({ item1, item2: { ...item2, text } })).toThrow(
        `${term.name}: expected item2.text of shape [N = 7, D = 5], got [5, 7]`,
      );
    });
  });
});

describe.each(['paper', 'recommended', 'every option'])('the set %s', (name) => {
  const terms = sets.find(([set]) => set === name)?.[1] as LossTerm[];

  it('does not change with the order of the pairs', () => {
    const order = [4, 2, 6, 0, 5, 1, 3];
    const pairs = gappyPairs(77);
    const shuffled = reorder(pairs, order);
    for (const term of terms) {
      const [before, after] = [evaluate(term, pairs), evaluate(term, shuffled)];
      expect(after.loss).toBeCloseToArray(before.loss, { relative: 1e-5 });
      expect(after.perAnchor).toBeCloseToArray(
        order.map((i) => before.perAnchor[i] as number),
        { relative: 2e-5, absolute: 2e-6 },
      );
    }
  });
});

it('rows that do not exist change nothing', () => {
  const pairs = randomPairs(78, 10);
  const some = reorder(pairs, [0, 1, 2, 3, 4, 5, 6]);
  for (const item of items) for (const view of views) pairs[item].valid[view].fill(0, 7);
  for (const term of everyOption) {
    const [padded, plain] = [evaluate(term, pairs), evaluate(term, some)];
    expect(padded.loss).toBeCloseToArray(plain.loss, { relative: 1e-5 });
    expect(padded.perAnchor.slice(0, 7)).toBeCloseToArray(plain.perAnchor, { relative: 2e-5, absolute: 2e-6 });
    expect(padded.perAnchor.slice(7)).toEqual([0, 0, 0]);
    expect(padded.anchors).toBe(plain.anchors);
  }
});

it('logits of a thousand stay finite, with their gradients', () => {
  for (const term of coldest) expectFinite(evaluate(term, randomPairs(79)));
});

it('false negatives are masked and counted where the option says so, and only there', () => {
  const pairs = randomPairs(80);
  pairs.item2.productId[3] = pairs.item2.productId[5] as number;
  pairs.item1.productId[3] = pairs.item1.productId[5] as number;
  const counted = (terms: readonly LossTerm[]) => terms.map((term) => evaluate(term, pairs).maskedNegatives);
  // Entries (3, 5) and (5, 3) in each part: V2T 3 parts x 2 directions, PML 5, PDC 2, PLC 3, V2V 2 + 1, T2T 2, TASKS 9.
  expect(counted(everyOption)).toEqual([12, 10, 4, 6, 6, 4, 18]);
  expect(counted(lossTerms({ tasks: {} }))).toEqual([0, 0, 0, 0, 0, 0, 0]);
});

function reorder(pairs: PlainPairs, order: readonly number[]): PlainPairs {
  const pick = <T>(rows: readonly T[]) => order.map((i) => rows[i] as T);
  const item = (name: 'item1' | 'item2') => {
    const { fused, image, text, valid, productId } = pairs[name];
    return {
      fused: pick(fused),
      image: pick(image),
      text: pick(text),
      valid: { fused: pick(valid.fused), image: pick(valid.image), text: pick(valid.text) },
      productId: pick(productId),
    };
  };
  return { item1: item('item1'), item2: item('item2') };
}
