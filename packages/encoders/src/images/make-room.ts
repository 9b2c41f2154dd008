import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';

/**
 * Removes the stored images used longest ago, of all sizes and versions, until what is left takes at most `maxBytes`. A process that has
 * them open goes on reading them; one that has not, decodes anew.
 *
 * @param folder the folder of all stores
 * @param own paths that stay: what the caller has written itself
 * @throws UniecsError `file` where what has to stay takes more than `maxBytes`
 */
export function makeRoom(folder: string, maxBytes: number, own: ReadonlySet<string>): void {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => imagesIn(join(folder, name)))
    .sort((a, b) => a.usedAt - b.usedAt);
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { path, bytes } of files) {
    if (total <= maxBytes) return;
    if (own.has(path)) continue;
    rmSync(path.replace(/\.images$/, '.index'), { force: true });
    rmSync(path, { force: true });
    total -= bytes;
  }
  if (total <= maxBytes) return;
  throw new UniecsError({
    code: 'file',
    where: 'imageStore',
    expected: `to keep at most ${maxBytes} bytes of decoded images in ${folder}`,
    got: `${total} of this run alone`,
    hint: 'images beyond them are decoded each time: allow more, or use smaller images',
  });
}

function imagesIn(folder: string): { path: string; bytes: number; usedAt: number }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.images'))
    .flatMap((name) => {
      const path = join(folder, name);
      const found = statSync(path, { throwIfNoEntry: false });
      return found ? [{ path, bytes: found.size, usedAt: found.mtimeMs }] : [];
    });
}
