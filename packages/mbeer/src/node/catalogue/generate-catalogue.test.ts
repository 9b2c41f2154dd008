import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogueItem, Pair } from '../../items.js';
import { readItems } from '../read-items.js';
import { readPairs } from '../read-pairs.js';
import { type GeneratedCatalogue, generateCatalogue } from './generate-catalogue.js';
import { colours } from './vocabulary.js';

const sizes = { pairs: { train: 61, val: 13, test: 37 }, distractors: 17, imageSize: 40 };
const splits = ['train', 'val', 'test'] as const;

let root = '';
let made: GeneratedCatalogue;
let items: Map<string, CatalogueItem>;
const pairs: Record<string, readonly Pair[]> = {};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mbeer-catalogue-'));
  made = await generateCatalogue({ directory: join(root, 'a'), seed: 7, ...sizes });
  const catalogue = await readItems(made.files.catalog);
  expect(catalogue.problems).toEqual([]);
  items = new Map(catalogue.items.map((item) => [item.id, item]));
  for (const split of splits) {
    const read = await readPairs(made.files[split]);
    expect(read.problems).toEqual([]);
    pairs[split] = read.pairs;
  }
}, 60_000);

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const allPairs = () => splits.flatMap((split) => pairs[split] ?? []);

/** SHA-256 of every file below a folder, by its path. */
async function fingerprint(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hashes = files.sort().map(async (file) => {
    const hash = createHash('sha256').update(await readFile(file));
    return [file.slice(directory.length), hash.digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(hashes));
}

/** The 12 x 12 thumbnail of a picture on disk: the picture blown up so that each cell is a whole number of pixels, then averaged. */
async function lookOf(path: string): Promise<number[]> {
  const size = sizes.imageSize;
  const pixels = await sharp(path).removeAlpha().raw().toBuffer();
  expect(pixels.length).toBe(size * size * 3);
  const cells = new Array<number>(432).fill(0);
  for (let y = 0; y < size * 12; y++) {
    for (let x = 0; x < size * 12; x++) {
      const from = (Math.floor(y / 12) * size + Math.floor(x / 12)) * 3;
      const to = (Math.floor(y / size) * 12 + Math.floor(x / size)) * 3;
      for (let c = 0; c < 3; c++) cells[to + c] = (cells[to + c] as number) + (pixels[from + c] as number) / size ** 2;
    }
  }
  const mean = cells.reduce((a, b) => a + b) / cells.length;
  return cells.map((value) => value - mean);
}

/** Dense TF-IDF rows over all titles of the catalogue. */
function titleRows(titles: readonly string[]): number[][] {
  const words = titles.map((title) =>
    title
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter(Boolean),
  );
  const vocabulary = [...new Set(words.flat())];
  const idf = vocabulary.map(
    (word) => 1 + Math.log((titles.length + 1) / (words.filter((w) => w.includes(word)).length + 1)),
  );
  return words.map((own) => vocabulary.map((word, i) => own.filter((w) => w === word).length * (idf[i] as number)));
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe('generateCatalogue', () => {
  it('makes as many pairs and products as asked, each with a title and a picture', () => {
    expect(splits.map((split) => pairs[split]?.length)).toEqual([61, 13, 37]);
    expect(items.size).toBe(2 * (61 + 13 + 37) + 17);
    expect(made.products).toBe(items.size);
    for (const { title, image, metadata } of items.values()) {
      expect(title && image).toBeTruthy();
      expect(Object.keys(metadata)).toEqual(['brand', 'kind', 'audience', 'colour', 'pattern', 'price']);
    }
  });

  it('pairs reach 0.75 in the cosine of their titles and of their pictures, computed anew from the files, within one kind', async () => {
    const ids = [...items.keys()];
    const rows = titleRows(ids.map((id) => items.get(id)?.title ?? ''));
    const titleOf = new Map(ids.map((id, i) => [id, rows[i] as number[]]));
    let recoloured = 0;
    let retitled = 0;
    for (const { item1, item2 } of allPairs()) {
      const [first, second] = [items.get(item1.id), items.get(item2.id)];
      expect([item1.title, item1.image]).toEqual([first?.title, first?.image]);
      expect([item2.title, item2.image]).toEqual([second?.title, second?.image]);
      expect(first?.metadata.kind).toBe(second?.metadata.kind);
      expect(cosine(titleOf.get(item1.id) ?? [], titleOf.get(item2.id) ?? [])).toBeGreaterThanOrEqual(0.75);
      expect(cosine(await lookOf(item1.image ?? ''), await lookOf(item2.image ?? ''))).toBeGreaterThanOrEqual(0.75);
      if (first?.metadata.colour !== second?.metadata.colour) recoloured++;
      if (item1.title !== item2.title) retitled++;
    }
    expect(recoloured).toBeGreaterThan(0.2 * allPairs().length);
    expect(retitled).toBeGreaterThan(0.6 * allPairs().length);
  }, 30_000);

  it('puts no product into two pairs and no product, title or style into two splits', () => {
    const seen = allPairs().flatMap(({ item1, item2 }) => [item1.id, item2.id]);
    expect(new Set(seen).size).toBe(seen.length);
    const splitOf = new Map<string, string>();
    for (const split of splits) {
      for (const item of (pairs[split] ?? []).flatMap(({ item1, item2 }) => [item1, item2])) {
        const title = item.title ?? '';
        expect(splitOf.get(title) ?? split).toBe(split);
        splitOf.set(title, split);
      }
    }
    const paired = new Set(seen);
    for (const { id, title } of items.values()) if (!paired.has(id)) expect(splitOf.has(title ?? '')).toBe(false);
  });

  it('has no two equal pictures, and ids that say nothing about pairs', async () => {
    const hashes = Object.entries(await fingerprint(made.directory)).filter(([path]) => path.endsWith('.png'));
    expect(new Set(hashes.map(([, hash]) => hash)).size).toBe(items.size);
    const gaps = allPairs().map(({ item1, item2 }) => Math.abs(Number(item1.id) - Number(item2.id)));
    expect(gaps.filter((gap) => gap < 3).length).toBeLessThan(0.2 * gaps.length);
  });

  it('titles say what the product is: its maker first, no colour but its own', () => {
    const colourWords = new Set(colours.flatMap(({ words }) => words.flatMap((word) => word.split(' '))));
    let named = 0;
    for (const { title = '', metadata } of items.values()) {
      expect(title.startsWith(`${metadata.brand} `)).toBe(true);
      const own = colours.find(({ words }) => words[0] === metadata.colour)?.words.flatMap((word) => word.split(' '));
      const said = title.split(' ').filter((word) => colourWords.has(word));
      for (const word of said) expect(own).toContain(word);
      if (said.length > 0) named++;
    }
    expect(named).toBeGreaterThan(0.8 * items.size);
  });

  it('is neither trivial nor hopeless by picture: thumbnails alone find some partners and miss some', async () => {
    const test = pairs.test ?? [];
    const queries = await Promise.all(test.map(({ item1 }) => lookOf(item1.image ?? '')));
    const candidates = await Promise.all(test.map(({ item2 }) => lookOf(item2.image ?? '')));
    const first = queries.filter((query, i) => {
      const scores = candidates.map((candidate) => cosine(query, candidate));
      return scores.every((score, j) => j === i || score < (scores[i] as number));
    }).length;
    expect(first / test.length).toBeGreaterThan(0.2);
    expect(first / test.length).toBeLessThan(0.95);
  }, 30_000);

  it('gives the same bytes for the same seed and others for another', async () => {
    const first = await fingerprint(made.directory);
    await generateCatalogue({ directory: join(root, 'again'), seed: 7, ...sizes });
    expect(await fingerprint(join(root, 'again'))).toEqual(first);
    await generateCatalogue({ directory: join(root, 'other'), seed: 8, ...sizes });
    const other = await fingerprint(join(root, 'other'));
    const common = Object.keys(first).filter((path) => first[path] === other[path]);
    expect(common).toEqual([]);
  }, 60_000);

  it('gives the same bytes with threads as without', async () => {
    const directory = join(root, 'threads');
    await generateCatalogue({ directory, seed: 7, ...sizes, threads: 3 });
    expect(await fingerprint(directory)).toEqual(await fingerprint(made.directory));
  }, 60_000);

  it('works down to one pair of tiny pictures and no distractor', async () => {
    const directory = join(root, 'tiny');
    const options = { pairs: { train: 1, val: 0, test: 0 }, distractors: 0, imageSize: 16 };
    const { files, products } = await generateCatalogue({ directory, seed: 'x', ...options });
    expect(products).toBe(2);
    expect((await readPairs(files.train)).problems).toEqual([]);
    expect(await readFile(files.val, 'utf8')).toBe('');
  });

  it('refuses a folder that holds something and leaves it as it was; an empty one will do', async () => {
    const directory = join(root, 'taken');
    await mkdir(directory);
    const few = { seed: 1, pairs: { train: 2, val: 1, test: 1 }, imageSize: 16 };
    await expect(generateCatalogue({ directory, ...few })).resolves.toMatchObject({ products: 8 });
    const before = await fingerprint(directory);
    await expect(generateCatalogue({ directory, ...few })).rejects.toMatchObject({ code: 'file' });
    expect(await fingerprint(directory)).toEqual(before);
    await writeFile(join(root, 'plain-file'), 'mine');
    await expect(generateCatalogue({ directory: join(root, 'plain-file'), ...few })).rejects.toMatchObject({
      code: 'file',
    });
    expect(await readFile(join(root, 'plain-file'), 'utf8')).toBe('mine');
  });

  it.each([0, 2])(
    'leaves nothing behind when the signal fires, with %i threads',
    async (threads) => {
      const before = await readdir(root);
      const controller = new AbortController();
      const onProgress = ({ done }: { done: number }) => {
        if (done >= 20) controller.abort();
      };
      const directory = join(root, 'stopped');
      const running = generateCatalogue({
        directory,
        seed: 7,
        ...sizes,
        threads,
        signal: controller.signal,
        onProgress,
      });
      await expect(running).rejects.toMatchObject({ code: 'interrupted' });
      expect(await readdir(root)).toEqual(before);
    },
    60_000,
  );

  it.each([
    ['a negative number of pairs', { pairs: { train: -1, val: 1, test: 1 } }],
    ['half a distractor', { distractors: 0.5 }],
    ['more products than there are styles', { pairs: { train: 100_000, val: 1, test: 0 } }],
    ['pictures too small for a thumbnail', { imageSize: 8 }],
    ['half a thread', { threads: 0.5 }],
    ['a size that is not a number', { imageSize: Number.NaN }],
  ])('refuses %s', async (_, wrong) => {
    const directory = join(root, 'refused');
    await expect(generateCatalogue({ directory, seed: 1, ...wrong })).rejects.toMatchObject({ code: 'argument' });
    expect(await readdir(root)).not.toContain('refused');
  });
});
