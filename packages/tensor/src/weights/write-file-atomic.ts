import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UniecsError } from '../errors.js';

let written = 0;

/**
 * Writes a file so that a reader sees the old content or the new, never a part: temporary file beside it, fsync, rename,
 * fsync of the folder.
 *
 * @param chunks the content, in order
 * @throws UniecsError `file` with the system's reason; the old file is untouched and the temporary one removed
 */
export async function writeFileAtomic(path: string, chunks: string | Uint8Array | Iterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.${process.pid}.${written++}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      const parts =
        typeof chunks === 'string' ? [Buffer.from(chunks)] : chunks instanceof Uint8Array ? [chunks] : chunks;
      for (const part of parts) await writeAll(file, part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new UniecsError({
      code: 'file',
      where: 'writeFileAtomic',
      expected: `to write ${path}`,
      got: cause instanceof Error ? cause.message : String(cause),
      hint: 'check free space and permissions; the previous file is unchanged',
      details: { path },
      cause,
    });
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, part: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < part.length) offset += (await file.write(part, offset)).bytesWritten;
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder; there the rename itself is the best that can be had.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
