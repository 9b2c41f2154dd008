import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '@uniecs/tensor/node';
import { folderName } from '../ablation/grid.js';
import { canonicalJson } from '../files/canonical-json.js';
import { packageVersions } from '../files/package-versions.js';
import { keptFolder } from './reproduction-folder.js';

/**
 * A result that is computed once for what it depends on, and kept in `out/kept/<name>.json`. With another key, or other versions of the
 * packages, it is computed anew and takes the place of the one before; so is one that cannot be read.
 *
 * @param key JSON values: all that the result depends on
 * @param make gives JSON values
 */
export async function keptResult<T>(out: string, name: string, key: object, make: () => Promise<T>): Promise<T> {
  const path = join(out, keptFolder, `${folderName(name)}.json`);
  const own = createHash('sha256')
    .update(canonicalJson({ key, versions: packageVersions() }))
    .digest('hex');
  const kept = await readKept(path);
  if (kept?.key === own) return kept.value as T;
  const value = await make();
  await makeFolder(join(out, keptFolder));
  await writeFileAtomic(path, `${JSON.stringify({ version: 1, key: own, value })}\n`);
  return value;
}

async function readKept(path: string): Promise<{ readonly key?: unknown; readonly value?: unknown } | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as { key?: unknown; value?: unknown };
  } catch {
    // Not there, or torn by hand: it is made again.
    return undefined;
  }
}
