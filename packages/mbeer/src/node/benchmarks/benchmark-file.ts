import { realpath } from 'node:fs/promises';
import { UniecsError } from '@uniecs/tensor';
import { type Benchmark, benchmarkWithout, checkBenchmark } from '../../benchmark/benchmark.js';
import type { Problem, Validated } from '../problems.js';
import { checkImages, type ReadOptions } from '../validation.js';

/** Pictures of a benchmark that cannot be used. */
export interface MissingPictures {
  /** Where they were looked for. */
  readonly folder: string;
  /** Items that show a picture. */
  readonly expected: number;
  /** Ids of the items whose picture is missing or bad, with the reason; empty where pictures were not looked at. */
  readonly items: ReadonlyMap<string, string>;
}

/** A benchmark as it was read: `file` is its folder. A line is a line of a label file, or an entry of a JSON list, from 1. */
export interface BenchmarkFolder extends Validated {
  /** Of the good lines, with the items whose pictures are missing. */
  readonly benchmark: Benchmark;
  readonly pictures: MissingPictures;
}

/** What a loader has read before pictures are looked at. */
export interface ReadBenchmark {
  readonly benchmark: Benchmark;
  readonly problems: readonly Problem[];
  readonly lines: number;
  readonly skipped: number;
  /** Folder of the pictures. */
  readonly pictures: string;
}

/** Looks at the pictures of a benchmark, unless `check` is `fields`, and puts together what was read. */
export async function benchmarkFolder(
  file: string,
  { benchmark, pictures: folder, ...read }: ReadBenchmark,
  options: ReadOptions,
  where: string,
): Promise<BenchmarkFolder> {
  checkBenchmark(benchmark);
  const shown = benchmark.items.filter(({ image }) => image !== undefined);
  const items = new Map<string, string>();
  if ((options.check ?? 'images') === 'images') {
    const paths = [...new Set(shown.map(({ image }) => image as string))];
    const reasons = await checkImages(paths, await realpath(folder), options, where);
    for (const { id, image } of shown) {
      const reason = reasons.get(image as string);
      if (reason !== undefined) items.set(id, reason);
    }
  }
  return { file, ...read, benchmark, pictures: { folder, expected: shown.length, items } };
}

/** How many missing pictures a thrown error names. */
const named = 3;

/**
 * The benchmark, whose pictures are all there. With `skipBad` it is what is left without those that are missing (`benchmarkWithout`).
 *
 * @throws UniecsError `data` saying how many pictures are missing or bad, and where they were looked for; with `skipBad` where a task has
 *   no query left
 */
export function requirePictures(
  { benchmark, pictures }: BenchmarkFolder,
  { skipBad = false }: { readonly skipBad?: boolean } = {},
): Benchmark {
  const { folder, expected, items } = pictures;
  if (items.size === 0) return benchmark;
  const left = skipBad ? benchmarkWithout(benchmark, new Set(items.keys())) : undefined;
  if (left?.tasks.every(({ queries }) => queries.length > 0)) return left;
  const first = [...items].slice(0, named).map(([id, reason]) => `'${id}': ${reason}`);
  if (items.size > named) first.push('…');
  throw new UniecsError({
    code: 'data',
    where: 'requirePictures',
    expected: `the pictures of ${expected} items of ${benchmark.name} in ${folder}`,
    got: `${items.size} that are missing or bad (${first.join('; ')})`,
    hint: left
      ? 'too few are left for all of its tasks: put the pictures there, or name their folder'
      : 'put the pictures there, name their folder, judge embeddings instead, or leave out what lacks them',
    details: { folder, expected, missing: items.size, items: [...items.keys()] },
  });
}
