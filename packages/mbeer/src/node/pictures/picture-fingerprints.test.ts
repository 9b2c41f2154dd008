import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@uniecs/tensor';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nearPictures } from '../../data-card/data-card.js';
import { contentSimilarity } from '../content-similarity.js';
import { pictureFingerprints } from './picture-fingerprints.js';

let folder = '';
const at = (name: string) => join(folder, name);

/** A picture of large random squares, shifted in colour. */
function squares(seed: number, shift = 0) {
  const random = seededRandom(seed);
  const pixels = Uint8Array.from({ length: 6 * 6 * 3 }, () => random.integer(180) + shift);
  return sharp(pixels, { raw: { width: 6, height: 6, channels: 3 } }).resize(120, 120, { kernel: 'cubic' });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mbeer-pictures-'));
  await squares(1).png().toFile(at('a.png'));
  await squares(1).png().toFile(at('copy.png'));
  await sharp(at('a.png')).resize(90, 90).jpeg({ quality: 90, chromaSubsampling: '4:4:4' }).toFile(at('small.jpg'));
  await squares(1, 60).png().toFile(at('brighter.png'));
  await squares(2).png().toFile(at('other.png'));
  await writeFile(at('broken.png'), 'no picture');
});
afterAll(() => rm(folder, { recursive: true }));

const names = ['a.png', 'copy.png', 'small.jpg', 'brighter.png', 'other.png', 'broken.png', 'missing.png'];

it('knows a copy by its bytes and a smaller, compressed picture as almost the same; another colour or picture is not', async () => {
  const found = await pictureFingerprints(names.map(at));
  const prints = names.map((name) => found.get(at(name)));
  expect(prints.map((print) => print !== undefined)).toEqual([true, true, true, true, true, false, false]);
  expect(prints[1]?.sha256).toBe(prints[0]?.sha256);
  expect(new Set(prints.map((print) => print?.sha256)).size).toBe(5);
  expect(nearPictures(prints).map((pair) => pair.map((place) => names[place]))).toEqual(
    expect.arrayContaining([['a.png', 'copy.png']]),
  );
  const near = new Set(
    nearPictures(prints)
      .flat()
      .map((place) => names[place]),
  );
  expect([...near].sort()).toEqual(['a.png', 'copy.png', 'small.jpg']);
});

it('compares by thumbnails and words, and not what has none', async () => {
  const items = names.map((name, i) => ({
    id: name,
    image: at(name),
    ...(i === 1 ? {} : { title: i === 4 ? 'blue hat' : 'red shoe' }),
  }));
  const { visual, textual } = await contentSimilarity(items, items.keys());
  expect(visual(0, 2)).toBeGreaterThan(0.95);
  expect(visual(0, 4)).toBeLessThan(0.75);
  expect([visual(0, 5), visual(6, 0), textual(0, 1)]).toEqual([undefined, undefined, undefined]);
  expect(textual(0, 2)).toBeCloseTo(1, 12);
  expect(textual(0, 4)).toBe(0);
});
