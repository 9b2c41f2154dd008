import { createHash } from 'node:crypto';
import type { Item, Pair } from '@uniecs/mbeer';

/** A short name of the content of some pairs. */
export interface PairsDigest {
  readonly pairs: number;
  /** Over ids, titles and which items have an image, in order; not over the pictures or where they lie. */
  readonly sha256: string;
}

/** The digest of pairs. */
export function pairsDigest(pairs: readonly Pair[]): PairsDigest {
  const hash = createHash('sha256');
  const content = ({ id, title, image }: Item) => [id, title ?? null, image !== undefined];
  for (const { item1, item2 } of pairs) hash.update(JSON.stringify([content(item1), content(item2)]));
  return { pairs: pairs.length, sha256: hash.digest('hex') };
}
