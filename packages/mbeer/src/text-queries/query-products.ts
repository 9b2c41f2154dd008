import { seededRandom, UniecsError } from '@uniecs/tensor';
import type { TextQuery } from './text-queries.js';

/** A query and one of its relevant products: what a query encoder is trained on. */
export interface QueryProduct {
  readonly queryId: string;
  readonly text: string;
  readonly productId: string;
}

/**
 * Training pairs: of each query up to `perQuery` of its relevant products, each at most once, in a random order of all pairs. Queries
 * with few and with many relevant products weigh alike, but for those with fewer than `perQuery`.
 *
 * @param seed of both draws; another seed for each epoch shows other products
 * @param perQuery default 4
 * @throws UniecsError `argument` where `perQuery` is no whole number from 1
 */
export function queryProducts(
  queries: readonly TextQuery[],
  { seed, perQuery = 4 }: { readonly seed: number | string; readonly perQuery?: number },
): QueryProduct[] {
  if (!Number.isInteger(perQuery) || perQuery < 1) {
    throw new UniecsError({
      code: 'argument',
      where: 'queryProducts',
      expected: 'perQuery to be a whole number from 1',
      got: String(perQuery),
      hint: '4 suits most',
    });
  }
  const random = seededRandom(seed);
  const pairs = queries.flatMap(({ id, text, relevant }) => {
    const order = random.fork(id).permutation(relevant.length).subarray(0, perQuery);
    return Array.from(order, (i) => ({ queryId: id, text, productId: relevant[i] as string }));
  });
  return Array.from(random.fork('order').permutation(pairs.length), (i) => pairs[i] as QueryProduct);
}
