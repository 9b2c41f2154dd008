import { writeSync } from 'node:fs';
import { statfs } from 'node:fs/promises';

/** What a store asks of the disk and a disk may refuse; another one is for tests. */
export interface Disk {
  /** Bytes that are free where a folder is. */
  free(folder: string): Promise<number>;
  /** Writes all of the content at a place of a file, or throws. */
  write(descriptor: number, content: Uint8Array, position: number): void;
}

/** The disk there is. */
export const realDisk: Disk = {
  async free(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
  write(descriptor, content, position) {
    const written = writeSync(descriptor, content, 0, content.length, position);
    if (written < content.length) throw new Error(`${written} of ${content.length} bytes written: is the disk full?`);
  },
};
