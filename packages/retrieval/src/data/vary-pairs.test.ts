import type { Item, Pair } from '@uniecs/mbeer';
import { describe, expect, it } from 'vitest';
import { dropsModalities, type PairVariation, varyPairs } from './vary-pairs.js';

const pairs = Array.from({ length: 400 }, (_, i): Pair => {
  const item = (side: number): Item => ({ id: `${side}-${i}`, title: `title ${side} ${i}`, image: `${side}-${i}.jpg` });
  return { line: i + 1, item1: item(1), item2: item(2), tag: 1 };
});

/** All pairs as they come in a step. */
const at = (step: number, variation: Partial<PairVariation>) => {
  const vary = varyPairs({ seed: 5, ...variation });
  return pairs.map((pair, index) => vary(pair, index, step));
};
const isSwapped = ({ item1 }: Pair) => item1.id.startsWith('2');
const itemsOf = (varied: readonly Pair[]) => varied.flatMap(({ item1, item2 }) => [item1, item2]);
/** The share of some things that are so, and five standard deviations of it. */
const shareOf = <T>(things: readonly T[], isSo: (thing: T) => boolean) => things.filter(isSo).length / things.length;
const spread = (p: number, n: number) => 5 * Math.sqrt((p * (1 - p)) / n);

describe('items with several images', () => {
  const images = ['a.jpg', 'b.jpg', 'c.jpg'];
  const several: Pair = {
    ...{ line: 1, tag: 1 },
    item1: { id: 'x', title: 'x', image: 'a.jpg', moreImages: images.slice(1) },
    item2: { id: 'y', title: 'y', image: 'y.jpg' },
  };
  const shownAt = (step: number, seed = 5) => varyPairs({ seed })(several, 0, step).item1;

  it('come with one of them, each as often as the others, the same in the same step of the same seed', () => {
    const shown = Array.from({ length: 900 }, (_, step) => shownAt(step));
    expect(shown).toEqual(Array.from({ length: 900 }, (_, step) => shownAt(step)));
    expect(shown).not.toEqual(Array.from({ length: 900 }, (_, step) => shownAt(step, 6)));
    for (const image of images) {
      expect(Math.abs(shareOf(shown, (item) => item.image === image) - 1 / 3)).toBeLessThan(spread(1 / 3, 900));
    }
    for (const item of shown) expect(item).toEqual({ id: 'x', title: 'x', image: item.image });
    expect(varyPairs({ seed: 5 })(several, 0, 1).item2).toEqual(several.item2);
  });

  it('lose them all where they come without an image', () => {
    const vary = varyPairs({ seed: 5, modalityDropout: { image: 1 } });
    expect(vary(several, 0, 3).item1).toEqual({ id: 'x', title: 'x' });
  });
});

describe('varyPairs', () => {
  it('leaves pairs as they are where nothing is asked for', () => {
    expect(at(3, {})).toEqual(pairs);
    expect(at(3, { swap: 0, modalityDropout: { image: 0, text: 0 } })).toEqual(pairs);
  });

  it.each([0.1, 0.5, 0.9])('swaps the items of %d of the pairs, others in each step', (swap) => {
    const steps = [0, 1, 2].map((step) => at(step, { swap }));
    for (const varied of steps) {
      expect(Math.abs(shareOf(varied, isSwapped) - swap)).toBeLessThan(spread(swap, 400));
      for (const [i, pair] of varied.entries()) {
        const { item1, item2 } = pairs[i] as Pair;
        expect(pair).toEqual({ ...pairs[i], ...(isSwapped(pair) ? { item1: item2, item2: item1 } : {}) });
      }
    }
    const [first, second] = steps as [Pair[], Pair[]];
    const both = shareOf([...first.keys()], (i) => [first, second].every((varied) => isSwapped(varied[i] as Pair)));
    expect(Math.abs(both - swap * swap)).toBeLessThan(spread(swap * swap, 400));
  });

  it('swaps all of them with probability 1', () => {
    expect(at(0, { swap: 1 }).every(isSwapped)).toBe(true);
  });

  it('leaves out the image of as many items as it says, the title of as many others, and never both', () => {
    const items = [0, 1].flatMap((step) => itemsOf(at(step, { modalityDropout: { image: 0.2, text: 0.5 } })));
    const withoutImage = shareOf(items, ({ image }) => image === undefined);
    const withoutTitle = shareOf(items, ({ title }) => title === undefined);
    expect(Math.abs(withoutImage - 0.2)).toBeLessThan(spread(0.2, items.length));
    expect(Math.abs(withoutTitle - 0.5)).toBeLessThan(spread(0.5, items.length));
    expect(items.some(({ title, image }) => title === undefined && image === undefined)).toBe(false);
    const all = itemsOf(at(0, { modalityDropout: { image: 0.3, text: 0.7 } }));
    expect(all.every(({ title, image }) => (title === undefined) !== (image === undefined))).toBe(true);
    expect(itemsOf(at(0, { modalityDropout: { text: 1 } })).every(({ title }) => title === undefined)).toBe(true);
  });

  it('leaves what an item has otherwise, and an item that has one modality', () => {
    const vary = varyPairs({ seed: 1, modalityDropout: { image: 1 } });
    const item1 = { id: 'a', title: 'A', image: 'a.jpg', price: 3 } as Item;
    const pair: Pair = { line: 1, item1, item2: { id: 'b', image: 'b.jpg' }, tag: 0 };
    expect(vary(pair, 0, 0)).toEqual({
      ...{ line: 1, tag: 0 },
      item1: { id: 'a', title: 'A', price: 3 },
      item2: { id: 'b', image: 'b.jpg' },
    });
    expect(pair.item1).toBe(item1);
    expect(item1.image).toBe('a.jpg');
  });

  it('is a function of seed, step and pair, whatever was asked for before', () => {
    const variation = { swap: 0.5, modalityDropout: { image: 0.3, text: 0.3 } };
    const expected = at(7, variation);
    const vary = varyPairs({ seed: 5, ...variation });
    for (const step of [9, 0, 7]) vary(pairs[3] as Pair, 3, step);
    const backwards = pairs.map((_, i) => pairs.length - 1 - i).map((i) => vary(pairs[i] as Pair, i, 7));
    expect(backwards.reverse()).toEqual(expected);
    expect(at(8, variation)).not.toEqual(expected);
    expect(at(7, { ...variation, seed: 6 })).not.toEqual(expected);
  });

  it('draws what is left out by item, whichever place it is in', () => {
    const modalityDropout = { image: 0.3, text: 0.3 };
    const byId = (varied: readonly Pair[]) => new Map(itemsOf(varied).map((item) => [item.id, item]));
    const asTheyAre = byId(at(4, { modalityDropout }));
    for (const [id, item] of byId(at(4, { modalityDropout, swap: 0.5 }))) expect(asTheyAre.get(id)).toEqual(item);
  });
});

it('dropsModalities says whether any item may come without one', () => {
  expect([{}, { image: 0 }, { image: 0, text: 0 }].map(dropsModalities)).toEqual([false, false, false]);
  expect([{ image: 0.1 }, { text: 0.1 }].map(dropsModalities)).toEqual([true, true]);
});
