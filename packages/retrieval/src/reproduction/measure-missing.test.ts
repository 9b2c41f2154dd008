import { type Evaluation, type Item, type Pair, tasks, withNoisyModality, withoutModality } from '@uniecs/mbeer';
import { describe, expect, it } from 'vitest';
import { recallRows } from '../ablation/recall-rows.js';
import type { Embedder } from '../embedding/embedder.js';
import { rankPairs } from '../embedding/model-embedder.js';
import { measureMissing } from './measure-missing.js';
import { conditionGroups, shares } from './missing-conditions.js';

/** Embeddings that lie in an item's content: title and image are numbers, an embedding a direction; f of one modality is that one. */
function directions(): Pick<Embedder, 'embed'> & { readonly embedded: Item[] } {
  const embedded: Item[] = [];
  const direction = (angle: number) => [Math.cos(angle), Math.sin(angle)];
  return {
    embedded,
    embed: async (items, { onProgress } = {}) => {
      embedded.push(...items);
      onProgress?.(items.length, items.length);
      const matrix = (of: (item: Item) => number | undefined) =>
        Float32Array.from(items.flatMap((item) => direction(of(item) ?? Number.NaN)));
      const image = ({ image: own }: Item) => (own === undefined ? undefined : Number(own));
      const text = ({ title }: Item) => (title === undefined ? undefined : Number(title));
      const fused = (item: Item) => {
        const both = [image(item), text(item)].filter((one) => one !== undefined);
        return both.reduce((sum, one) => sum + one, 0) / both.length;
      };
      const has = (field: 'image' | 'title') => Float32Array.from(items, (item) => Number(item[field] !== undefined));
      return {
        ...{ count: items.length, dimension: 2, fused: matrix(fused), image: matrix(image), text: matrix(text) },
        ...{ hasImage: has('image'), hasText: has('title') },
      };
    },
  };
}
const count = 11;
const numbered: Pair[] = Array.from({ length: count }, (_, i) => {
  const item = (side: number): Item => ({
    id: `${side}-${i}`,
    title: `${(i + side / 50) / 4}`,
    image: `${(i + side / 40) / 4}`,
  });
  return { line: i + 1, item1: item(0), item2: item(1), tag: 1 };
});

describe('measureMissing', () => {
  it('is, condition by condition, what embedding the worse pairs anew would give', async () => {
    const embedder = directions();
    const groups = conditionGroups(numbered, 5);
    const results = await measureMissing(embedder, numbered, groups);
    expect(results.map((group) => group.length)).toEqual(Array(4).fill(shares.length));
    for (const [g, group] of groups.entries()) {
      for (const [i, { condition, pairs }] of group.entries()) {
        const { kind, modality, share } = condition;
        const worsen = kind === 'missing' ? withoutModality : withNoisyModality;
        expect(pairs).toEqual(worsen(numbered, { modality, share, seed: 5 }).pairs);
        const anew: Evaluation = await rankPairs(directions(), pairs);
        expect(results[g]?.[i]?.counted).toEqual(recallRows(anew));
        expect(results[g]?.[i]?.queries).toEqual(
          Object.fromEntries(anew.results.map(({ task, queryRows }) => [task.name, queryRows.length])),
        );
      }
    }
  });

  it('embeds every content of a curve once, and tells how far it is', async () => {
    for (const group of conditionGroups(numbered, 5)) {
      const embedder = directions();
      const told: string[] = [];
      await measureMissing(embedder, numbered, [group], {
        onProgress: (what, done, total) => told.push(`${what} ${done}/${total}`),
      });
      const contents = embedder.embedded.map(({ title, image }) => `${title} ${image}`);
      expect(new Set(contents).size).toBe(contents.length);
      expect(told.at(-1)).toBe('conditions 5/5');
      expect(told).toContain(`items ${contents.length}/${contents.length}`);
    }
  });

  it('counts every item where what it has stands in: without any image all nine tasks are those of the titles', async () => {
    const groups = conditionGroups(numbered, 5);
    const [withoutImages = [], withoutTitles = []] = await measureMissing(directions(), numbered, groups);
    const last = shares.length - 1;
    const [clean, none, noTitle] = [withoutImages[0], withoutImages[last], withoutTitles[last]];
    for (const { name } of tasks) {
      expect(none?.all[name]).toEqual(clean?.counted['t->t']);
      expect(noTitle?.all[name]).toEqual(clean?.counted['v->v']);
      if (/v(?!t)/.test(name))
        expect(none).toMatchObject({ counted: { [name]: { 'R@10': null } }, queries: { [name]: 0 } });
    }
    expect(none?.counted['vt->vt']).toEqual(clean?.counted['t->t']);
    expect(clean?.all).toEqual(clean?.counted);
  });
});
