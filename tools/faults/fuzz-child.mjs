// Reads mutated files of one format in a process of its own: a native decoder that crashes takes this one alone. Arguments: a folder, then
// JSON of what to read. Before each file its number goes to the file `at`, synchronously, so that it is known whatever happens then.
import { openSync, writeSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import { formats } from './fuzz-formats.mjs';
import { hostileFiles } from './hostile-files.mjs';
import { mutate } from './mutations.mjs';

const [folder = '', given = '{}'] = process.argv.slice(2);
/** @type {{ format: string, seed: number, from: number, to: number, fault?: string, mostBytes: number }} */
const { format, seed, from, to, fault, mostBytes } = JSON.parse(given);
const { file, bases: makeBases, read } = /** @type {import('./fuzz-formats.mjs').Format} */ (formats[format]);
const path = join(folder, file);
await mkdir(dirname(path), { recursive: true });
const bases = await makeBases(folder);
const hostile = hostileFiles(format);
const marker = openSync(join(folder, 'at'), 'w');
/** @param {number} number */
const begin = (number) => writeSync(marker, String(number).padStart(12), 0);
/** @param {Record<string, unknown>} message */
const tell = (message) => new Promise((resolve) => process.send?.(message, resolve));
const peak = () => process.resourceUsage().maxRSS * 1024;

for (const base of bases) {
  await writeFile(path, base);
  await read(path).catch((error) => tell({ violation: `a sound file is refused: ${error}` }));
}
let level = peak();
/** @type {string | undefined} the fault that is planted in the file at work, one of 64 */
let wrong;
const counts = { read: 0, refused: 0 };

/** What comes of a file: what is thrown must be typed. */
async function outcome() {
  try {
    if (wrong !== undefined) plant(wrong);
    return (await read(path)) ? 'read' : 'refused';
  } catch (error) {
    if (UniecsError.isInstance(error)) return 'refused';
    return error instanceof Error
      ? `an error without a type: ${error.stack?.split('\n').slice(0, 3).join(' | ')}`
      : String(error);
  }
}

for (let number = from; number < to; number++) {
  const planted = number < 0 ? hostile[-1 - number] : undefined;
  begin(number);
  if (planted) {
    await planted.write(path, /** @type {Buffer} */ (bases[0]));
    // What it took to make the file does not count.
    level = Math.max(level, peak());
  } else {
    const bytes = mutate(seededRandom(seed).fork(format).fork(number), bases);
    await writeFile(path, bytes);
    wrong = fault !== undefined && bytes.reduce((sum, byte) => sum + byte, 0) % 64 === 7 ? fault : undefined;
  }
  const found = await outcome();
  if (found === 'read' || found === 'refused') counts[found]++;
  if (planted && found === 'read') await tell({ number, violation: 'it is read' });
  else if (found !== 'read' && found !== 'refused') await tell({ number, violation: found });
  const now = peak();
  if (now - level > mostBytes) await tell({ number, violation: `it takes ${Math.round((now - level) / 2 ** 20)} MB` });
  level = Math.max(level, now);
}
await tell({ counts });
process.exit(0);

/**
 * A fault that must be found.
 * @param {string} kind
 */
function plant(kind) {
  if (kind === 'crash') process.abort();
  if (kind === 'hang') for (;;);
  if (kind === 'memory') Buffer.alloc(mostBytes * 2, 1);
  if (kind === 'untyped') throw new TypeError('planted');
}
