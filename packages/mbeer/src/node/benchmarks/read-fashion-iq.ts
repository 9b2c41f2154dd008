import { readdir, readFile, stat } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import type { Benchmark, BenchmarkItem, BenchmarkTask } from '../../benchmark/benchmark.js';
import { describe, quote } from '../fields.js';
import type { Problem } from '../problems.js';
import { checkOptions, type ReadOptions, requireDirectory, stopReading, withoutControls } from '../validation.js';
import { type BenchmarkFolder, benchmarkFolder } from './benchmark-file.js';

/** The categories of FashionIQ, each with files of its own. */
export const fashionIqCategories = ['dress', 'shirt', 'toptee'] as const;

/** Which part of FashionIQ is read. */
export interface FashionIqOptions extends ReadOptions {
  /** Folder of the images, `ASIN.jpg` or another ending; default `images` in the folder where there is one, else the folder. */
  readonly images?: string;
  /** Default `val`: the files of `test` name no targets. */
  readonly split?: 'train' | 'val';
  /** Default all three. */
  readonly categories?: readonly (typeof fashionIqCategories)[number][];
}

const where = 'readFashionIq';
/** Largest JSON file that is read, in bytes; the largest of FashionIQ has 3 MB. */
const mostBytes = 1 << 27;
const endings = ['.jpg', '.jpeg', '.png', '.webp', '.gif', '.avif', '.tif', '.tiff'];

/**
 * Reads FashionIQ in its original layout: `captions/cap.<category>.<split>.json`, a list of `{ candidate, target, captions }`, and
 * `image_splits/split.<category>.<split>.json`, a list of image ids (ASIN).
 *
 * Task `vt->v <category>`: the reference image (`candidate`) with its captions looks for the target among all images of the category's
 * split, the reference among them. The captions are stripped of blanks, full stops, commas and question marks at their ends and joined by
 * ` and `; a blank one is left out. Items are images, by their id, and queries, by `category:reference:target`.
 *
 * Images are looked for by id with any usual ending; `pictures` of the result says which are missing.
 *
 * @throws UniecsError `file` where a file or the images folder cannot be read, `data` where one is not a list, or without targets,
 * `interrupted` when the signal fires
 */
export async function readFashionIq(folder: string, options: FashionIqOptions = {}): Promise<BenchmarkFolder> {
  checkOptions(options, where);
  const { split = 'val', categories = fashionIqCategories, signal } = options;
  const pictures = resolve(
    options.images ?? ((await isFolder(join(folder, 'images'))) ? join(folder, 'images') : folder),
  );
  await requireDirectory(pictures, where);
  const files = await imageFiles(pictures);
  const items: BenchmarkItem[] = [];
  const tasks: BenchmarkTask[] = [];
  const problems: Problem[] = [];
  const counts = { lines: 0, skipped: 0 };
  const placeOf = new Map<string, number>();
  const add = (item: BenchmarkItem) => {
    placeOf.set(item.id, items.length);
    return items.push(item) - 1;
  };
  const picture = (id: string) => join(pictures, files.get(id) ?? `${id}.jpg`);

  for (const category of categories) {
    stopReading(signal, where);
    const splitFile = join(folder, 'image_splits', `split.${category}.${split}.json`);
    const captionFile = join(folder, 'captions', `cap.${category}.${split}.json`);
    const ids = entriesOf(splitFile, await readList(splitFile), checkImageId);
    const inSplit = new Set(ids);
    const candidates = ids.map((id) => placeOf.get(id) ?? add({ id, image: picture(id) }));
    const queries: number[] = [];
    const relevant: Int32Array[] = [];
    for (const { reference, target, caption } of entriesOf(captionFile, await readList(captionFile), (entry) =>
      checkTriplet(entry, inSplit),
    )) {
      const id = freeId(`${category}:${reference}:${target}`);
      queries.push(add({ id, title: caption, image: picture(reference), imageOf: reference }));
      relevant.push(Int32Array.of(placeOf.get(target) as number));
    }
    tasks.push({
      ...{ name: `vt->v ${category}`, query: 'fused', candidate: 'image' },
      ...{ queries: Int32Array.from(queries), candidates: Int32Array.from(candidates), relevant },
    });
  }
  const benchmark: Benchmark = { name: 'fashioniq', items, tasks, ks: [1, 5, 10, 50] };
  return benchmarkFolder(folder, { benchmark, problems, ...counts, pictures }, options, where);

  /** What the good entries of a list hold; an entry that repeats is a problem. */
  function entriesOf<T>(file: string, list: readonly unknown[], check: (entry: unknown) => T | Reason): T[] {
    const good: T[] = [];
    const first = new Map<string, number>();
    list.forEach((entry, i) => {
      counts.lines++;
      const key = JSON.stringify(entry);
      const before = first.get(key);
      first.set(key, before ?? i + 1);
      const found = before === undefined ? check(entry) : { reason: `entry repeats entry ${before}` };
      if (isReason(found)) {
        problems.push({ file, line: i + 1, reason: withoutControls(found.reason) });
        counts.skipped++;
      } else {
        good.push(found);
      }
    });
    return good;
  }

  function freeId(id: string): string {
    let free = id;
    for (let n = 2; placeOf.has(free); n++) free = `${id}:${n}`;
    return free;
  }
}

/** Why an entry is bad. */
interface Reason {
  readonly reason: string;
}

interface Triplet {
  readonly reference: string;
  readonly target: string;
  readonly caption: string;
}

function isReason(value: unknown): value is Reason {
  return typeof value === 'object' && value !== null && 'reason' in value;
}

function checkImageId(entry: unknown): string | Reason {
  if (typeof entry !== 'string') return { reason: `image id must be text, is ${describe(entry)}` };
  return /^[\w-]+$/.test(entry) ? entry : { reason: `image id is no plain name: ${quote(entry)}` };
}

function checkTriplet(entry: unknown, inSplit: ReadonlySet<string>): Triplet | Reason {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return { reason: `entry must be an object, is ${describe(entry)}` };
  }
  const { candidate, target, captions } = entry as Record<string, unknown>;
  for (const [name, id] of Object.entries({ candidate, target })) {
    if (typeof id !== 'string') return { reason: `${name} must be text, is ${describe(id ?? null)}` };
    if (!inSplit.has(id)) return { reason: `${name} is not among the images of the split: ${quote(id)}` };
  }
  if (!Array.isArray(captions) || !captions.every((text) => typeof text === 'string')) {
    return { reason: `captions must be a list of texts, is ${describe(captions ?? null)}` };
  }
  const caption = (captions as string[])
    .map((text) => text.replace(/^[\s.,?]+|[\s.,?]+$/g, ''))
    .filter((text) => text !== '')
    .join(' and ');
  if (caption === '') return { reason: 'captions are blank' };
  return { reference: candidate as string, target: target as string, caption };
}

/** The list that a JSON file holds. */
async function readList(path: string): Promise<unknown[]> {
  const fault = (code: 'file' | 'data', expected: string, got: string, hint: string, cause?: unknown) =>
    new UniecsError({ code, where, expected, got, hint, details: { path }, cause });
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > mostBytes) {
      throw fault('file', `${path} of at most ${mostBytes} bytes`, `${size}`, 'check that this is a file of FashionIQ');
    }
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (UniecsError.isInstance(cause)) throw cause;
    const got = cause instanceof Error ? cause.message : String(cause);
    throw fault(
      'file',
      `a readable file ${path}`,
      got,
      'give the folder that holds captions/ and image_splits/',
      cause,
    );
  }
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw fault('data', `${path} to be JSON`, withoutControls(got), 'fetch it anew', cause);
  }
  if (!Array.isArray(list)) throw fault('data', `${path} to hold a list`, describe(list), 'fetch it anew');
  return list;
}

/** Names of the image files in a folder, by what stands before the ending. */
async function imageFiles(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of await readdir(folder)) {
    const { name: id, ext } = parse(name);
    if (endings.includes(ext.toLowerCase())) found.set(id, name);
  }
  return found;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
