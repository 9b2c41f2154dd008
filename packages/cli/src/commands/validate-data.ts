import { type ModalityCounts, readItems, readPairs } from '@uniecs/mbeer/node';
import { UniecsError } from '@uniecs/tensor';
import { kindOf } from '../data/kind-of.js';
import { problemLine, readWith } from '../data/read-good.js';
import { exitCodes } from '../exit-code.js';
import { type Io, print } from '../terminal/io.js';
import { textTable } from '../terminal/text-table.js';

/** The flags of `uniecs data validate`. */
export interface ValidateDataFlags {
  readonly images?: string;
}

/** Lists every problem of a pair or item file, and counts what its good lines have. */
export async function runValidateData(file: string, flags: ValidateDataFlags, io: Io): Promise<number> {
  const { images } = flags;
  const found =
    (await kindOf(file)) === 'items'
      ? await readWith(readItems, file, io, { images })
      : await readWith(readPairs, file, io, { images });
  for (const problem of found.problems) print(io, problemLine(problem));
  if (found.problems.length > 0) print(io, '');
  const good = found.lines - found.skipped;
  const row = (name: string, { both, imageOnly, textOnly }: ModalityCounts) =>
    [name, both, imageOnly, textOnly].map(String);
  const rows =
    'pairs' in found
      ? [row('item 1', found.counts.item1), row('item 2', found.counts.item2)]
      : [row('items', found.counts)];
  const { lines, problems, counts } = found;
  const kind = 'pairs' in found ? 'pairs' : 'items';
  print(
    io,
    `${file}: ${lines} lines, ${good} good ${kind} of ${counts.products} products, ${problems.length} problems`,
  );
  print(io, textTable([['', 'image and title', 'image only', 'title only'], ...rows], [1, 2, 3]));
  if (lines === 0) throw empty(file);
  return problems.length > 0 ? exitCodes.badInput : exitCodes.done;
}

function empty(file: string): UniecsError {
  return new UniecsError({
    code: 'data',
    where: 'validate',
    expected: `lines in ${file}`,
    got: 'an empty file',
    hint: 'check that this is the right file',
    details: { file },
  });
}
