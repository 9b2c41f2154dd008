import { seededRandom, UniecsError } from '@uniecs/tensor';
import { disjointSets } from './disjoint-sets.js';

/** The parts that pairs are split into. */
export const splitNames = ['train', 'val', 'test'] as const;
export type SplitName = (typeof splitNames)[number];
export type SplitShares = Readonly<Record<SplitName, number>>;

/** How pairs are split. */
export interface SplitPairsOptions {
  /** Products in all. */
  readonly products: number;
  /** Products that belong together, as places: the same style, title or picture, or similar and bought together. */
  readonly together: Iterable<readonly [number, number]>;
  /** Of the pairs; they add up to 1. */
  readonly shares: SplitShares;
  readonly seed: number | string;
}

/** The split of each pair, and of each group of products that has one. */
export interface SplitPairs {
  readonly splits: readonly SplitName[];
  /** Groups that hold a pair, and the pairs in the largest of them: the shares cannot be met more closely than that. */
  readonly groups: number;
  readonly largestGroup: number;
  /** The group of each product, `[products]`. */
  readonly groupOf: Int32Array;
}

/**
 * Splits pairs by groups of products: a group is what `together` and the pairs connect, directly or through others (the connected
 * components), and all pairs of a group are in one split. So nothing of a product, its style, title or picture stands in two splits.
 * Groups come in a seeded order, the largest first, each into the split that lacks most of its share.
 *
 * @throws UniecsError `argument` for shares that are negative or do not add up to 1
 */
export function splitPairs(
  pairs: readonly { readonly first: number; readonly second: number }[],
  { products, together, shares, seed }: SplitPairsOptions,
): SplitPairs {
  const total = splitNames.reduce((sum, name) => sum + shares[name], 0);
  if (!splitNames.every((name) => shares[name] >= 0) || !(Math.abs(total - 1) < 1e-9)) {
    throw new UniecsError({
      code: 'argument',
      where: 'splitPairs',
      expected: 'shares from 0 that add up to 1',
      got: JSON.stringify(shares),
      hint: 'for example train 0.8, val 0.1 and test 0.1',
    });
  }
  const sets = disjointSets(products);
  for (const [a, b] of together) sets.join(a, b);
  for (const { first, second } of pairs) sets.join(first, second);
  const members = new Map<number, number[]>();
  pairs.forEach(({ first }, index) => {
    const root = sets.rootOf(first);
    const group = members.get(root);
    if (group) group.push(index);
    else members.set(root, [index]);
  });
  const groups = [...members.values()];
  const order = Array.from(seededRandom(seed).permutation(groups.length), (i) => groups[i] as number[]);
  order.sort((a, b) => b.length - a.length);
  const splits = new Array<SplitName>(pairs.length);
  const lacking = { ...shares };
  for (const name of splitNames) lacking[name] *= pairs.length;
  for (const group of order) {
    const name = splitNames.reduce((most, each) => (lacking[each] > lacking[most] ? each : most));
    lacking[name] -= group.length;
    for (const index of group) splits[index] = name;
  }
  return {
    splits,
    groups: groups.length,
    largestGroup: order[0]?.length ?? 0,
    groupOf: Int32Array.from({ length: products }, (_, product) => sets.rootOf(product)),
  };
}
