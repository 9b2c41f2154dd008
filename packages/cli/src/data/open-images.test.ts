import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { defaultImageCache, openImages } from './open-images.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-images-'));
  await writeFile(join(folder, 'file'), '');
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rm(folder, { recursive: true }));

const opened = async (options: { imageCache?: string; dataWorkers?: number } = {}) => {
  const notes: string[] = [];
  const source = openImages({ size: 8, dataWorkers: 0, ...options, note: (text) => notes.push(text) });
  await source.dispose();
  return notes;
};

it('keeps decoded images where it is told, by default in the cache folder of the user, and with off nowhere', async () => {
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  expect(defaultImageCache()).toBe(join(folder, 'cache', 'uniecs', 'images'));
  expect(defaultImageCache({})).toMatch(/uniecs.images$/);
  expect(await opened({ imageCache: 'off' })).toEqual([]);
  expect(await opened({ imageCache: join(folder, 'own') })).toEqual([]);
  expect(existsSync(join(folder, 'own'))).toBe(true);
  expect(existsSync(join(folder, 'cache'))).toBe(false);
  expect(await opened()).toEqual([]);
  expect(existsSync(defaultImageCache())).toBe(true);
});

it('does without a default folder that cannot be made, and says so; one that was asked for is an error', async () => {
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'file'));
  expect(await opened()).toEqual([expect.stringMatching(/^decoded images are not kept for later runs: .*ENOTDIR/)]);
  await expect(opened({ imageCache: join(folder, 'file', 'below') })).rejects.toThrow(/a folder for decoded images/);
});
