import {
  augmentationRandom,
  augmentImage,
  decodeImage,
  imageSource,
  loadTokenizer,
  trainTokenizer,
} from '@uniecs/encoders/node';
import type { Item } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SmallCatalogue, smallCatalogue } from '../testing/small-catalogue.js';
import { anyPartial, type ItemLoader, itemBatch } from './item-batch.js';

let catalogue: SmallCatalogue;
let loader: ItemLoader;
let items: Item[];
beforeAll(async () => {
  catalogue = await smallCatalogue();
  items = catalogue.train.slice(0, 3).map(({ item1 }) => item1);
  const tokenizer = loadTokenizer(trainTokenizer(catalogue.train.map(({ item1 }) => item1.title as string)));
  loader = { tokenizer, images: imageSource({ size: 8 }), maxLength: 7 };
});
afterAll(() => catalogue.remove());

const without = ({ id, title, image }: Item, field: 'title' | 'image'): Item => ({
  id,
  ...(field !== 'title' && title !== undefined ? { title } : {}),
  ...(field !== 'image' && image !== undefined ? { image } : {}),
});

describe('itemBatch', () => {
  it('holds pixels and token ids, row by row', async () => {
    const batch = await itemBatch(items, loader, { partial: false });
    expect(batch.pixels.shape).toEqual([3, 8, 8, 3]);
    expect(batch.ids.shape).toEqual([3, 7]);
    expect(Object.keys(batch)).toEqual(['pixels', 'ids', 'mask']);
    for (const [row, { image, title }] of items.entries()) {
      const raw = await decodeImage(image as string, 8);
      expect(batch.pixels.data.slice(row * 192, (row + 1) * 192)).toEqual(raw);
      const alone = loader.tokenizer.encodeBatch([title], 7);
      expect(batch.ids.data.slice(row * 7, (row + 1) * 7)).toEqual(alone.ids);
      expect(batch.mask.data.slice(row * 7, (row + 1) * 7)).toEqual(alone.mask);
    }
  });

  it('augments each row by a stream of its item, into the memory that is given', async () => {
    const into = loader.images.pixels(5).fill(77);
    const augment = { seed: 4, step: 9, options: { flip: 1 } };
    const batch = await itemBatch(items, loader, { partial: false, augment, into });
    for (const [row, { id, image }] of items.entries()) {
      const raw = await decodeImage(image as string, 8);
      const expected = augmentImage(raw, 8, augmentationRandom(4, id, 9), { flip: 1 });
      expect(batch.pixels.data.slice(row * 192, (row + 1) * 192)).toEqual(expected);
    }
    expect(batch.pixels.data.buffer).toBe(into.buffer);
    expect(into.slice(3 * 192).every((value) => value === 77)).toBe(true);
  });

  it('says which rows have what where items may lack a modality; padding lacks nothing and has one token', async () => {
    const [a, b, c] = items as [Item, Item, Item];
    const batch = await itemBatch([without(a, 'image'), without(b, 'title'), c, undefined], loader, { partial: true });
    expect([...(batch.hasImage?.data ?? [])]).toEqual([0, 1, 1, 1]);
    expect([...(batch.hasText?.data ?? [])]).toEqual([1, 0, 1, 1]);
    expect(batch.pixels.data.slice(0, 192).every((value) => value === 0)).toBe(true);
    const mask = [...batch.mask.data];
    const tokens = [0, 1, 2, 3].map((row) => mask.slice(row * 7, row * 7 + 7).reduce((x, y) => x + y, 0));
    expect(tokens[1]).toBe(0);
    expect(tokens[2]).toBeGreaterThan(1);
    expect(tokens[3]).toBe(1);
  });

  it('refuses an item with neither title nor image, by its id, before it reads any file', async () => {
    const decoded = loader.images.decoded;
    const unread = { id: 'unread', image: '/nowhere/a.png' };
    const error = await itemBatch([unread, { id: 'empty one' }], loader, { partial: true }).catch((reason) => reason);
    expect(UniecsError.isInstance(error) && error).toMatchObject({ code: 'data', details: { id: 'empty one' } });
    expect(error.message).toContain("item 'empty one' with neither");
    expect(loader.images.decoded).toBe(decoded);
  });

  it('names the file of an image that cannot be read', async () => {
    const error = await itemBatch([{ id: 'x', image: '/nowhere/a.png' }], loader, { partial: true }).catch((e) => e);
    expect(UniecsError.isInstance(error) && error.code).toBe('data');
    expect(error.message).toContain('/nowhere/a.png');
  });
});

it('anyPartial finds one item that lacks a modality', () => {
  expect(anyPartial(items)).toBe(false);
  expect(anyPartial([...items, without(items[0] as Item, 'image')])).toBe(true);
  expect(anyPartial([...items, without(items[0] as Item, 'title')])).toBe(true);
});
