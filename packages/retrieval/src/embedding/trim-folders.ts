import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../files/file-error.js';

/**
 * Notes that a folder of a cache is in use, and removes others, those used longest ago first, until all of them take at most so many bytes.
 * A folder that another process removes meanwhile is no fault.
 *
 * @param cache folder of the folders; made where it is missing
 * @param used name of the one in use, which stays whatever it takes
 * @throws UniecsError `file` where the cache cannot be made or read
 */
export async function trimFolders(cache: string, used: string, maxBytes: number): Promise<void> {
  let names: string[];
  try {
    await mkdir(join(cache, used), { recursive: true, mode: 0o700 });
    const now = new Date();
    await utimes(join(cache, used), now, now);
    names = await readdir(cache);
  } catch (cause) {
    throw fileError({
      where: 'trimFolders',
      action: 'to use the folder',
      path: cache,
      hint: 'name another one',
      cause,
    });
  }
  const folders = await Promise.all(names.map(async (name) => ({ name, ...(await sizeOf(join(cache, name))) })));
  let bytes = folders.reduce((sum, folder) => sum + folder.bytes, 0);
  for (const folder of folders.sort((a, b) => a.usedAt - b.usedAt)) {
    if (bytes <= maxBytes) return;
    if (folder.name === used) continue;
    await rm(join(cache, folder.name), { recursive: true, force: true });
    bytes -= folder.bytes;
  }
}

async function sizeOf(folder: string): Promise<{ readonly bytes: number; readonly usedAt: number }> {
  try {
    const usedAt = (await stat(folder)).mtimeMs;
    const files = await readdir(folder);
    const sizes = await Promise.all(files.map((file) => stat(join(folder, file)).then(({ size }) => size)));
    return { bytes: sizes.reduce((sum, size) => sum + size, 0), usedAt };
  } catch {
    return { bytes: 0, usedAt: 0 };
  }
}
