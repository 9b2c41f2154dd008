import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type Random, seededRandom, UniecsError } from '@uniecs/tensor';
import { stopIfAborted } from '../../stop-if-aborted.js';
import { type CatalogueSetup, type CatalogueWork, catalogueWork } from './catalogue-work.js';
import { catalogueWorkers } from './catalogue-workers.js';
import type { Look, Style } from './product.js';
import { sameStylePairs } from './same-style-pairs.js';
import { brands } from './vocabulary.js';

export interface GenerateOptions {
  /** Folder to make; one that holds anything is refused. */
  readonly directory: string;
  /** Pairs per split; default 600, 100 and 200. */
  readonly pairs?: { readonly train: number; readonly val: number; readonly test: number };
  /** Products in no pair; default a fifth of the pairs. */
  readonly distractors?: number;
  readonly seed: number | string;
  /** Side of the square pictures in pixels, 16 to 1024; default 80. */
  readonly imageSize?: number;
  /**
   * Threads that draw, from 0 (none beside this one) to 64; what is drawn does not depend on it. Default none for fewer than 2,000 pairs
   * and distractors, else one per core, at most 8.
   */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called after each picture. */
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

export interface GeneratedCatalogue {
  readonly directory: string;
  readonly files: { readonly train: string; readonly val: string; readonly test: string; readonly catalog: string };
  readonly pairs: { readonly train: number; readonly val: number; readonly test: number };
  /** Products in all, each with a title and a picture. */
  readonly products: number;
}

/** A product with its place in the catalogue. */
interface Listed {
  readonly look: Look;
  /** Of its style. */
  readonly group: number;
  readonly style: Style;
  readonly id: string;
  readonly image: string;
}

const where = 'generateCatalogue';
const writing = { where, expected: 'to write all pictures', hint: 'nothing is left behind; run it again' };
const splits = ['train', 'val', 'test'] as const;
/** Pairs and distractors from which threads pay. */
const worthThreads = 2000;

/**
 * Writes a catalogue of invented fashion products and its same-style pairs: `train.jsonl`, `val.jsonl`, `test.jsonl` (pair files),
 * `catalog.jsonl` (an item file of all products, with `brand`, `kind`, `audience`, `colour`, `pattern` and `price`) and `images/NN/ID.png`,
 * drawn by code. Pairs follow the paper's recipe (`sameStylePairs`); splits are by pair, and no product, style or title is in two of
 * them. Equal options give equal bytes. The folder appears whole or not at all.
 *
 * @throws UniecsError `argument` for a size out of range, `file` where the folder holds something or cannot be written, `interrupted`
 * when the signal fires
 */
export async function generateCatalogue(options: GenerateOptions): Promise<GeneratedCatalogue> {
  const { seed, imageSize = 80, pairs = { train: 600, val: 100, test: 200 } } = options;
  const directory = resolve(options.directory);
  const total = pairs.train + pairs.val + pairs.test;
  const distractors = options.distractors ?? Math.floor(total / 5);
  const { threads = total + distractors < worthThreads ? 0 : Math.min(8, availableParallelism()) } = options;
  checkSizes({ ...pairs, distractors, 'pairs and distractors together': total + distractors }, imageSize, threads);
  await requireFree(directory);
  const partial = join(dirname(directory), `.${basename(directory)}-${randomUUID()}`);
  await mkdir(partial, { recursive: true });
  const setup: CatalogueSetup = { seed, pairs: total, distractors, size: imageSize, directory: partial };
  const work = threads === 0 ? catalogueWork(setup) : catalogueWorkers(setup, threads);
  try {
    const random = seededRandom(seed);
    const listed = list(
      await sameStylePairs(work, () => stopIfAborted(options.signal, writing)),
      work.styles,
      random.fork('ids'),
    );
    await writePictures(partial, listed, work, options);
    let next = 0;
    for (const split of splits) {
      const rows = listed.slice(2 * next, 2 * (next + pairs[split]));
      next += pairs[split];
      await writeFile(join(partial, `${split}.jsonl`), pairLines(rows));
    }
    await writeFile(join(partial, 'catalog.jsonl'), catalogueLines(listed, random.fork('prices').fork));
    await rename(partial, directory);
    const file = (name: string) => join(directory, `${name}.jsonl`);
    const files = { train: file('train'), val: file('val'), test: file('test'), catalog: file('catalog') };
    return { directory, files, pairs, products: listed.length };
  } catch (error) {
    // The threads first: they write into the folder.
    await work.dispose();
    await rm(partial, { recursive: true, force: true });
    throw error;
  } finally {
    await work.dispose();
  }
}

/** Numbers the products in an order that says nothing about pairs and splits; those of a pair follow each other. */
function list(groups: readonly (readonly Look[])[], styles: readonly Style[], random: Random): Listed[] {
  const products = groups.flatMap((looks, group) =>
    looks.map((look) => ({ look, group, style: styles[group] as Style })),
  );
  const order = random.permutation(products.length);
  const digits = Math.max(5, String(products.length).length);
  return products.map((product, i) => {
    const id = String((order[i] as number) + 1).padStart(digits, '0');
    return { ...product, id, image: `images/${id.slice(-2)}/${id}.png` };
  });
}

function pairLines(rows: readonly Listed[]): string {
  let text = '';
  for (let i = 0; i < rows.length; i += 2) {
    const [first, second] = [rows[i] as Listed, rows[i + 1] as Listed];
    const fields = {
      item_id_1: first.id,
      item_title_1: first.look.title,
      item_image_1: first.image,
      item_id_2: second.id,
      item_title_2: second.look.title,
      item_image_2: second.image,
      tag: 1,
    };
    text += `${JSON.stringify(fields)}\n`;
  }
  return text;
}

function catalogueLines(listed: readonly Listed[], priceOf: (id: string) => { uniform(): number }): string {
  return [...listed]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, image, style, look: { title, colour } }) => {
      const fields = {
        id,
        title,
        image,
        brand: brands[style.brand],
        kind: style.kind.name,
        audience: style.audience,
        colour: colour.words[0],
        pattern: style.pattern.name,
        price: Math.round(5 + 95 * priceOf(id).uniform()),
      };
      return `${JSON.stringify(fields)}\n`;
    })
    .join('');
}

/** Pictures asked for at a time: between two, a signal can stop the work. */
const picturesAtATime = 2048;

async function writePictures(
  directory: string,
  listed: readonly Listed[],
  work: Pick<CatalogueWork, 'draw'>,
  { signal, onProgress }: GenerateOptions,
): Promise<void> {
  for (const folder of new Set(listed.map(({ image }) => dirname(image)))) {
    await mkdir(join(directory, folder), { recursive: true });
  }
  let done = 0;
  for (let start = 0; start < listed.length; start += picturesAtATime) {
    stopIfAborted(signal, writing);
    const requests = listed
      .slice(start, start + picturesAtATime)
      .map(({ group, look, image }) => ({ group, look, image }));
    await work.draw(requests, (pictures) => {
      stopIfAborted(signal, writing);
      done += pictures;
      onProgress?.({ done, total: listed.length });
    });
  }
}

function checkSizes(counts: Readonly<Record<string, number>>, imageSize: number, threads: number): void {
  const error = (expected: string, got: unknown) =>
    new UniecsError({ code: 'argument', where, expected, got: String(got), hint: 'or leave it out for the default' });
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isSafeInteger(count) || count < 0 || count > 100_000) {
      throw error(`${name} to be a whole number from 0 to 100,000`, count);
    }
  }
  if (!Number.isInteger(imageSize) || imageSize < 16 || imageSize > 1024) {
    throw error('imageSize to be a whole number from 16 to 1024', imageSize);
  }
  if (!Number.isInteger(threads) || threads < 0 || threads > 64) {
    throw error('threads to be a whole number from 0 to 64', threads);
  }
}

async function requireFree(directory: string): Promise<void> {
  const entries = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw taken(directory, error.message, error);
  });
  if (entries.length > 0) throw taken(directory, `${entries.length} entries in it`);
}

function taken(directory: string, got: string, cause?: unknown): UniecsError {
  const hint = 'choose another folder, or remove this one first';
  return new UniecsError({ code: 'file', where, expected: `no or an empty folder ${directory}`, got, hint, cause });
}
