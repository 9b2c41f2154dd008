import { createReadStream } from 'node:fs';
import { UniecsError } from '@uniecs/tensor';
import type { Line } from '../line.js';

/** Longest line in bytes; a longer one is a problem of that line, and never in memory. */
export const longestLine = 1 << 20;

/**
 * Reads a UTF-8 file line by line, in batches, in memory bounded by the longest line. Lines end at LF or CRLF alone (a Unicode line
 * separator inside a title ends none); a byte-order mark is dropped.
 *
 * @throws UniecsError `file` where the file cannot be read
 */
export async function* readLines(file: string, where: string): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let parts: Buffer[] = [];
  let length = 0;
  let line = 0;

  function finish(): Line | undefined {
    line++;
    const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    const tooLong = length > longestLine;
    parts = [];
    length = 0;
    if (tooLong) return { line, reason: `line is longer than ${longestLine} bytes` };
    try {
      let text = decoder.decode(bytes);
      if (line === 1 && text.startsWith('\uFEFF')) text = text.slice(1);
      return text.trim() === '' ? undefined : { line, text };
    } catch {
      return { line, reason: 'line is not valid UTF-8' };
    }
  }

  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      const batch: Line[] = [];
      let start = 0;
      while (start < chunk.length) {
        const end = chunk.indexOf(10, start);
        const piece = chunk.subarray(start, end === -1 ? chunk.length : end);
        length += piece.length;
        if (length > longestLine) parts = [];
        else parts.push(piece);
        if (end === -1) break;
        const read = finish();
        if (read) batch.push(read);
        start = end + 1;
      }
      if (batch.length > 0) yield batch;
    }
  } catch (cause) {
    throw new UniecsError({
      code: 'file',
      where,
      expected: `a readable file ${file}`,
      got: cause instanceof Error ? cause.message : String(cause),
      hint: 'check the path',
      details: { file },
      cause,
    });
  }
  if (length > 0) {
    const read = finish();
    if (read) yield [read];
  }
}
