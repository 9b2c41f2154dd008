import { createHash } from 'node:crypto';
import type { NegativesFile, Pair } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { pairsDigest } from './pairs-digest.js';

/** Hard negatives as training needs them. */
export interface NegativePairs {
  /** For each pair, the pairs that own its negatives, by index, the best-ranked of each task first. */
  readonly negatives: readonly (readonly number[])[];
  /** A short name of their content. */
  readonly sha256: string;
}

const where = 'negativePairs';

/**
 * The pairs that own the hard negatives of each pair.
 *
 * @param pairs those that the negatives were mined from, as they were then
 * @throws UniecsError `data` where they are others, or where a line of the file means no pair of theirs
 */
export function negativePairs({ header, queries }: NegativesFile, pairs: readonly Pair[]): NegativePairs {
  const digest = pairsDigest(pairs);
  if (digest.sha256 !== header.pairs.sha256) {
    const shown = ({ pairs, sha256 }: { pairs: number; sha256: string }) => `${pairs} (${sha256.slice(0, 12)})`;
    throw new UniecsError({
      ...{ code: 'data', where, expected: `negatives of the pairs that are trained on, ${shown(digest)}` },
      ...{ got: `those of ${shown(header.pairs)}`, hint: 'mine them from this pair file, read alike (--skip-bad)' },
    });
  }
  const indexOf = new Map(pairs.map(({ line }, index) => [line, index]));
  const found = (line: number, item: 'item1' | 'item2', id: string) => {
    const index = indexOf.get(line);
    if (index !== undefined && pairs[index]?.[item].id === id) return index;
    throw new UniecsError({
      ...{ code: 'data', where, expected: `a pair with ${item} '${id}' in line ${line} of the pair file` },
      ...{ got: 'none', hint: 'write the file of negatives with uniecs mine, and leave it as it is' },
    });
  };
  const ranked = pairs.map((): { readonly index: number; readonly rank: number }[] => []);
  for (const { line, query, negatives } of queries) {
    const own = found(line, 'item1', query);
    for (const { line: other, id, rank } of negatives) ranked[own]?.push({ index: found(other, 'item2', id), rank });
  }
  const negatives = ranked.map((each, own) => {
    const inOrder = each.sort((a, b) => a.rank - b.rank).map(({ index }) => index);
    return [...new Set(inOrder)].filter((index) => index !== own);
  });
  return { negatives, sha256: createHash('sha256').update(JSON.stringify(negatives)).digest('hex') };
}
