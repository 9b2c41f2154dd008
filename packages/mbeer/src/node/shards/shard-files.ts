import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';

/** Most shards that a pattern may name. */
const mostShards = 100_000;

/**
 * The tars that a path names, in the order of their names; undefined where it names something else. A `.tar` file; a folder that has such
 * files directly in it; or a pattern with numbers in braces, `train-{000000..000011}.tar`, of which all must be there when they are read.
 *
 * @throws UniecsError `argument` for a pattern of no or too many shards
 */
export async function shardFiles(path: string): Promise<string[] | undefined> {
  const braces = /^(.*)\{(\d+)\.\.(\d+)\}(.*\.tar)$/s.exec(path);
  if (braces) {
    const [, before = '', first = '', last = '', after = ''] = braces;
    const count = Number(last) - Number(first) + 1;
    if (count < 1 || count > mostShards) {
      throw new UniecsError({
        code: 'argument',
        where: 'readShards',
        expected: `1 to ${mostShards} shards`,
        got: `${count} of ${path}`,
        hint: 'write the least number first: train-{000000..000011}.tar',
      });
    }
    return Array.from(
      { length: count },
      (_, i) => `${before}${String(Number(first) + i).padStart(first.length, '0')}${after}`,
    );
  }
  if (path.toLowerCase().endsWith('.tar')) return [path];
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return undefined;
  const names = (await readdir(path)).filter((name) => name.toLowerCase().endsWith('.tar')).sort();
  return names.length === 0 ? undefined : names.map((name) => join(path, name));
}
