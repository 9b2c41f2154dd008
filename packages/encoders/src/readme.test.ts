import '@tensorflow/tfjs-backend-cpu';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type PictureFiles, pictureFiles } from './testing/picture-files.js';

// Threads and a bundle, which wait for a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const here = import.meta.dirname;
let examples: string[];
let folder: string;
let pictures: PictureFiles;

beforeAll(async () => {
  const readme = await readFile(join(here, '../README.md'), 'utf8');
  examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code as string);
  const cache = join(here, '../../../node_modules/.cache');
  await mkdir(cache, { recursive: true });
  folder = await mkdtemp(join(cache, 'uniecs-encoders-'));
  pictures = await pictureFiles(2);
  for (const [i, name] of ['shoe.jpg', 'cap.png'].entries()) {
    await copyFile(pictures.paths[i] as string, join(folder, name));
  }
});
afterAll(async () => {
  await pictures.remove();
  await rm(folder, { recursive: true });
});

/** What an example of the README exports, with its files in the test's folder. */
async function ran(example: string | undefined, before = ''): Promise<Record<string, unknown>> {
  expect(example).toBeDefined();
  const inFolder = (example as string).replaceAll(
    /'(shoe\.jpg|cap\.png|decoded|clip-vit-base-patch16|bert-base-uncased)'/g,
    (_, name) => `'${join(folder, name)}'`,
  );
  const stdin = { contents: `${before}\n${inFolder}`, loader: 'ts', resolveDir: here } as const;
  const outfile = join(folder, `${examples.indexOf(example as string)}.mjs`);
  await build({ stdin, bundle: true, packages: 'external', platform: 'node', format: 'esm', outfile });
  return import(/* @vite-ignore */ pathToFileURL(outfile).href);
}

it('the first example of the README runs: a title and a picture become tokens of the shapes that it says', async () => {
  const titles = "const trainTitles = ['red running shoes', 'red cap', 'running cap', 'red shoes'];";
  const { words, patches } = (await ran(examples[0], titles)) as Record<string, { tokens: { shape: number[] } }>;
  expect(words?.tokens.shape).toEqual([1, 16, 128]);
  expect(patches?.tokens.shape).toEqual([1, 65, 128]);
});

it('the second one runs: a batch by threads, and no picture decoded twice', async () => {
  const { pixels, decodedFirst, decodedLater, unreadable } = await ran(examples[1]);
  expect(pixels).toHaveLength(3 * 64 * 64 * 3);
  const rows = [0, 1, 2].map((row) => (pixels as Uint8Array).subarray(row * 64 * 64 * 3, (row + 1) * 64 * 64 * 3));
  expect(rows[2]?.every((byte) => byte === 0)).toBe(true);
  expect(rows[0]?.some((byte) => byte > 0)).toBe(true);
  expect([decodedFirst, decodedLater, unreadable]).toEqual([2, 0, ['nowhere.png']]);
});

it('the third one runs: encoders of two checkpoints', async () => {
  const checkpoints = join(here, '../../../tools/parity/fixtures/pretrained');
  await cp(join(checkpoints, 'clip-model'), join(folder, 'clip-vit-base-patch16'), { recursive: true });
  await cp(join(checkpoints, 'bert-cased'), join(folder, 'bert-base-uncased'), { recursive: true });
  const { clip, titlesOf } = (await ran(examples[2])) as Record<string, { encoder: { config: object } }>;
  expect(clip?.encoder.config).toMatchObject({ imageSize: 288, width: 10 });
  expect(titlesOf?.encoder.config).toMatchObject({ maxLength: 16, width: 10 });
});

it('the fourth one is for browsers, and says so in Node', async () => {
  const { inputsOf } = (await ran(examples[3])) as Record<string, (...inputs: unknown[]) => Promise<unknown>>;
  await expect(inputsOf?.(new Blob([]), 'red shoes', {})).rejects.toMatchObject({ code: 'unavailable' });
});
