import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { UniecsError } from '../errors.js';
import { type FileSystem, nodeFileSystem, syncFolder, writeSynced } from './file-system.js';

/** Through what a file is written. */
export interface WriteOptions {
  /** Default Node's own. */
  readonly fileSystem?: FileSystem;
}

/**
 * A name for what is not whole yet, beside what it will become, and one of its own. What a killed process leaves under such a
 * name is `isTemporary`.
 */
export function temporaryName(path: string): string {
  // The process id would not do: two containers that share a folder may have the same.
  return `${path}.${randomBytes(6).toString('hex')}.tmp`;
}

/** Whether a name is one that `temporaryName` gives. */
export function isTemporary(name: string): boolean {
  return /\.[0-9a-f]{12}\.tmp$/.test(name);
}

/**
 * Writes a file so that a reader sees the old content or the new, never a part: temporary file beside it, fsync, rename,
 * fsync of the folder. The new file has the system's default permissions, whatever the old one's.
 *
 * @param chunks the content, in order
 * @throws UniecsError `file` with the system's reason; the old file is untouched and the temporary one removed, unless it is the
 *   folder's fsync that fails: then the new one is there, and a power cut may still undo it. An error that `chunks` throws comes
 *   through as it is.
 */
export async function writeFileAtomic(
  path: string,
  chunks: string | Uint8Array | Iterable<Uint8Array>,
  { fileSystem = nodeFileSystem }: WriteOptions = {},
): Promise<void> {
  const temporary = temporaryName(path);
  const bytes = typeof chunks === 'string' ? Buffer.from(chunks) : chunks;
  try {
    await writeSynced(temporary, bytes instanceof Uint8Array ? [bytes] : bytes, fileSystem);
    await fileSystem.rename(temporary, path);
  } catch (cause) {
    // Whatever hinders this as well, the first reason is the one to tell.
    await fileSystem.rm(temporary, { recursive: true, force: true }).catch(() => {});
    if (UniecsError.isInstance(cause)) throw cause;
    throw refused(path, 'check free space and permissions; the previous file, if any, is unchanged', cause);
  }
  await syncFolder(dirname(path), fileSystem).catch((cause) => {
    throw refused(path, 'check the disk; the new file is in place, but may not outlast a power cut', cause);
  });
}

function refused(path: string, hint: string, cause: unknown): UniecsError {
  return new UniecsError({
    code: 'file',
    where: 'writeFileAtomic',
    expected: `to write ${path}`,
    got: cause instanceof Error ? cause.message : String(cause),
    hint,
    details: { path },
    cause,
  });
}
