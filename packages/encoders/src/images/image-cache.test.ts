import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from './decode-image.js';
import { imageCache } from './image-cache.js';

let folder = '';
let paths: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-cache-'));
  paths = Array.from({ length: 7 }, (_, i) => join(folder, `${i}.png`));
  for (const [i, path] of paths.entries()) {
    const background = { r: i * 30, g: 5, b: 9 };
    await sharp({ create: { width: 6, height: 6, channels: 3, background } })
      .png()
      .toFile(path);
  }
});
afterAll(() => rm(folder, { recursive: true }));

const imageBytes = 4 * 4 * 3;

describe('imageCache', () => {
  it('gives what decodeImage gives, decoding each file once however many ask', async () => {
    const cache = imageCache({ size: 4, maxBytes: 1e6 });
    const asked = await Promise.all([...paths, ...paths].map((path) => cache.get(path)));
    expect(cache.decoded).toBe(7);
    expect(cache.bytes).toBe(7 * imageBytes);
    for (const [i, path] of paths.entries()) {
      expect(asked[i]).toEqual(await decodeImage(path, 4));
      expect(asked[i + 7]).toBe(asked[i]);
    }
  });

  it('never holds more than maxBytes; the least recently used leave first', async () => {
    const cache = imageCache({ size: 4, maxBytes: 3 * imageBytes + 1, concurrency: 1 });
    await cache.prefetch(paths.slice(0, 3));
    await cache.get(paths[0] as string);
    await cache.get(paths[3] as string);
    expect(cache.bytes).toBe(3 * imageBytes);
    expect(cache.decoded).toBe(4);
    await Promise.all([0, 2, 3].map((i) => cache.get(paths[i] as string)));
    expect(cache.decoded).toBe(4);
    await cache.get(paths[1] as string);
    expect(cache.decoded).toBe(5);
    await cache.prefetch(paths);
    expect(cache.bytes).toBe(3 * imageBytes);
  });

  it('works without room for a single image', async () => {
    const cache = imageCache({ size: 4, maxBytes: 0 });
    expect(await cache.get(paths[1] as string)).toHaveLength(imageBytes);
    expect(cache.bytes).toBe(0);
  });

  it('prefetch lists the files that fail, in order, and a mended file is read again', async () => {
    const broken = [join(folder, 'broken-a.png'), join(folder, 'broken-b.png')] as const;
    const cache = imageCache({ size: 4, maxBytes: 1e6, concurrency: 2 });
    const errors = await cache.prefetch([broken[0], ...paths, broken[1], broken[0]]);
    expect(errors.map((error) => error.details.path)).toEqual([...broken]);
    expect(cache.bytes).toBe(7 * imageBytes);
    await expect(cache.get(broken[0])).rejects.toMatchObject({ code: 'data' });
    await writeFile(broken[0], await sharp(paths[2]).toBuffer());
    expect(await cache.get(broken[0])).toEqual(await cache.get(paths[2] as string));
  });

  it('refuses a negative bound or no concurrency', () => {
    expect(() => imageCache({ size: 4, maxBytes: -1 })).toThrow(/maxBytes/);
    expect(() => imageCache({ size: 4, maxBytes: 1, concurrency: 0 })).toThrow(/concurrency/);
  });
});
