import { describe, expect, it } from 'vitest';
import type { Item, Pair } from './items.js';
import { withoutModality } from './missing-modality.js';

/** Pairs of products that have both, but for those whose number a divisor divides. */
function catalogue(count: number, { imageless = 0, titleless = 0 } = {}): Pair[] {
  const item = (i: number): Item => ({
    id: `p${i}`,
    ...(titleless > 0 && i % titleless === 0 ? {} : { title: `title ${i}` }),
    ...(imageless > 0 && i % imageless === 1 ? {} : { image: `/images/${i}.jpg` }),
  });
  return Array.from({ length: count }, (_, i) => ({ line: i + 1, item1: item(2 * i), item2: item(2 * i + 1), tag: 1 }));
}

const itemsOf = (pairs: readonly Pair[]) => pairs.flatMap(({ item1, item2 }) => [item1, item2]);
const lacking = (pairs: readonly Pair[], field: 'image' | 'title') =>
  new Set(itemsOf(pairs).flatMap((item) => (item[field] === undefined ? item.id : [])));

describe('withoutModality', () => {
  const pairs = catalogue(53);

  it.each([
    [0, 0],
    [0.2, 21],
    [0.5, 53],
    [1, 106],
  ])('a share of %d of 106 products is exactly %i of them', (share, expected) => {
    for (const [modality, field] of [['image', 'image'] as const, ['text', 'title'] as const]) {
      const { pairs: changed, counts } = withoutModality(pairs, { modality, share, seed: 7 });
      expect(lacking(changed, field).size).toBe(expected);
      expect(lacking(changed, field === 'image' ? 'title' : 'image').size).toBe(0);
      expect(counts).toEqual({ products: 106, drawn: expected, removed: expected, kept: 0, absent: 0 });
    }
  });

  it('what is drawn at a share is drawn at every larger one', () => {
    const shares = [0.1, 0.2, 0.4, 0.7, 0.9];
    const sets = shares.map((share) =>
      lacking(withoutModality(pairs, { modality: 'image', share, seed: 'a' }).pairs, 'image'),
    );
    sets.slice(1).forEach((larger, i) => {
      expect([...(sets[i] ?? [])].every((id) => larger.has(id))).toBe(true);
    });
  });

  it('the same seed draws the same products in any order of the pairs, another seed others', () => {
    const drawn = (data: readonly Pair[], seed: number) =>
      [...lacking(withoutModality(data, { modality: 'text', share: 0.3, seed }).pairs, 'title')].sort();
    expect(drawn([...pairs].reverse(), 1)).toEqual(drawn(pairs, 1));
    expect(drawn(pairs, 2)).not.toEqual(drawn(pairs, 1));
  });

  it('image and text are drawn independently', () => {
    const images = lacking(withoutModality(pairs, { modality: 'image', share: 0.5, seed: 1 }).pairs, 'image');
    const titles = lacking(withoutModality(pairs, { modality: 'text', share: 0.5, seed: 1 }).pairs, 'title');
    const both = [...images].filter((id) => titles.has(id)).length;
    // 53 of each: 26.5 in both is expected, with a standard deviation of 2.6.
    expect(Math.abs(both - 26.5)).toBeLessThan(11);
  });

  it('lines, ids and tags stay, the given pairs too', () => {
    const before = structuredClone(pairs);
    const { pairs: changed } = withoutModality(pairs, { modality: 'image', share: 0.6, seed: 7 });
    expect(pairs).toEqual(before);
    const frame = (data: readonly Pair[]) => data.map(({ line, tag, item1, item2 }) => [line, tag, item1.id, item2.id]);
    expect(frame(changed)).toEqual(frame(pairs));
  });

  it('nothing is left with neither: what has nothing else keeps it and is counted', () => {
    const mixed = catalogue(53, { titleless: 3, imageless: 3 });
    const { pairs: changed, counts } = withoutModality(mixed, { modality: 'image', share: 1, seed: 7 });
    expect(itemsOf(changed).every(({ title, image }) => title !== undefined || image !== undefined)).toBe(true);
    const has = (item: Item) => [item.title !== undefined, item.image !== undefined];
    const expected = itemsOf(mixed).map(has);
    expect(counts).toEqual({
      products: 106,
      drawn: 106,
      removed: expected.filter(([title, image]) => title && image).length,
      kept: expected.filter(([title, image]) => !title && image).length,
      absent: expected.filter(([, image]) => !image).length,
    });
    expect(counts.kept).toBeGreaterThan(10);
    const twice = withoutModality(withoutModality(pairs, { modality: 'image', share: 1, seed: 7 }).pairs, {
      modality: 'text',
      share: 1,
      seed: 7,
    });
    expect(twice.counts).toMatchObject({ removed: 0, kept: 106 });
  });

  it.each([
    ['query', 'item1', 'item2'],
    ['candidate', 'item2', 'item1'],
  ] as const)('side %s changes %s alone', (side, changedSide, otherSide) => {
    const { pairs: changed, counts } = withoutModality(pairs, { modality: 'image', share: 0.4, seed: 7, side });
    expect(counts).toMatchObject({ products: 53, drawn: 21, removed: 21 });
    expect(changed.filter((pair) => pair[changedSide].image === undefined)).toHaveLength(21);
    expect(changed.map((pair) => pair[otherSide])).toEqual(pairs.map((pair) => pair[otherSide]));
  });

  it('a product that stands in several pairs is one product, and loses it in all of them', () => {
    const [first, second] = catalogue(2) as [Pair, Pair];
    const shared = [first, { ...second, item2: first.item1 }];
    const { pairs: changed, counts } = withoutModality(shared, { modality: 'image', share: 1, seed: 7 });
    expect(counts).toMatchObject({ products: 3, removed: 3 });
    expect(lacking(changed, 'image').size).toBe(3);
    expect(itemsOf(changed).every(({ image }) => image === undefined)).toBe(true);
  });

  it('no pairs are no pairs', () => {
    const { pairs: none, counts } = withoutModality([], { modality: 'image', share: 1, seed: 7 });
    expect(none).toEqual([]);
    expect(counts).toEqual({ products: 0, drawn: 0, removed: 0, kept: 0, absent: 0 });
  });

  it.each([
    ['a share above 1', { share: 1.1 }],
    ['a share that is no number', { share: Number.NaN }],
    ['a negative share', { share: -0.1 }],
    ['another modality', { modality: 'fused' }],
    ['another side', { side: 'left' }],
  ])('refuses %s', (_, wrong) => {
    const options = { modality: 'image', share: 0.5, seed: 7, ...wrong } as Parameters<typeof withoutModality>[1];
    expect(() => withoutModality(pairs, options)).toThrow(/^withoutModality: expected (share|modality|side) to be/);
  });
});
