import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { type BatchGroup, batchPlan } from './batch-plan.js';
import { titleGroups } from './title-groups.js';
import { withoutRepeats } from './without-repeats.js';

const range = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const random = () => seededRandom(11).fork('batches');

describe('batchPlan', () => {
  const groups: BatchGroup[] = [
    { shape: { pairs: 7, length: 4 }, members: range(23) },
    { shape: { pairs: 5, length: 8 }, members: range(11, 23) },
  ];

  it('has every pair once an epoch, in batches of its group, in another order each epoch', () => {
    const plan = batchPlan(groups, random());
    expect(plan).toMatchObject({ stepsPerEpoch: 7, fewest: 1 });
    const epochs = [0, 1, 2].map((epoch) => plan.epoch(epoch));
    for (const batches of epochs) {
      expect(batches).toHaveLength(7);
      expect(sorted(batches.flatMap(({ chosen }) => chosen))).toEqual(range(34));
      for (const { shape, chosen } of batches) {
        const group = groups.find((each) => each.shape === shape);
        expect(chosen.length).toBeLessThanOrEqual(shape.pairs);
        expect(group?.members).toEqual(expect.arrayContaining([...chosen]));
      }
    }
    expect(new Set(epochs.map((batches) => JSON.stringify(batches))).size).toBe(3);
    expect(new Set(epochs.map((batches) => batches.map(({ shape }) => shape.pairs).join())).size).toBeGreaterThan(1);
  });

  it('with hard negatives still has every pair once an epoch, those of a pair beside it where they are of its group', () => {
    const negativesOf = (pair: number) => [(pair + 1) % 34, (pair + 2) % 34];
    const plan = batchPlan(groups, random(), { negativesOf });
    const together = (batches: readonly { readonly chosen: readonly number[] }[]) =>
      batches.flatMap(({ chosen }) => chosen.filter((pair) => chosen.includes((pair + 1) % 34))).length;
    for (const epoch of [0, 1, 2]) {
      const batches = plan.epoch(epoch);
      expect(sorted(batches.flatMap(({ chosen }) => chosen))).toEqual(range(34));
      expect(together(batches)).toBeGreaterThan(together(batchPlan(groups, random()).epoch(epoch)));
      expect(plan.epoch(epoch)).toEqual(batches);
    }
    expect(plan.epoch(0)).not.toEqual(plan.epoch(1));
  });

  it('is a pure function of the epoch', () => {
    const expected = batchPlan(groups, random()).epoch(5);
    const other = batchPlan(groups, random());
    for (const epoch of [9, 0]) other.epoch(epoch);
    expect(other.epoch(5)).toEqual(expected);
  });
});

describe('titleGroups', () => {
  const stream = seededRandom('titles');
  const lengths = range(500).map(() => 2 + stream.integer(stream.integer(15) + 1));
  const options = { lengths, maxLength: 24, imageTokens: 5, batchSize: 40, tokenBudget: 700 };

  it('pads to at most four lengths, within the budget and the batch size, every pair in one group', () => {
    const groups = titleGroups(options);
    expect(groups.length).toBeGreaterThan(1);
    expect(groups.length).toBeLessThanOrEqual(4);
    expect(sorted(groups.flatMap(({ members }) => members))).toEqual(range(500));
    for (const { shape, members } of groups) {
      expect(Math.max(...members.map((i) => lengths[i] as number))).toBeLessThanOrEqual(shape.length);
      expect(2 * shape.pairs * (5 + shape.length)).toBeLessThanOrEqual(700);
      expect(2 * (shape.pairs + 1) * (5 + shape.length) > 700 || shape.pairs === 40).toBe(true);
    }
    const sizes = groups.map(({ shape }) => shape.pairs);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(titleGroups({ ...options, batchSize: 9 }).every(({ shape }) => shape.pairs <= 9)).toBe(true);
  });

  it('leaves no group that fills no batch but the longest', () => {
    const few = [2, 2, 16, 16, 16, 16, 16];
    const groups = titleGroups({ ...options, lengths: few, batchSize: 3 });
    expect(groups).toEqual([{ shape: { pairs: 3, length: 16 }, members: expect.anything() }]);
    expect(sorted(groups[0]?.members as number[])).toEqual(range(7));
  });

  it('refuses a budget that does not hold two pairs', () => {
    expect(() => titleGroups({ ...options, tokenBudget: 115 })).toThrow(/a tokenBudget of at least 116.*got 115/);
    expect(titleGroups({ ...options, tokenBudget: 116 }).length).toBeGreaterThan(0);
  });
});

describe('withoutRepeats', () => {
  /** Batches of pairs whose products repeat among `distinct` numbers. */
  function drawn(distinct: number, seed: number) {
    const stream = seededRandom(seed);
    const products = range(60).map(() => [stream.integer(distinct), stream.integer(distinct)]);
    const batches = range(8).map((i) => range(Math.min(8, 60 - 8 * i), 8 * i));
    return { batches, productsOf: (pair: number) => products[pair] as number[] };
  }
  /** Pairs of a batch that share a product with another one there. */
  const repeated = (batches: readonly (readonly number[])[], productsOf: (pair: number) => readonly number[]) =>
    batches.flatMap((batch) =>
      batch.filter((pair) =>
        batch.some(
          (other) => other !== pair && productsOf(other).some((product) => productsOf(pair).includes(product)),
        ),
      ),
    );

  it('leaves no two pairs of a batch that share a product; sizes stay and every pair is there once', () => {
    for (const seed of range(20)) {
      const { batches, productsOf } = drawn(150, seed);
      // Null control: as drawn, some do.
      expect(repeated(batches, productsOf).length).toBeGreaterThan(0);
      const found = withoutRepeats(batches, productsOf);
      expect(repeated(found, productsOf)).toEqual([]);
      expect(found.map(({ length }) => length)).toEqual(batches.map(({ length }) => length));
      expect(sorted(found.flat())).toEqual(range(60));
    }
  });

  it('changes nothing where nothing repeats, and counts the two items of a pair as one', () => {
    const batches = [range(4), range(4, 4)];
    expect(withoutRepeats(batches, (pair) => [pair, pair])).toEqual(batches);
  });

  it('where a product is in more pairs than there are batches, keeps every pair and makes it no worse', () => {
    for (const seed of range(5)) {
      const { batches, productsOf } = drawn(9, seed);
      const found = withoutRepeats(batches, productsOf);
      expect(sorted(found.flat())).toEqual(range(60));
      expect(repeated(found, productsOf).length).toBeLessThanOrEqual(repeated(batches, productsOf).length);
    }
  });
});
