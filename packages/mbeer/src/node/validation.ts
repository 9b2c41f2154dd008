import { realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { imagesOf } from '../images-of.js';
import type { Item } from '../items.js';
import { stopIfAborted } from '../stop-if-aborted.js';
import { checkImageContent, checkImageFile, unreadable } from './check-image.js';
import { type DataLine, dataLines, type Pictures } from './data-lines.js';
import type { Parsed } from './fields.js';
import type { ModalityCounts, Problem, Validated } from './problems.js';

export interface ReadOptions {
  /** Folder that image paths are relative to, and must not leave; default the file's own. */
  readonly images?: string;
  /** `images` (default) opens and decodes every picture as well; `fields` looks at the lines alone. */
  readonly check?: 'fields' | 'images';
  /**
   * Decodes the pictures, each once, and gives the error of each that cannot be: for whoever goes on with what was decoded
   * (`ImageSource.check` of `@uniecs/encoders/node`). Default they are decoded here and thrown away.
   */
  readonly decode?: (
    paths: readonly string[],
    options: Pick<ReadOptions, 'signal' | 'onProgress'>,
  ) => Promise<ReadonlyMap<string, Error>>;
  /** Pictures opened at a time; default 8. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Called as pictures are checked. */
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/** Where a line is. */
type Place = Pick<DataLine, 'line' | 'file' | 'prefix'>;

/** A line's value, before its pictures are looked at. */
interface Read<T> extends Place {
  readonly value: T;
}

/**
 * Reads a JSONL file or shards through `parse`, with every problem of every line: what `parse` says, a key that an earlier line had, and what is
 * wrong with the pictures.
 *
 * @param kind what a line holds, for the reason of a repeated key: `pair`
 * @param keyOf what must not repeat
 * @param itemsOf the items whose pictures are checked
 */
export async function readValidated<T>(
  file: string,
  options: ReadOptions,
  where: string,
  kind: string,
  parse: (text: string, line: number, pictures: Pictures) => Parsed<T>,
  keyOf: (value: T) => string,
  itemsOf: (value: T) => readonly Item[],
): Promise<Validated & { readonly values: T[] }> {
  checkOptions(options, where);
  const imagesDirectory = resolve(options.images ?? dirname(file));
  await requireDirectory(imagesDirectory, where);
  const problems: Problem[] = [];
  const read: Read<T>[] = [];
  const firstLine = new Map<string, number>();
  const bad = new Set<number>();
  let lines = 0;

  function report({ file: inFile, line, prefix }: Place, reason: string): void {
    problems.push({ file: inFile, line, reason: withoutControls(`${prefix}${reason}`) });
    bad.add(line);
  }

  for await (const batch of dataLines(file, imagesDirectory, where)) {
    stopReading(options.signal, where);
    for (const entry of batch) {
      lines++;
      const { line, file: inFile, prefix } = entry;
      const place = { line, file: inFile, prefix };
      if ('reason' in entry) {
        report(place, entry.reason);
        continue;
      }
      const parsed = parse(entry.text, line, entry.pictures);
      if ('reasons' in parsed) {
        for (const reason of parsed.reasons) report(place, reason);
        continue;
      }
      read.push({ ...place, value: parsed.value });
      const key = keyOf(parsed.value);
      const first = firstLine.get(key);
      if (first === undefined) firstLine.set(key, line);
      else report(place, `${kind} repeats line ${first}`);
    }
  }
  if ((options.check ?? 'images') === 'images') {
    const paths = [...new Set(read.flatMap(({ value }) => itemsOf(value).flatMap(imagesOf)))];
    const reasons = await checkImages(paths, await realpath(imagesDirectory), options, where);
    for (const place of read) {
      const { value } = place;
      for (const image of itemsOf(value).flatMap(imagesOf)) {
        const reason = reasons.get(image);
        if (reason !== undefined) report(place, reason);
      }
    }
    problems.sort((a, b) => a.line - b.line);
  }
  const values = read.filter(({ line }) => !bad.has(line)).map(({ value }) => value);
  return { file, problems, lines, skipped: bad.size, values };
}

// What a hostile file could send to a terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A text with control characters written out. */
export function withoutControls(text: string): string {
  return text.replace(controlCharacters, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Counts items by what they have. */
export function countModalities(items: Iterable<Item>): ModalityCounts {
  const counts = { both: 0, imageOnly: 0, textOnly: 0 };
  for (const { image, title } of items) {
    if (image !== undefined && title !== undefined) counts.both++;
    else if (image !== undefined) counts.imageOnly++;
    else counts.textOnly++;
  }
  return counts;
}

/** The reason by path for the pictures that cannot be used, each picture opened once. */
export async function checkImages(
  paths: readonly string[],
  realDirectory: string,
  { concurrency = 8, signal, onProgress, decode }: ReadOptions,
  where: string,
): Promise<Map<string, string>> {
  const reasons = new Map<string, string>();
  let done = 0;
  await eachAtOnce(paths, concurrency, async (path) => {
    stopReading(signal, where);
    const reason = (await checkImageFile(path, realDirectory)) ?? (decode ? undefined : await checkImageContent(path));
    if (reason !== undefined) reasons.set(path, reason);
    if (!decode) onProgress?.({ done: ++done, total: paths.length });
  });
  if (!decode) return reasons;
  const files = paths.filter((path) => !reasons.has(path));
  const errors = await decode(files, { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) });
  for (const [path, error] of errors) {
    const said = UniecsError.isInstance(error) ? error.details.reason : undefined;
    reasons.set(path, unreadable(path, typeof said === 'string' ? new Error(said) : error));
  }
  return reasons;
}

async function eachAtOnce<T>(values: readonly T[], atOnce: number, work: (value: T) => Promise<void>): Promise<void> {
  let next = 0;
  async function worker(): Promise<void> {
    while (next < values.length) await work(values[next++] as T);
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, values.length) }, worker));
}

export function checkOptions({ check = 'images', concurrency = 8 }: ReadOptions, where: string): void {
  const error = (expected: string, got: unknown) =>
    new UniecsError({ code: 'argument', where, expected, got: String(got), hint: 'or leave it out for the default' });
  if (check !== 'fields' && check !== 'images') throw error("check to be 'fields' or 'images'", check);
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw error('concurrency to be a whole number from 1', concurrency);
  }
}

export async function requireDirectory(directory: string, where: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found?.isDirectory()) return;
  throw new UniecsError({
    code: 'file',
    where,
    expected: `an images folder ${directory}`,
    got: found ? 'a file of that name' : 'nothing of that name',
    hint: 'image paths are relative to the file unless another folder is given',
    details: { directory },
  });
}

export function stopReading(signal: AbortSignal | undefined, where: string): void {
  stopIfAborted(signal, { where, expected: 'to read to the end' });
}
