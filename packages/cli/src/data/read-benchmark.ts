import type { Benchmark } from '@uniecs/mbeer';
import { readFashion200k, readFashionIq, requirePictures } from '@uniecs/mbeer/node';
import { type Io, say } from '../terminal/io.js';
import { type ReadGoodOptions, readWith, requireGood } from './read-good.js';

/** Benchmarks that have a layout of their own; M-BEER is a pair file. */
export const benchmarkNames = ['fashion200k', 'fashioniq'] as const;

/** A benchmark with a layout of its own. */
export type BenchmarkName = (typeof benchmarkNames)[number];

/**
 * Reads a benchmark from its folder, pictures included unless `check` is `fields`, and stops at any problem in it.
 *
 * @throws UniecsError `data` listing the first problems, or saying how many pictures are missing and where they were looked for; `file`,
 *   `interrupted`
 */
export async function readGoodBenchmark(
  name: BenchmarkName,
  folder: string,
  io: Io,
  options: Omit<ReadGoodOptions, 'decode'> = {},
): Promise<Benchmark> {
  const { skipBad = false, note = (text: string) => say(io, text) } = options;
  const found = await readWith(name === 'fashion200k' ? readFashion200k : readFashionIq, folder, io, options);
  requireGood([found], skipBad, note);
  const { items, expected, folder: pictures } = found.pictures;
  const benchmark = requirePictures(found, { skipBad });
  if (items.size > 0)
    note(`${pictures}: pictures of ${items.size} of ${expected} items are missing or bad; they are left out`);
  return benchmark;
}
