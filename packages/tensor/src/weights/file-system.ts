import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** An open file or folder; its methods are those of Node's `FileHandle`. */
export interface OpenFile {
  stat(): Promise<{ readonly size: number }>;
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  /** Writes at the end of what is written; maybe less than was asked for. */
  write(bytes: Uint8Array, offset: number, length: number): Promise<{ readonly bytesWritten: number }>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Every operation that saving and loading ask of a file system: the seam at which a test lets one fail, or the power go. */
export interface FileSystem {
  /** @param flags `r` to read a file or sync a folder, `wx` to write a file that does not exist */
  open(path: string, flags: 'r' | 'wx'): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  /** Makes a folder and those above it that are missing; the first one made, undefined where it is there already. */
  mkdir(path: string, options: { readonly recursive: true }): Promise<string | undefined>;
  /** Removes a file, or a folder and all in it; nothing where there is none. */
  rm(path: string, options: { readonly recursive: true; readonly force: true }): Promise<void>;
  readdir(path: string): Promise<string[]>;
}

/** Node's own file system. */
export const nodeFileSystem: FileSystem = { open, rename, mkdir, rm, readdir };

/**
 * Writes a file that does not exist yet, and waits until its content is on the disk. Its name is only there for good when its
 * folder is synced too.
 *
 * @param chunks the content, in order
 * @throws the system's error, or that of `chunks`; what is written by then stays
 */
export async function writeSynced(
  path: string,
  chunks: Iterable<Uint8Array>,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<void> {
  const file = await fileSystem.open(path, 'wx');
  try {
    for (const chunk of chunks) await writeAll(file, chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Waits until the names in a folder are on the disk: what was made, renamed and removed. A system that cannot do that to a
 * folder (Windows, some network file systems) is let pass.
 *
 * @throws the system's error for anything else
 */
export async function syncFolder(folder: string, fileSystem: FileSystem = nodeFileSystem): Promise<void> {
  try {
    const handle = await fileSystem.open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!cannotSync.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

const cannotSync = new Set(['EINVAL', 'EISDIR', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EBADF']);

/**
 * Makes a folder and those above it that are missing, for good.
 *
 * @throws the system's error
 */
export async function makeFolder(folder: string, fileSystem: FileSystem = nodeFileSystem): Promise<void> {
  const first = await fileSystem.mkdir(folder, { recursive: true });
  let made = resolve(folder);
  await syncFolder(dirname(made), fileSystem);
  while (first !== undefined && made !== resolve(first) && made !== dirname(made)) {
    made = dirname(made);
    await syncFolder(dirname(made), fileSystem);
  }
}

async function writeAll(file: OpenFile, chunk: Uint8Array): Promise<void> {
  let offset = 0;
  // One write call takes less than 2 GB.
  while (offset < chunk.length) {
    offset += (await file.write(chunk, offset, Math.min(chunk.length - offset, 2 ** 30))).bytesWritten;
  }
}
