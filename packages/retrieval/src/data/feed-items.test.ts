import { normalizePixels } from '@uniecs/encoders/node';
import { describe, expect, it } from 'vitest';
import { smallBatch } from '../testing/small-training.js';
import { itemFeeder } from './feed-items.js';

const { items } = smallBatch({ pairs: 3, padding: 1, partial: true });
const rowSize = 8 * 8 * 3;

describe('itemFeeder', () => {
  it('gives all rows of a batch, pixels normalised', () => {
    const fed = itemFeeder()(items);
    expect(fed.pixels).toEqual({ dtype: 'float32', shape: [8, 8, 8, 3], data: normalizePixels(items.pixels.data) });
    const { pixels: _, ...others } = fed;
    expect(others).toEqual({ ...items, pixels: undefined });
  });

  it('gives the same rows in parts, the first row again beyond the end, through one array', () => {
    const whole = itemFeeder()(items);
    const feed = itemFeeder();
    let buffer: unknown;
    for (const start of [0, 3, 6]) {
      const part = feed(items, { start, count: 3 });
      buffer ??= part.pixels.data.buffer;
      expect(part.pixels.data.buffer).toBe(buffer);
      for (const name of ['pixels', 'ids', 'mask', 'hasImage', 'hasText'] as const) {
        const [all, cut] = [whole[name], part[name]];
        if (!all || !cut) throw new Error(`no ${name}`);
        expect(cut.shape).toEqual([3, ...all.shape.slice(1)]);
        const size = all.data.length / 8;
        const row = (data: typeof all.data, i: number) => [...data.slice(i * size, (i + 1) * size)];
        for (const i of [0, 1, 2]) expect(row(cut.data, i)).toEqual(row(all.data, start + i < 8 ? start + i : 0));
      }
    }
    expect((buffer as ArrayBuffer).byteLength).toBe(4 * 3 * rowSize);
  });

  it('writes anew what it wrote, and leaves the bytes as they are', () => {
    const feed = itemFeeder();
    const before = items.pixels.data.slice();
    const [first] = feed(items, { start: 0, count: 2 }).pixels.data;
    expect(feed(items, { start: 2, count: 2 }).pixels.data[0]).not.toBe(first);
    expect(feed(items, { start: 0, count: 2 }).pixels.data[0]).toBe(first);
    expect(items.pixels.data).toEqual(before);
  });
});
