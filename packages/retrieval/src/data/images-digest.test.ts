import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Pair, withImages } from '@uniecs/mbeer';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { imagesDigest } from './images-digest.js';
import { pairsDigest } from './pairs-digest.js';

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-digest-'));
  for (const name of ['a', 'b', 'c']) await writeFile(at(name), name);
});
afterAll(() => rm(folder, { recursive: true }));

const pairOf = (...images: string[]): Pair => ({
  ...{ line: 1, tag: 1 },
  item1: withImages({ id: 'x', title: 'x' }, images.map(at)),
  item2: { id: 'y', title: 'y' },
});

it('every picture of several takes part in the digest of pictures', async () => {
  const digest = await imagesDigest([pairOf('a', 'b')]);
  expect(digest).toMatchObject({ files: 2, bytes: 2, unreadable: 0 });
  expect((await imagesDigest([pairOf('a', 'c')])).sha256).not.toBe(digest.sha256);
  expect((await imagesDigest([pairOf('a')])).sha256).not.toBe(digest.sha256);
});

it('the digest of pairs tells one image from none and from several, and not the paths', () => {
  const digests = [pairOf(), pairOf('a'), pairOf('a', 'b'), pairOf('a', 'b', 'c')].map(
    (one) => pairsDigest([one]).sha256,
  );
  expect(new Set(digests).size).toBe(4);
  expect(pairsDigest([pairOf('b')]).sha256).toBe(digests[1]);
});
