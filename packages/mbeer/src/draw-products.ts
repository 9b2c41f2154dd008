import { seededRandom, UniecsError } from '@uniecs/tensor';
import type { Item, Pair } from './items.js';

/** What of a product is taken away or exchanged. */
export type SingleModality = 'image' | 'text';

/** Which items of a pair: item 1 (query), item 2 (candidate) or both. */
export type PairSide = 'both' | 'query' | 'candidate';

/** Which products are drawn. */
export interface DrawOptions {
  readonly modality: SingleModality;
  /** Share of the products, 0 to 1; `round(share * products)` are drawn. */
  readonly share: number;
  /** The same seed draws the same products, whatever the order of the pairs; those of a smaller share are among those of a larger. */
  readonly seed: number | string;
  /** Default `both`: the products of both sides. */
  readonly side?: PairSide;
}

/** Field of an item that holds each modality. */
export const fieldOf = { image: 'image', text: 'title' } as const;

/** Each product of a side once, by id, with the modality's content where the product first has it. */
export function productsOf(pairs: readonly Pair[], { modality, side = 'both' }: DrawOptions): Map<string, Item> {
  const products = new Map<string, Item>();
  for (const pair of pairs) {
    for (const item of itemsOf(pair, side)) {
      const known = products.get(item.id);
      if (known?.[fieldOf[modality]] === undefined) products.set(item.id, item);
    }
  }
  return products;
}

/**
 * `round(share * N)` of N product ids, in an order of their own: each id draws a number from seed, modality and id, and the smallest
 * come first. A longer list continues a shorter one.
 *
 * @throws UniecsError `argument` where the share is not in [0, 1], or modality or side are none
 */
export function drawProducts(
  ids: readonly string[],
  { modality, share, seed, side = 'both' }: DrawOptions,
  where: string,
): string[] {
  const fault = (expected: string, got: unknown, hint: string) =>
    new UniecsError({ code: 'argument', where, expected, got: String(got), hint });
  if (!(share >= 0 && share <= 1)) throw fault('share to be from 0 to 1', share, 'a fifth of the products is 0.2');
  if (!Object.hasOwn(fieldOf, modality)) throw fault("modality to be 'image' or 'text'", modality, 'choose one');
  if (!['both', 'query', 'candidate'].includes(side)) {
    throw fault(
      "side to be 'both', 'query' or 'candidate'",
      side,
      'item 1 of a pair is the query, item 2 the candidate',
    );
  }
  const random = seededRandom(seed).fork(modality);
  return ids
    .map((id) => ({ id, draw: random.fork(id).uniform() }))
    .sort((a, b) => a.draw - b.draw || (a.id < b.id ? -1 : 1))
    .slice(0, Math.round(share * ids.length))
    .map(({ id }) => id);
}

/** The pairs with some items of a side replaced; the others are the same objects. */
export function mapItems(pairs: readonly Pair[], side: PairSide, replaced: (item: Item) => Item): Pair[] {
  return pairs.map((pair) => {
    const item1 = side === 'candidate' ? pair.item1 : replaced(pair.item1);
    const item2 = side === 'query' ? pair.item2 : replaced(pair.item2);
    return item1 === pair.item1 && item2 === pair.item2 ? pair : { ...pair, item1, item2 };
  });
}

function itemsOf({ item1, item2 }: Pair, side: PairSide): Item[] {
  if (side === 'query') return [item1];
  return side === 'candidate' ? [item2] : [item1, item2];
}
