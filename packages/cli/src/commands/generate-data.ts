import { generateCatalogue } from '@uniecs/mbeer/node';
import { exitCodes } from '../exit-code.js';
import { type Io, print } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';

/** The flags of `uniecs data generate`. */
export interface GenerateDataFlags {
  readonly out: string;
  readonly pairs: number;
  readonly seed: number;
}

/** Draws a catalogue: N training pairs, a sixth as many for validation, a third for test, and products in no pair. */
export async function runGenerateData(flags: GenerateDataFlags, io: Io): Promise<number> {
  const shown = progress(io, 'drawing', 'pictures');
  const part = (share: number) => Math.max(1, Math.round(flags.pairs * share));
  const { directory, files, pairs, products } = await generateCatalogue({
    directory: flags.out,
    pairs: { train: flags.pairs, val: part(1 / 6), test: part(1 / 3) },
    seed: flags.seed,
    signal: io.signal,
    onProgress: ({ done, total }) => shown.update(done, total),
  }).finally(shown.end);
  print(io, `${directory}: ${products} products, each with a title and a picture`);
  for (const split of ['train', 'val', 'test'] as const) print(io, `${files[split]}: ${pairs[split]} pairs`);
  print(io, `${files.catalog}: ${products} items`);
  return exitCodes.done;
}
