import { describe, expect, it } from 'vitest';
import type { Pair } from './items.js';
import { withNoisyModality } from './noisy-modality.js';

const item = (i: number) => ({ id: `p${i}`, title: `title ${i}`, image: `/images/${i}.jpg` });
const pairs: Pair[] = Array.from({ length: 53 }, (_, i) => ({
  line: i + 1,
  item1: item(2 * i),
  item2: item(2 * i + 1),
  tag: 1,
}));

const itemsOf = (data: readonly Pair[]) => data.flatMap(({ item1, item2 }) => [item1, item2]);

/** Content by id where it is no longer the product's own. */
function exchanged(data: readonly Pair[], field: 'title' | 'image'): Map<string, string> {
  const before = new Map(itemsOf(pairs).map((own) => [own.id, own[field]]));
  return new Map(
    itemsOf(data).flatMap((own) => (before.get(own.id) === own[field] ? [] : [[own.id, own[field] ?? '']])),
  );
}

describe('withNoisyModality', () => {
  it.each([
    [0, 0],
    [0.2, 21],
    [0.5, 53],
    [1, 106],
  ])('a share of %d of 106 products is exactly %i with the content of another', (share, expected) => {
    for (const [modality, field, other] of [
      ['image', 'image', 'title'],
      ['text', 'title', 'image'],
    ] as const) {
      const { pairs: changed, counts } = withNoisyModality(pairs, { modality, share, seed: 7 });
      expect(exchanged(changed, field).size).toBe(expected);
      expect(exchanged(changed, other).size).toBe(0);
      expect(counts).toEqual({ products: 106, drawn: expected, exchanged: expected, identical: 0, alone: 0 });
    }
  });

  it('is a derangement within the drawn: they exchange among themselves, and each content goes to one', () => {
    const { pairs: changed } = withNoisyModality(pairs, { modality: 'image', share: 0.4, seed: 3 });
    const moved = exchanged(changed, 'image');
    const own = [...moved.keys()].map((id) => `/images/${id.slice(1)}.jpg`);
    expect([...moved.values()].sort()).toEqual(own.sort());
  });

  it('what is drawn at a share is drawn at every larger one, and all but one get the same there', () => {
    const maps = [0.2, 0.4, 0.8].map((share) =>
      exchanged(withNoisyModality(pairs, { modality: 'text', share, seed: 'a' }).pairs, 'title'),
    );
    maps.slice(1).forEach((larger, i) => {
      const smaller = [...(maps[i] ?? [])];
      expect(smaller.every(([id]) => larger.has(id))).toBe(true);
      expect(smaller.filter(([id, content]) => larger.get(id) !== content)).toHaveLength(1);
    });
  });

  it('the same seed exchanges the same in any order of the pairs, another seed otherwise', () => {
    const moved = (data: readonly Pair[], seed: number) =>
      [...exchanged(withNoisyModality(data, { modality: 'text', share: 0.3, seed }).pairs, 'title')].sort();
    expect(moved([...pairs].reverse(), 1)).toEqual(moved(pairs, 1));
    expect(moved(pairs, 2)).not.toEqual(moved(pairs, 1));
  });

  it('lines, ids and tags stay, the given pairs too', () => {
    const before = structuredClone(pairs);
    const { pairs: changed } = withNoisyModality(pairs, { modality: 'image', share: 0.6, seed: 7 });
    expect(pairs).toEqual(before);
    const frame = (data: readonly Pair[]) => data.map(({ line, tag, item1, item2 }) => [line, tag, item1.id, item2.id]);
    expect(frame(changed)).toEqual(frame(pairs));
  });

  it('a product without the modality neither gives nor gets, so nothing is left with neither', () => {
    const [first, second, ...rest] = pairs as [Pair, Pair, ...Pair[]];
    const { image: _, ...imageless } = first.item1;
    const mixed = [{ ...first, item1: imageless }, second, ...rest];
    const { pairs: changed, counts } = withNoisyModality(mixed, { modality: 'image', share: 1, seed: 7 });
    expect(counts).toMatchObject({ products: 105, exchanged: 105 });
    expect(changed[0]?.item1).toEqual(imageless);
    expect(itemsOf(changed).some(({ image }) => image === '/images/0.jpg')).toBe(false);
    expect(itemsOf(changed).every(({ title, image }) => title !== undefined || image !== undefined)).toBe(true);
  });

  it('side query takes and gives among item 1 alone', () => {
    const { pairs: changed, counts } = withNoisyModality(pairs, { modality: 'text', share: 1, seed: 7, side: 'query' });
    expect(counts).toMatchObject({ products: 53, exchanged: 53 });
    expect(changed.map(({ item2 }) => item2)).toEqual(pairs.map(({ item2 }) => item2));
    expect(changed.map(({ item1 }) => item1.title).sort()).toEqual(pairs.map(({ item1 }) => item1.title).sort());
  });

  it('one alone keeps its own, and equal content is counted as identical', () => {
    const one = withNoisyModality(pairs, { modality: 'text', share: 1 / 106, seed: 7 });
    expect(one.counts).toEqual({ products: 106, drawn: 1, exchanged: 0, identical: 0, alone: 1 });
    expect(one.pairs).toEqual(pairs);
    const alike = pairs.map((pair) => ({ ...pair, item1: { ...pair.item1, title: 'same' } }));
    const { counts } = withNoisyModality(alike, { modality: 'text', share: 1, seed: 7, side: 'query' });
    expect(counts).toEqual({ products: 53, drawn: 53, exchanged: 53, identical: 53, alone: 0 });
  });

  it('refuses a share that is none', () => {
    expect(() => withNoisyModality(pairs, { modality: 'text', share: 2, seed: 7 })).toThrow(
      /^withNoisyModality: expected share to be from 0 to 1, got 2/,
    );
  });
});
