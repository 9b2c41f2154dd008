import { type DrawOptions, drawProducts, fieldOf, mapItems, productsOf } from './draw-products.js';
import { imagesOf, withImages } from './images-of.js';
import type { Item, Pair } from './items.js';

/** What became of the products: `drawn = exchanged + alone`. */
export interface NoisyCounts {
  /** Products of the side that have the modality, each counted once. */
  readonly products: number;
  readonly drawn: number;
  /** Have the images or the title of another product now. */
  readonly exchanged: number;
  /** Of those: the other product's is the same text or path, so nothing can be told from it. */
  readonly identical: number;
  /** 1 where one product alone was drawn, which has nobody to exchange with and keeps its own; else 0. */
  readonly alone: number;
}

/**
 * Pairs in which a share of the products have another product's image or title, for measuring what a wrong modality costs.
 * Of the products that have the modality `round(share * products)` are drawn, and each gets that of the next one in the order of
 * drawing, the last that of the first: a derangement among the drawn, in which no one keeps its own. A product drawn at a share is drawn
 * at every larger one and, but for the last, gets the same content there. The choices for image and text are independent.
 *
 * Ids, lines and tags stay as they are, and the given pairs are not changed.
 *
 * @throws UniecsError `argument` where the share is not in [0, 1], or modality or side are none
 */
export function withNoisyModality(
  pairs: readonly Pair[],
  options: DrawOptions,
): { readonly pairs: readonly Pair[]; readonly counts: NoisyCounts } {
  const { modality, side = 'both' } = options;
  const field = fieldOf[modality];
  const contents = new Map<string, Item>();
  for (const [id, item] of productsOf(pairs, options)) if (item[field] !== undefined) contents.set(id, item);
  const drawn = drawProducts([...contents.keys()], options, 'withNoisyModality');
  const received = new Map<string, Item>();
  if (drawn.length > 1) {
    drawn.forEach((id, i) => {
      received.set(id, contents.get(drawn[(i + 1) % drawn.length] as string) as Item);
    });
  }
  const changed = mapItems(pairs, side, (item) => {
    const other = received.get(item.id);
    if (other === undefined || item[field] === undefined) return item;
    return modality === 'image' ? withImages(item, imagesOf(other)) : { ...item, title: other.title as string };
  });
  const contentOf = (item: Item | undefined) => item && (modality === 'image' ? imagesOf(item).join('\n') : item.title);
  const identical = [...received].filter(([id, other]) => contentOf(contents.get(id)) === contentOf(other)).length;
  return {
    pairs: changed,
    counts: {
      products: contents.size,
      drawn: drawn.length,
      exchanged: received.size,
      identical,
      alone: drawn.length - received.size,
    },
  };
}
