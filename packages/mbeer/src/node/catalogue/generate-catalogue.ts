import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import sharp from 'sharp';
import { toBytes } from './canvas.js';
import { drawProduct } from './draw-product.js';
import type { Product } from './product.js';
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
  readonly product: Product;
  readonly id: string;
  readonly image: string;
}

const where = 'generateCatalogue';
const splits = ['train', 'val', 'test'] as const;
/** Pictures encoded at a time. */
const concurrency = 4;

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
  checkSizes({ ...pairs, distractors, 'pairs and distractors together': total + distractors }, imageSize);
  await requireFree(directory);
  const partial = join(dirname(directory), `.${basename(directory)}-${randomUUID()}`);
  await mkdir(partial, { recursive: true });
  try {
    const random = seededRandom(seed);
    const assortment = sameStylePairs(total, distractors, random.fork('products'), imageSize);
    const products = [...assortment.pairs.flat(), ...assortment.distractors];
    const listed = list(products, random.fork('ids').permutation(products.length));
    await writePictures(partial, listed, imageSize, options);
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
    return { directory, files, pairs, products: products.length };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Numbers the products in an order that says nothing about pairs and splits. */
function list(products: readonly Product[], order: Int32Array): Listed[] {
  const digits = Math.max(5, String(products.length).length);
  return products.map((product, i) => {
    const id = String((order[i] as number) + 1).padStart(digits, '0');
    return { product, id, image: `images/${id.slice(-2)}/${id}.png` };
  });
}

function pairLines(rows: readonly Listed[]): string {
  let text = '';
  for (let i = 0; i < rows.length; i += 2) {
    const [first, second] = [rows[i] as Listed, rows[i + 1] as Listed];
    const fields = {
      item_id_1: first.id,
      item_title_1: first.product.title,
      item_image_1: first.image,
      item_id_2: second.id,
      item_title_2: second.product.title,
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
    .map(({ id, image, product: { title, style, colour } }) => {
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

async function writePictures(
  directory: string,
  listed: readonly Listed[],
  size: number,
  { signal, onProgress }: GenerateOptions,
): Promise<void> {
  for (const folder of new Set(listed.map(({ image }) => dirname(image)))) {
    await mkdir(join(directory, folder), { recursive: true });
  }
  let next = 0;
  let done = 0;
  async function worker(): Promise<void> {
    for (let item = listed[next++]; item !== undefined; item = listed[next++]) {
      if (signal?.aborted) {
        throw new UniecsError({
          code: 'interrupted',
          where,
          expected: 'to write all pictures',
          got: 'the signal to stop',
          hint: 'nothing is left behind; run it again',
          cause: signal.reason,
        });
      }
      const raw = { width: size, height: size, channels: 3 } as const;
      const picture = sharp(toBytes(drawProduct(item.product, size)), { raw });
      await writeFile(join(directory, item.image), await picture.png({ compressionLevel: 6 }).toBuffer());
      onProgress?.({ done: ++done, total: listed.length });
    }
  }
  const outcomes = await Promise.allSettled(Array.from({ length: concurrency }, worker));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

function checkSizes(counts: Readonly<Record<string, number>>, imageSize: number): void {
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
