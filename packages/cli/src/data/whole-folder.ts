import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';

/**
 * Makes a folder that appears whole or not at all: `work` fills another one beside it, which takes its name at the end.
 *
 * @param out absolute path of a folder that is not there, or empty
 * @throws UniecsError `file` for one that holds something
 */
export async function wholeFolder(out: string, where: string, work: (partial: string) => Promise<void>): Promise<void> {
  await requireFree(out, where);
  const partial = join(dirname(out), `.${basename(out)}-${randomUUID()}`);
  await mkdir(partial, { recursive: true });
  try {
    await work(partial);
    await rename(partial, out);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function requireFree(directory: string, where: string): Promise<void> {
  const fault = (got: string) =>
    new UniecsError({
      ...{ code: 'file', where, expected: `no or an empty folder ${directory}`, got },
      hint: 'choose another folder',
    });
  const entries = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw fault(error.message);
  });
  if (entries.length > 0) throw fault(`${entries.length} entries in it`);
}
