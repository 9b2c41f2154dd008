import { open } from 'node:fs/promises';
import { UniecsError } from '@uniecs/tensor';
import { addText, emptyHistory, type RunHistory } from './run-history.js';

/** Bytes read at a time. */
const chunkBytes = 2 ** 20;

/**
 * Reads a `metrics.jsonl` piece by piece; an empty history where the file is missing. A damaged line is left out and counted.
 *
 * @throws UniecsError `file` when it cannot be read
 */
export async function readHistory(path: string): Promise<RunHistory> {
  const history = emptyHistory();
  try {
    for await (const line of linesOf(path)) addText(history, line);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return history;
    throw new UniecsError({
      code: 'file',
      where: 'readHistory',
      expected: `to read ${path}`,
      got: cause instanceof Error ? cause.message : String(cause),
      hint: 'check its permissions',
      details: { path },
      cause,
    });
  }
  return history;
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.alloc(chunkBytes);
    const decoder = new TextDecoder();
    let rest = '';
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunkBytes, null);
      if (bytesRead === 0) break;
      const lines = (rest + decoder.decode(chunk.subarray(0, bytesRead), { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    yield rest + decoder.decode();
  } finally {
    await file.close();
  }
}
