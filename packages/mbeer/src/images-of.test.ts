import { expect, it } from 'vitest';
import { imagesOf, withImages } from './images-of.js';
import type { Item, Pair } from './items.js';
import { withoutModality } from './missing-modality.js';
import { withNoisyModality } from './noisy-modality.js';

const item = (id: string, ...images: string[]) => withImages({ id, title: id }, images);

it('an item has as many pictures as it is given', () => {
  for (const images of [[], ['a'], ['a', 'b', 'c']]) {
    expect(imagesOf(item('x', ...images))).toEqual(images);
    // What was there before goes.
    expect(imagesOf(withImages(item('x', 'p', 'q'), images))).toEqual(images);
  }
  expect(Object.keys(item('x'))).toEqual(['id', 'title']);
  expect(Object.keys(item('x', 'a'))).toEqual(['id', 'title', 'image']);
});

const pairs: Pair[] = Array.from({ length: 7 }, (_, i) => ({
  ...{ line: i + 1, tag: 1 },
  item1: item(`a${i}`, `a${i}.jpg`, `a${i}-side.jpg`),
  item2: item(`b${i}`, `b${i}.jpg`),
}));
const itemsOf = (all: readonly Pair[]): Item[] => all.flatMap(({ item1, item2 }) => [item1, item2]);

it('an item whose image is taken away has none of several', () => {
  const { pairs: without } = withoutModality(pairs, { modality: 'image', share: 1, seed: 3 });
  expect(itemsOf(without).flatMap(imagesOf)).toEqual([]);
});

it("an item with another item's image has all images of that one and none of its own", () => {
  const { pairs: noisy, counts } = withNoisyModality(pairs, { modality: 'image', share: 1, seed: 3 });
  const before = new Map(itemsOf(pairs).map((one) => [imagesOf(one).join(), one.id]));
  for (const one of itemsOf(noisy)) {
    const owner = before.get(imagesOf(one).join());
    expect(owner).toBeDefined();
    expect(owner).not.toBe(one.id);
  }
  expect(counts).toMatchObject({ exchanged: 14, identical: 0 });
});
