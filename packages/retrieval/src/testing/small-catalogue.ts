import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pair } from '@uniecs/mbeer';
import { generateCatalogue, readPairs, requireValid } from '@uniecs/mbeer/node';

/** Generated pairs in a temporary folder, for tests of one file. */
export interface SmallCatalogue {
  /** A folder of the test's own; `remove` takes it away. */
  readonly folder: string;
  readonly train: readonly Pair[];
  readonly validation: readonly Pair[];
  remove(): Promise<void>;
}

/** Generates 22 training pairs or as many as are wanted, and 8 validation pairs, pictures of 24 x 24. */
export async function smallCatalogue({ train = 22 } = {}): Promise<SmallCatalogue> {
  const folder = await mkdtemp(join(tmpdir(), 'uniecs-retrieval-'));
  const { files } = await generateCatalogue({
    directory: join(folder, 'catalogue'),
    pairs: { train, val: 8, test: 1 },
    distractors: 0,
    seed: 3,
    imageSize: 24,
  });
  const pairs = async (file: string) => requireValid(await readPairs(file, { check: 'fields' })).pairs;
  return {
    folder,
    train: await pairs(files.train),
    validation: await pairs(files.val),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Pairs of which some items lack their image and others their title, never both. */
export function withGaps(pairs: readonly Pair[]): Pair[] {
  return pairs.map(({ item1, item2, ...rest }, i) => {
    const { image: _, ...noImage } = item1;
    const { title: __, ...noTitle } = item2;
    return { ...rest, item1: i % 4 === 1 ? noImage : item1, item2: i % 5 === 2 ? noTitle : item2 };
  });
}
