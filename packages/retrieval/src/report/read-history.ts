import { UniecsError } from '@uniecs/tensor';
import { readLines } from '../files/read-lines.js';
import { addText, emptyHistory, type RunHistory } from './run-history.js';

/**
 * Reads a `metrics.jsonl` piece by piece; an empty history where the file is missing. A damaged line is left out and counted.
 *
 * @throws UniecsError `file` when it cannot be read
 */
export async function readHistory(path: string): Promise<RunHistory> {
  const history = emptyHistory();
  try {
    for await (const { text } of readLines(path)) addText(history, text);
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
