import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';

/**
 * Removes the stored images used longest ago, of all sizes and versions, until what is left takes at most `maxBytes`. A process that has
 * them open goes on reading them; one that has not, decodes anew. What cannot be listed or removed, another user's say, stays.
 *
 * @param folder the folder of all stores
 * @param isOwn whether a file of this name stays, since the caller's group has written it
 * @throws UniecsError `file` where what has to stay takes more than `maxBytes`
 */
export function makeRoom(folder: string, maxBytes: number, isOwn: (name: string) => boolean): void {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => imagesIn(join(folder, name)))
    .sort((a, b) => a.usedAt - b.usedAt);
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let others = 0;
  for (const { name, path, bytes } of files) {
    if (total <= maxBytes) return;
    if (isOwn(name)) continue;
    if (removed(path)) total -= bytes;
    else others += bytes;
  }
  if (total <= maxBytes) return;
  throw new UniecsError({
    code: 'file',
    where: 'imageStore',
    expected: `to keep at most ${maxBytes} bytes of decoded images in ${folder}`,
    got: others > 0 ? `${total}, ${others} of them in files that cannot be removed` : `${total} of this run alone`,
    hint: 'images beyond them are decoded each time: allow more, or use smaller images',
  });
}

function removed(path: string): boolean {
  try {
    rmSync(path.replace(/\.images$/, '.index'), { force: true });
    rmSync(path, { force: true });
    return true;
  } catch {
    return false;
  }
}

function imagesIn(folder: string): { name: string; path: string; bytes: number; usedAt: number }[] {
  return namesIn(folder)
    .filter((name) => name.endsWith('.images'))
    .flatMap((name) => {
      const path = join(folder, name);
      const found = statSync(path, { throwIfNoEntry: false });
      return found ? [{ name, path, bytes: found.size, usedAt: found.mtimeMs }] : [];
    });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
