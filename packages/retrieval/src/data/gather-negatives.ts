/**
 * An order of pairs in which each is followed by the pairs that own its hard negatives, as far as they are not placed yet and the batch has
 * room: in batches cut from it, a pair's hard negatives are in-batch negatives. Every pair stays there once.
 *
 * @param order the pairs, shuffled
 * @param negativesOf the pairs that own the hard negatives of a pair, the most wanted first; those outside of `order` are passed over
 * @param batchSize pairs of a batch
 */
export function gatherNegatives(
  order: readonly number[],
  negativesOf: (pair: number) => readonly number[],
  batchSize: number,
): number[] {
  const left = new Set(order);
  const gathered: number[] = [];
  for (const pair of order) {
    if (!left.delete(pair)) continue;
    gathered.push(pair);
    for (const negative of negativesOf(pair)) {
      if (gathered.length % batchSize === 0) break;
      if (left.delete(negative)) gathered.push(negative);
    }
  }
  return gathered;
}
