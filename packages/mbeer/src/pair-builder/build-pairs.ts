import { UniecsError } from '@uniecs/tensor';
import type { CatalogueItem, Item } from '../items.js';
import {
  type CoInteractionOptions,
  type CoInteractions,
  countCoInteractions,
  type Interaction,
} from './co-interactions.js';
import { type PairDecision, pairKey } from './decisions.js';
import { matchPairs, type SimilarPair } from './match-pairs.js';
import { type Similarity, type SimilarityCounts, type SimilarityThresholds, similarPairs } from './similarity.js';
import { type SplitName, type SplitShares, splitPairs } from './split-pairs.js';

/** What pairs are built from. */
export interface BuildPairsOptions extends Omit<CoInteractionOptions, 'items'> {
  readonly items: readonly CatalogueItem[];
  readonly log: AsyncIterable<Interaction> | Iterable<Interaction>;
  /** How alike products are; made once the candidates are known, so that it may prepare their products alone. */
  readonly similarity: (candidateItems: ReadonlySet<number>) => Promise<Similarity>;
  /** Default 0.75 each. */
  readonly thresholds?: SimilarityThresholds;
  /** Field of the items' metadata whose equal values are one style; default none. */
  readonly groupField?: string;
  /** Products with one picture or almost, as places: what `nearDuplicates` finds. Default none. */
  readonly samePictures?: (similarItems: ReadonlySet<number>) => Promise<Iterable<readonly [number, number]>>;
  readonly decisions?: readonly PairDecision[];
  /** Whether only pairs that were accepted are kept; default false: all that were not rejected. */
  readonly acceptedOnly?: boolean;
  /** Default 0.8, 0.1 and 0.1. */
  readonly shares?: SplitShares;
  readonly seed: number | string;
}

/** A pair that was built. */
export interface BuiltPair extends Omit<SimilarPair, 'first' | 'second'> {
  /** Item 1 (query side) comes before item 2 in the product table. */
  readonly item1: Item;
  readonly item2: Item;
  readonly split: SplitName;
}

/** The pairs, in the order in which they were matched, and what became of everything on the way. */
export interface BuiltPairs {
  readonly pairs: readonly BuiltPair[];
  readonly log: Omit<CoInteractions, 'candidates'>;
  readonly similarity: SimilarityCounts;
  /** Similar pairs that were rejected by hand, or, with `acceptedOnly`, not accepted. */
  readonly rejected: number;
  /** Similar pairs of which a product was in a pair already. */
  readonly productTaken: number;
  /** Decisions on pairs that are not among the similar ones. */
  readonly unusedDecisions: number;
  /** Groups of products that hold pairs, and pairs in the largest. */
  readonly groups: number;
  readonly largestGroup: number;
}

/**
 * Builds same-style pairs by the paper's recipe (section 4.1.1): candidates are products that the same users had to do with; of them those
 * are kept whose pictures and titles both reach the thresholds; then each product is put into one pair at most (`matchPairs`), and the
 * pairs are split by groups of products (`splitPairs`): products of a similar pair, used or not, of one style (`groupField`), of one title
 * (case and outer white space aside) and of one picture stay together. Equal inputs give equal pairs.
 *
 * Differs from the paper: it says neither how often two products must be co-interacted, nor how one pair per product is chosen, nor how
 * splits are made.
 *
 * @throws UniecsError `data` for decisions on products that are not there; as `countCoInteractions` and `splitPairs`
 */
export async function buildPairs(options: BuildPairsOptions): Promise<BuiltPairs> {
  const { items, log, thresholds = { visual: 0.75, textual: 0.75 }, decisions = [], acceptedOnly = false } = options;
  const { shares = { train: 0.8, val: 0.1, test: 0.1 }, seed } = options;
  const ids = items.map(({ id }) => id);
  checkDecisions(decisions, new Set(ids));
  const { candidates, ...logCounts } = await countCoInteractions(log, { ...options, items: ids });
  const similarity = await options.similarity(productsOf(candidates));
  const { pairs: similar, counts } = similarPairs(candidates, similarity, thresholds);
  const decided = new Map(decisions.map(({ item1, item2, decision }) => [pairKey(item1, item2), decision]));
  let used = 0;
  const kept = similar.filter(({ first, second }) => {
    const decision = decided.get(pairKey(ids[first] as string, ids[second] as string));
    if (decision !== undefined) used++;
    return acceptedOnly ? decision === 'accept' : decision !== 'reject';
  });
  const matched = matchPairs(kept);
  const pictures = (await options.samePictures?.(productsOf(similar))) ?? [];
  const together = function* (): Generator<readonly [number, number]> {
    for (const { first, second } of similar) yield [first, second];
    yield* pictures;
    yield* equalValues(items.map(({ title }) => title?.toLowerCase().trim()));
    const { groupField } = options;
    if (groupField !== undefined) yield* equalValues(items.map(({ metadata }) => metadata[groupField] ?? undefined));
  };
  const split = splitPairs(matched, { products: items.length, together: together(), shares, seed });
  const itemAt = (place: number): Item => {
    const { line: _, metadata: __, ...item } = items[place] as CatalogueItem;
    return item;
  };
  return {
    pairs: matched.map(({ first, second, ...pair }, i) => ({
      ...pair,
      item1: itemAt(first),
      item2: itemAt(second),
      split: split.splits[i] as SplitName,
    })),
    log: logCounts,
    similarity: counts,
    rejected: similar.length - kept.length,
    productTaken: kept.length - matched.length,
    unusedDecisions: decided.size - used,
    groups: split.groups,
    largestGroup: split.largestGroup,
  };
}

function productsOf(pairs: readonly { readonly first: number; readonly second: number }[]): Set<number> {
  const places = new Set<number>();
  for (const { first, second } of pairs) places.add(first).add(second);
  return places;
}

/** Each place with the first one of its value. */
function* equalValues(values: readonly unknown[]): Generator<[number, number]> {
  const first = new Map<unknown, number>();
  for (const [place, value] of values.entries()) {
    if (value === undefined) continue;
    const before = first.get(value);
    if (before === undefined) first.set(value, place);
    else yield [before, place];
  }
}

function checkDecisions(decisions: readonly PairDecision[], known: ReadonlySet<string>): void {
  const unknown = decisions.flatMap(({ item1, item2 }) => [item1, item2]).find((id) => !known.has(id));
  if (unknown === undefined) return;
  throw new UniecsError({
    code: 'data',
    where: 'buildPairs',
    expected: 'decisions on products of the table',
    got: `the id '${unknown}'`,
    hint: 'pass the table that the decisions were made on',
    details: { id: unknown },
  });
}
