import type { CatalogueItem, Pair } from '@uniecs/mbeer';
import {
  type PairColumns,
  type Problem,
  type ReadOptions,
  readItems,
  readPairs,
  requireValid,
  type Validated,
} from '@uniecs/mbeer/node';
import { UniecsError } from '@uniecs/tensor';
import { type Io, say } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';

/** How data files are read for a command. */
export interface ReadGoodOptions {
  /** Folder that image paths are relative to; default each file's own. */
  readonly images?: string | undefined;
  /** Decodes the pictures, for a command that goes on with them; default they are decoded for the check alone. */
  readonly decode?: ReadOptions['decode'];
  /** `fields` leaves the pictures alone, for a command that does not need them; default `images`. */
  readonly check?: ReadOptions['check'];
  /** Leaves bad lines out, and says how many, instead of stopping. */
  readonly skipBad?: boolean | undefined;
  /** Is told how many lines were left out; default a line on standard error. */
  readonly note?: (text: string) => void;
}

/** How pair files are read for a command. */
export interface ReadPairsOptions extends ReadGoodOptions {
  /** Other names of the fields. */
  readonly columns?: PairColumns | undefined;
}

/** How many problems are named before a command stops. */
const named = 20;

/**
 * Reads pair files, pictures included, and stops at any problem in any of them.
 *
 * @throws UniecsError `data` listing the first twenty problems as `file:line: reason` with their total; `file`, `interrupted`
 */
export async function readGoodPairs(
  files: readonly string[],
  io: Io,
  { columns, ...options }: ReadPairsOptions = {},
): Promise<Pair[][]> {
  const all = [];
  const read = (file: string, how: ReadOptions) => readPairs(file, { ...how, ...(columns ? { columns } : {}) });
  for (const file of files) all.push(await readWith(read, file, io, options));
  requireGood(all, options.skipBad ?? false, options.note ?? ((text) => say(io, text)));
  return all.map(({ pairs }) => [...pairs]);
}

/**
 * Reads an item file, pictures included, and stops at any problem in it.
 *
 * @throws UniecsError as `readGoodPairs`
 */
export async function readGoodItems(file: string, io: Io, options: ReadGoodOptions = {}): Promise<CatalogueItem[]> {
  const found = await readWith(readItems, file, io, options);
  requireGood([found], options.skipBad ?? false, options.note ?? ((text) => say(io, text)));
  return [...found.items];
}

/** Reads one file with progress and interruption. */
export async function readWith<T>(
  read: (file: string, options: ReadOptions) => Promise<T>,
  file: string,
  io: Io,
  { images, decode, check }: ReadGoodOptions,
): Promise<T> {
  const shown = progress(io, `checking the images of ${file}`, 'images');
  try {
    return await read(file, {
      ...(images === undefined ? {} : { images }),
      ...(decode === undefined ? {} : { decode }),
      ...(check === undefined ? {} : { check }),
      signal: io.signal,
      onProgress: ({ done, total }) => shown.update(done, total),
    });
  } finally {
    shown.end();
  }
}

/** A problem as a compiler would print it. */
export function problemLine({ file, line, reason }: Problem): string {
  return `${file}:${line}: ${reason}`;
}

/** Stops at any problem in any of the files, or says how many lines were left out. */
export function requireGood(files: readonly Validated[], skipBad: boolean, note: (text: string) => void): void {
  const problems = files.flatMap((file) => file.problems);
  if (problems.length > 0 && !skipBad) {
    const list = problems.slice(0, named).map(problemLine);
    if (problems.length > named) list.push(`and ${problems.length - named} more`);
    const lines = files.reduce((sum, { skipped }) => sum + skipped, 0);
    throw new UniecsError({
      code: 'data',
      where: 'readGood',
      expected: `${files.map(({ file }) => file).join(' and ')} to be without problems`,
      got: `${problems.length} in ${lines} lines`,
      hint: 'correct those lines (uniecs data validate lists all), or leave them out with --skip-bad',
      details: { list, problems },
    });
  }
  for (const { file, skipped, lines } of files) {
    if (skipped > 0) note(`${file}: skipped ${skipped} of ${lines} lines`);
  }
  for (const file of files) requireValid(file, { skipBad });
}
