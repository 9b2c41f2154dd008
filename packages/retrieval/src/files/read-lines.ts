import { open } from 'node:fs/promises';

/** A line of a file. */
export interface FileLine {
  readonly text: string;
  /** Bytes of the file up to and with its line feed; undefined for a last line without one. */
  readonly end: number | undefined;
}

/** Bytes read at a time. */
const chunkBytes = 2 ** 20;

/**
 * The lines of a file, read piece by piece, so that it may be of any length.
 *
 * @throws the system's error
 */
export async function* readLines(path: string): AsyncGenerator<FileLine> {
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.alloc(chunkBytes);
    let rest = Buffer.alloc(0);
    let before = 0;
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunkBytes, null);
      if (bytesRead === 0) break;
      const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      let from = 0;
      for (let feed = bytes.indexOf(10); feed >= 0; feed = bytes.indexOf(10, from)) {
        yield { text: bytes.toString('utf8', from, feed), end: before + feed + 1 };
        from = feed + 1;
      }
      before += from;
      rest = bytes.subarray(from);
    }
    if (rest.length > 0) yield { text: rest.toString('utf8'), end: undefined };
  } finally {
    await file.close();
  }
}
