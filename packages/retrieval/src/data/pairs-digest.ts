import { createHash } from 'node:crypto';
import type { Pair } from '@uniecs/mbeer';
import { itemMark } from './item-mark.js';

/** A short name of the content of some pairs. */
export interface PairsDigest {
  readonly pairs: number;
  /** Over ids, titles and which items have an image or several, in order; not over the pictures or where they lie. */
  readonly sha256: string;
}

/** The digest of pairs. */
export function pairsDigest(pairs: readonly Pair[]): PairsDigest {
  const hash = createHash('sha256');
  for (const { item1, item2 } of pairs) hash.update(JSON.stringify([itemMark(item1), itemMark(item2)]));
  return { pairs: pairs.length, sha256: hash.digest('hex') };
}
