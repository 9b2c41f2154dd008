import type { Line } from '../line.js';
import { imagePath } from './fields.js';
import { readLines } from './read-lines.js';
import { shardFiles } from './shards/shard-files.js';
import { shardSamples } from './shards/shard-samples.js';

/** Where the pictures of a line are. */
export interface Pictures {
  /** The path, or address, of a picture that the line names; undefined where it cannot be. */
  resolve(path: string): string | undefined;
  /** What is wrong with a name that cannot be: `leaves the images folder`. */
  readonly outside: string;
  /** The pictures of item 1 or 2 of a pair, or of an item (''), where its line names none. */
  beside(side: ItemSide): readonly string[];
}

/** Which item of a line: the first or second of a pair, or the only one. */
export type ItemSide = '' | '1' | '2';

/** A line of a data file, or a sample of a shard. */
export type DataLine = Line & {
  /** The file that it is in. */
  readonly file: string;
  /** What its problems begin with. */
  readonly prefix: string;
  readonly pictures: Pictures;
};

/**
 * The lines of a JSONL file, or the samples of shards (`shardFiles`), in batches.
 *
 * @param imagesDirectory absolute path of the folder that the image paths of a JSONL file are relative to
 * @throws UniecsError as `readLines` and `shardSamples`
 */
export async function* dataLines(file: string, imagesDirectory: string, where: string): AsyncGenerator<DataLine[]> {
  const shards = await shardFiles(file);
  if (shards) {
    yield* shardSamples(shards);
    return;
  }
  const pictures: Pictures = {
    resolve: (path) => imagePath(path, imagesDirectory),
    outside: 'leaves the images folder',
    beside: () => [],
  };
  for await (const lines of readLines(file, where)) {
    yield lines.map((line) => ({ ...line, file, prefix: '', pictures }));
  }
}

/** The first good lines of a data file, or samples of shards; none where it cannot be read. */
export async function firstLines(file: string): Promise<string[]> {
  try {
    for await (const lines of dataLines(file, '', 'firstLines')) {
      return lines.flatMap((line) => ('text' in line ? [line.text] : []));
    }
  } catch {
    // Whoever reads it says why.
  }
  return [];
}
