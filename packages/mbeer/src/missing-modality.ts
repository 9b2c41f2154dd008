import { type DrawOptions, drawProducts, fieldOf, mapItems, productsOf } from './draw-products.js';
import { withImages } from './images-of.js';
import type { Item, Pair } from './items.js';

/** What became of the products: `drawn = removed + kept + absent`. */
export interface MissingCounts {
  /** Products of the side, each counted once. */
  readonly products: number;
  readonly drawn: number;
  /** Lost the modality. */
  readonly removed: number;
  /** Would have been left with nothing, and so keep what they have. */
  readonly kept: number;
  /** Did not have the modality to begin with. */
  readonly absent: number;
}

/**
 * Pairs in which a share of the products lack their image or their title, for measuring what a missing modality costs.
 * `round(share * products)` products are drawn, and every occurrence of a drawn product on the side loses the modality; one that has
 * nothing else keeps it and is counted as `kept`. A product drawn at a share is drawn at every larger one, so a curve over shares is one
 * of growing sets. The choices for image and text are independent.
 *
 * Ids, lines and tags stay as they are, and the given pairs are not changed.
 *
 * @throws UniecsError `argument` where the share is not in [0, 1], or modality or side are none
 */
export function withoutModality(
  pairs: readonly Pair[],
  options: DrawOptions,
): { readonly pairs: readonly Pair[]; readonly counts: MissingCounts } {
  const { modality, side = 'both' } = options;
  const field = fieldOf[modality];
  const other = fieldOf[modality === 'image' ? 'text' : 'image'];
  const products = [...productsOf(pairs, options).keys()];
  const drawn = new Set(drawProducts(products, options, 'withoutModality'));
  const [removed, alone] = [new Set<string>(), new Set<string>()];
  const changed = mapItems(pairs, side, (item) => {
    if (!drawn.has(item.id) || item[field] === undefined) return item;
    if (item[other] === undefined) {
      alone.add(item.id);
      return item;
    }
    removed.add(item.id);
    if (modality === 'image') return withImages(item, []);
    const { title: _, ...rest }: Item = item;
    return rest;
  });
  const kept = [...alone].filter((id) => !removed.has(id)).length;
  const absent = drawn.size - removed.size - kept;
  return {
    pairs: changed,
    counts: { products: products.length, drawn: drawn.size, removed: removed.size, kept, absent },
  };
}
