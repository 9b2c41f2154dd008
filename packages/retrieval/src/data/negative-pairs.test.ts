import type { NegativesFile, Pair } from '@uniecs/mbeer';
import { describe, expect, it } from 'vitest';
import { negativePairs } from './negative-pairs.js';
import { pairsDigest } from './pairs-digest.js';

/** Pairs of the lines 1, 3, 4 and 9: a bad line was left out between. */
const pairs = [1, 3, 4, 9].map((line): Pair => {
  const item = (side: number) => ({ id: `${line}-${side}`, title: `title ${line} ${side}` });
  return { line, item1: item(1), item2: item(2), tag: 1 };
});
const negative = (line: number, rank: number) => ({ line, id: `${line}-2`, score: 0, rank });
const query = (task: string, line: number, negatives: ReturnType<typeof negative>[]) => ({
  ...{ task, line, query: `${line}-1`, positive: `${line}-2`, positiveScore: 1 },
  negatives,
});
const file = (...queries: NegativesFile['queries']): NegativesFile => ({
  header: { format: 'uniecs hard negatives', version: 1, pairs: pairsDigest(pairs), scoredBy: {}, rules: {} },
  queries,
});

describe('negativePairs', () => {
  it('are those that own the negatives, by rank over all tasks, each once and never the pair itself', () => {
    const found = negativePairs(
      file(
        query('v->v', 3, [negative(9, 2), negative(1, 5)]),
        query('vt->vt', 3, [negative(4, 1), negative(9, 4), negative(3, 5)]),
        query('v->v', 9, [negative(1, 1)]),
      ),
      pairs,
    );
    expect(found.negatives).toEqual([[], [2, 3, 0], [], [0]]);
    const other = negativePairs(file(query('v->v', 9, [negative(3, 1)])), pairs);
    expect(other.sha256).not.toBe(found.sha256);
    expect(negativePairs(file(query('t->t', 9, [negative(3, 7)])), pairs).sha256).toBe(other.sha256);
  });

  it('refuses those of other pairs, and lines that mean no pair', () => {
    const others = pairs.slice(1);
    expect(() => negativePairs(file(), others)).toThrow(/negatives of the pairs that are trained on, 3 .*those of 4/);
    expect(() => negativePairs(file(query('v->v', 2, [])), pairs)).toThrow(/item1 '2-1' in line 2/);
    expect(() => negativePairs(file(query('v->v', 1, [{ ...negative(3, 1), id: 'x' }])), pairs)).toThrow(
      /item2 'x' in line 3 of the pair file.*none/,
    );
  });
});
