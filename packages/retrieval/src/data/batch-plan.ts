import type { Random } from '@uniecs/tensor';
import { gatherNegatives } from './gather-negatives.js';
import { withoutRepeats } from './without-repeats.js';

/** The shape of a batch: a graph is compiled for each. */
export interface BatchShape {
  /** N, padding included. */
  readonly pairs: number;
  /** Tokens of a title, L. */
  readonly length: number;
}

/** Pairs that make batches of one shape. */
export interface BatchGroup {
  readonly shape: BatchShape;
  /** Indices of the pairs. */
  readonly members: readonly number[];
}

/** A batch before it is made. */
export interface PlannedBatch {
  readonly shape: BatchShape;
  /** Indices of its pairs, at most `shape.pairs`. */
  readonly chosen: readonly number[];
}

/** Which pairs make which batch: a pure function of the epoch. */
export interface BatchPlan {
  readonly stepsPerEpoch: number;
  /** Pairs in the smallest batch of an epoch. */
  readonly fewest: number;
  /** The batches of an epoch, from 0: every pair once. */
  epoch(epoch: number): readonly PlannedBatch[];
}

/** What is heeded beside chance when pairs are gathered into batches. */
export interface GatherOptions {
  /** The products of a pair, where no two pairs of a batch may share one as far as that can be; default they may. */
  readonly productsOf?: ((pair: number) => readonly number[]) | undefined;
  /** The pairs that own the hard negatives of a pair, which come into its batch as far as they are left and there is room; default none. */
  readonly negativesOf?: ((pair: number) => readonly number[]) | undefined;
}

/** Shuffles the pairs of each group anew each epoch and cuts them into batches; of several groups, the batches in an order of their own. */
export function batchPlan(
  groups: readonly BatchGroup[],
  random: Random,
  { productsOf, negativesOf }: GatherOptions = {},
): BatchPlan {
  const steps = groups.map(({ shape, members }) => Math.ceil(members.length / shape.pairs));
  const stepsPerEpoch = steps.reduce((sum, count) => sum + count, 0);
  const fewest = Math.min(
    ...groups.map(({ shape, members }) => members.length - shape.pairs * (Math.ceil(members.length / shape.pairs) - 1)),
  );

  function batchesOf({ shape, members }: BatchGroup, stream: Random): PlannedBatch[] {
    const shuffled = Array.from(stream.permutation(members.length), (i) => members[i] as number);
    const order = negativesOf ? gatherNegatives(shuffled, negativesOf, shape.pairs) : shuffled;
    const cut: number[][] = [];
    for (let start = 0; start < order.length; start += shape.pairs) cut.push(order.slice(start, start + shape.pairs));
    const chosen = productsOf ? withoutRepeats(cut, productsOf) : cut;
    return chosen.map((pairs) => ({ shape, chosen: pairs }));
  }

  function epoch(number: number): PlannedBatch[] {
    const stream = random.fork(number);
    const [only, ...more] = groups;
    if (only && more.length === 0) return batchesOf(only, stream);
    const all = groups.flatMap((group, i) => batchesOf(group, stream.fork(i)));
    return Array.from(stream.fork('order').permutation(all.length), (i) => all[i] as PlannedBatch);
  }

  return { stepsPerEpoch, fewest, epoch };
}
