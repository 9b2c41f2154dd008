import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { differences, perturbed, readFixture, swapped } from './fixture.mjs';
import { groups, ourLoss } from './losses.mjs';

/** @type {ReturnType<typeof readFixture<import('./losses.mjs').LossCase>>} */
const { cases, arrays } = readFixture('losses');
/** @param {string} name */
const caseOf = (name) => /** @type {typeof cases[number]} */ (cases.find((each) => each.name === name));

describe("a loss and its gradients at the six representations are PyTorch's", () => {
  it.each(cases)('$name', (lossCase) => {
    const ours = ourLoss(lossCase, arrays(`batches/${lossCase.batch}`));
    expect(differences(ours, arrays(`expected/${lossCase.name}`))).toEqual([]);
  });

  it('no two of which are the same', () => {
    const seen = new Set(
      cases.map(({ name }) => [...arrays(`expected/${name}`).values()].map(({ data }) => data.join()).join(';')),
    );
    expect(seen.size).toBe(cases.length);
  });

  it('has a case for every term of every group', () => {
    for (const [group, make] of Object.entries(groups)) {
      for (const term of make()) {
        expect(term.group).toBe(group);
        expect(cases.filter(({ name }) => name.startsWith(`${term.name}: `)).length).toBeGreaterThan(5);
      }
    }
  });
});

describe('the comparison notices', () => {
  const name = 'PML: symmetric, missing modalities, false negatives masked';
  const lossCase = caseOf(name);
  const batch = arrays(`batches/${lossCase.batch}`);
  const expected = arrays(`expected/${name}`);

  it('one element of any expected array moved by a thousandth', () => {
    const ours = ourLoss(lossCase, batch);
    for (const array of expected.keys()) {
      expect(differences(ours, perturbed(expected, array))).toEqual([expect.stringContaining(`${array}: 1 of`)]);
    }
  });

  it('one element of any representation moved by a thousandth', () => {
    const all = arrays('batches/full');
    const theirs = arrays('expected/PML: symmetric');
    for (const side of ['item1', 'item2']) {
      for (const view of ['fused', 'image', 'text']) {
        const ours = ourLoss(caseOf('PML: symmetric'), perturbed(all, `${side}/${view}`));
        expect(differences(ours, theirs), `${side}.${view}`).not.toEqual([]);
      }
    }
  });

  it('a matrix with its axes exchanged', () => {
    expect(differences(ourLoss(lossCase, swapped(batch, 'item1/fused')), expected)).not.toEqual([]);
    expect(differences(ourLoss(lossCase, batch), swapped(expected, 'gradient.item2.text'))).toHaveLength(1);
  });

  it('a mask or a product that is another one', () => {
    for (const array of ['item1/valid/image', 'item2/product']) {
      const values = /** @type {import('./fixture.mjs').Values} */ (batch.get(array));
      const other = new Map([...batch, [array, { ...values, data: values.data.map((x, i) => (i === 4 ? 1 - x : x)) }]]);
      expect(differences(ourLoss(lossCase, other), expected)).not.toEqual([]);
    }
  });

  it('an option that is another one', () => {
    for (const other of ['PML: symmetric, missing modalities', 'PML: hinge, symmetric, missing modalities']) {
      expect(differences(ourLoss(caseOf(other), batch), expected)).not.toEqual([]);
    }
  });

  it('an array that only one side has, NaN, and another shape', () => {
    const ours = ourLoss(lossCase, batch);
    const fewer = new Map([...ours].slice(1));
    expect(differences(fewer, expected)).toEqual([expect.stringContaining('only PyTorch has it')]);
    const shape = [5, 7];
    const [first] = /** @type {[string]} */ ([...ours.keys()].filter((each) => each.startsWith('gradient')));
    const data = new Float32Array(35);
    expect(differences(new Map([...ours, [first, { shape, data }]]), expected)).toHaveLength(1);
    expect(
      differences(new Map([...ours, [first, { shape: [7, 5], data: data.fill(Number.NaN) }]]), expected),
    ).toHaveLength(1);
  });
});
