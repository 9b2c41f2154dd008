import { thumbnailAddress } from '@uniecs/encoders/node';
import type { Pair } from '@uniecs/mbeer';
import { verificationPage } from '@uniecs/retrieval';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { readGoodPairs } from '../data/read-good.js';
import { exitCodes } from '../exit-code.js';
import { type Io, print } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';

/** The flags of `uniecs data verify`. */
export interface VerifyDataFlags {
  readonly out: string;
  readonly images?: string;
  /** How many pairs, drawn at random; default all. */
  readonly sample?: number;
  readonly seed: number;
  /** Longest side of a picture on the page, in pixels. */
  readonly side: number;
  readonly skipBad?: boolean;
}

/** Pairs that one page holds: more make it heavier than a browser likes (about 16 kB a pair). */
const most = 5000;

/** Writes the page on which somebody accepts or rejects pairs, pictures within. */
export async function runVerifyData(files: readonly string[], flags: VerifyDataFlags, io: Io): Promise<number> {
  const { images, skipBad, sample, seed } = flags;
  const all = (await readGoodPairs(files, io, { images, skipBad })).flat();
  const pairs = sample === undefined ? all : drawn(all, sample, seed);
  if (pairs.length === 0 || pairs.length > most) {
    throw new UniecsError({
      code: 'argument',
      where: 'uniecs data verify',
      expected: `1 to ${most} pairs on a page`,
      got: `${pairs.length}`,
      hint: pairs.length === 0 ? 'give a pair file with pairs' : 'draw some with --sample, or give parts of the file',
    });
  }
  const paths = new Set(pairs.flatMap(({ item1, item2 }) => [item1.image ?? [], item2.image ?? []].flat()));
  const pictures = new Map<string, string>();
  const shown = progress(io, 'taking in pictures', 'pictures');
  try {
    for (const path of paths) {
      if (io.signal.aborted) throw interrupted(pictures.size, paths.size);
      pictures.set(path, await thumbnailAddress(path, flags.side));
      shown.update(pictures.size, paths.size);
    }
  } finally {
    shown.end();
  }
  await writeFileAtomic(flags.out, verificationPage(pairs, pictures));
  print(
    io,
    `${flags.out}: ${pairs.length} pairs; open it in a browser, and give what it saves to data build --decisions`,
  );
  return exitCodes.done;
}

function interrupted(done: number, total: number): UniecsError {
  return new UniecsError({
    code: 'interrupted',
    where: 'uniecs data verify',
    expected: `to take in ${total} pictures`,
    got: `the signal to stop after ${done}`,
    hint: 'run it again',
  });
}

/** Some of the pairs, in the order of the file. */
function drawn(pairs: readonly Pair[], count: number, seed: number): readonly Pair[] {
  if (count >= pairs.length) return pairs;
  const places = seededRandom(seed).fork('verify').permutation(pairs.length).slice(0, count).sort();
  return Array.from(places, (place) => pairs[place] as Pair);
}
