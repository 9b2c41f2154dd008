import { pairEmbeddings, type Task } from '@uniecs/mbeer';
import { type ReadPairsOptions, readGoodPairs } from '../data/read-good.js';
import { readEmbeddings } from '../embeddings/read-embeddings.js';
import { views } from '../embeddings/vectors-of.js';
import { pairColumns } from '../options/pair-columns.js';
import { type Io, say } from '../terminal/io.js';
import type { EvaluatedSides, EvaluateFlags } from './evaluate.js';

/** How a pair file is read, and how embeddings become those of its pairs. */
export type PairFlags = Pick<EvaluateFlags, 'pairs' | 'images' | 'skipBad' | 'columns' | 'fuse' | 'normalize'>;

/** Embeddings that were computed elsewhere, joined with the pairs; the pictures are not looked at. */
export async function importedSides(flags: PairFlags, path: string, io: Io): Promise<EvaluatedSides> {
  const [pairs = []] = await readGoodPairs([flags.pairs], io, { ...(await evaluatedPairs(flags)), check: 'fields' });
  const vectors = await readEmbeddings(path);
  const there = views.filter((view) => vectors[view] !== undefined);
  say(io, `embeddings: ${there.join(', ')} of ${vectors.ids.length} items, ${vectors.dimension} numbers each`);
  const { fuse, normalize } = flags;
  const sides = pairEmbeddings(pairs, vectors, {
    ...(fuse === undefined ? {} : { fuse }),
    ...(normalize === undefined ? {} : { normalize }),
  });
  const names = (tasks: readonly Task[]) => tasks.map(({ name }) => name).join(', ');
  if (sides.notCounted.length > 0) say(io, `not counted, for want of embeddings: ${names(sides.notCounted)}`);
  return { ...sides, pairs };
}

/** How the pair file of an evaluation is read. */
export async function evaluatedPairs({ images, skipBad, columns }: PairFlags): Promise<ReadPairsOptions> {
  return { images, skipBad, ...(columns === undefined ? {} : { columns: await pairColumns(columns) }) };
}
