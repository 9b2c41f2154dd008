/** A batch at work: its pairs, and how many of them have each product. */
interface Counted {
  readonly pairs: number[];
  readonly counts: Map<number, number>;
}

/**
 * Moves pairs between batches of an epoch so that no two pairs of a batch share a product: each pair that does changes places with one of
 * another batch where both then fit. Sizes stay, so every pair is there once; most pairs stay where they were drawn. Where nothing fits
 * (a product in more pairs than there are batches) pairs that share a product stay together.
 *
 * @param batches indices of pairs, batch by batch; not changed
 * @param productsOf the products of a pair
 */
export function withoutRepeats(
  batches: readonly (readonly number[])[],
  productsOf: (pair: number) => readonly number[],
): number[][] {
  const products = (pair: number) => new Set(productsOf(pair));
  const all = batches.map((pairs): Counted => {
    const counts = new Map<number, number>();
    for (const pair of pairs) add(counts, products(pair), 1);
    return { pairs: [...pairs], counts };
  });
  const moved = (batch: Counted, at: number, next: number) => {
    add(batch.counts, products(batch.pairs[at] as number), -1);
    add(batch.counts, products(next), 1);
    batch.pairs[at] = next;
  };

  for (const batch of all) {
    for (let at = 0; at < batch.pairs.length; at++) {
      const pair = batch.pairs[at] as number;
      if (!repeats(batch.counts, products(pair), products(pair))) continue;
      const place = placeFor(pair, batch);
      if (!place) continue;
      const other = place.batch.pairs[place.at] as number;
      moved(place.batch, place.at, pair);
      moved(batch, at, other);
    }
  }
  return all.map(({ pairs }) => pairs);

  /** The first place of another batch where `pair` fits, and whose pair fits into `from` in its stead. */
  function placeFor(pair: number, from: Counted): { batch: Counted; at: number } | undefined {
    const start = all.indexOf(from);
    const own = products(pair);
    for (let i = 1; i < all.length; i++) {
      const batch = all[(start + i) % all.length] as Counted;
      const at = batch.pairs.findIndex((other) => {
        const others = products(other);
        return !repeats(batch.counts, own, others) && !repeats(from.counts, others, own);
      });
      if (at >= 0) return { batch, at };
    }
    return undefined;
  }
}

function add(counts: Map<number, number>, products: ReadonlySet<number>, by: number): void {
  for (const product of products) counts.set(product, (counts.get(product) ?? 0) + by);
}

/** Whether the pairs of a batch, the one of `leaving` taken away, have one of the products `coming`. */
function repeats(
  counts: ReadonlyMap<number, number>,
  coming: ReadonlySet<number>,
  leaving: ReadonlySet<number>,
): boolean {
  for (const product of coming) {
    if ((counts.get(product) ?? 0) - Number(leaving.has(product)) >= 1) return true;
  }
  return false;
}
