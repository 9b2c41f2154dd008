import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UniecsError } from '../errors.js';

/**
 * Writes a file so that a reader sees the old content or the new, never a part: temporary file beside it, fsync, rename,
 * fsync of the folder. The new file has the system's default permissions, whatever the old one's.
 *
 * @param chunks the content, in order
 * @throws UniecsError `file` with the system's reason; the old file is untouched and the temporary one removed. An error
 *   that `chunks` throws comes through as it is, with the same promise.
 */
export async function writeFileAtomic(path: string, chunks: string | Uint8Array | Iterable<Uint8Array>): Promise<void> {
  // The process id would not do: two containers that share a folder may have the same.
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
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
  } catch (cause) {
    await rm(temporary, { force: true });
    if (UniecsError.isInstance(cause)) throw cause;
    throw new UniecsError({
      code: 'file',
      where: 'writeFileAtomic',
      expected: `to write ${path}`,
      got: cause instanceof Error ? cause.message : String(cause),
      hint: 'check free space and permissions; the previous file, if any, is unchanged',
      details: { path },
      cause,
    });
  }
  await syncFolder(dirname(path));
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, part: Uint8Array): Promise<void> {
  let offset = 0;
  // One write call takes less than 2 GB.
  while (offset < part.length) {
    offset += (await file.write(part, offset, Math.min(part.length - offset, 2 ** 30))).bytesWritten;
  }
}

/** Makes the rename survive a power cut. The new file is in place already, so a system that cannot do this fails nothing. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // Windows cannot open a folder, and some network file systems refuse to sync one.
  }
}
