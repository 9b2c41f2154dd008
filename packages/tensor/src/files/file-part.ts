import { type FileHandle, open, readFile } from 'node:fs/promises';

/** Some bytes of a file. */
export interface FilePart {
  readonly file: string;
  /** The first byte. */
  readonly offset: number;
  readonly size: number;
}

const form = /^part:(\d+)\+(\d+):(.+)$/s;

/** A part of a file as a text that goes wherever a path goes; no absolute path looks like one. */
export function partAddress({ file, offset, size }: FilePart): string {
  return `part:${offset}+${size}:${file}`;
}

/** The part that an address names; undefined for a path. */
export function filePartOf(address: string): FilePart | undefined {
  const [, offset, size, file] = form.exec(address) ?? [];
  return file === undefined ? undefined : { file, offset: Number(offset), size: Number(size) };
}

/**
 * The content of a file, or of a part of one by its address.
 *
 * Throws what the system says, and an Error for a part that the file is too short for.
 */
export async function readContent(path: string): Promise<Buffer> {
  const part = filePartOf(path);
  if (!part) return readFile(path);
  let file: FileHandle | undefined;
  try {
    file = await open(part.file, 'r');
    const content = Buffer.allocUnsafe(part.size);
    let read = 0;
    while (read < part.size) {
      const { bytesRead } = await file.read(content, read, part.size - read, part.offset + read);
      if (bytesRead === 0) throw new Error(`${read} of the ${part.size} bytes from ${part.offset} are there`);
      read += bytesRead;
    }
    return content;
  } finally {
    await file?.close();
  }
}
