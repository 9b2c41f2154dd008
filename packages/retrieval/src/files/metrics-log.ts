import { appendFile, open, readFile, truncate } from 'node:fs/promises';
import type { UniecsError } from '@uniecs/tensor';
import { fileError } from './file-error.js';

/** The lines of `metrics.jsonl`. */
export interface MetricsLog {
  /** Drops the lines after a step, which a resumed run will write again, and a line that was cut off. */
  cutAfter(step: number): Promise<void>;
  /**
   * Adds a line. One that cannot be written is held, and goes out before the next one.
   *
   * @throws UniecsError `file` when it cannot be written; the file ends with a whole line as far as the system lets it
   */
  append(line: object): Promise<void>;
  /**
   * Waits until the lines are on the disk.
   *
   * @throws UniecsError `file` when the system refuses
   */
  sync(): Promise<void>;
}

/** The log in a file; made with its first line. */
export function metricsLog(path: string): MetricsLog {
  let held: string[] = [];
  /** Bytes of whole lines, where a failure may have left a part of one behind them. */
  let whole: number | undefined;

  return {
    cutAfter: async (step) => {
      const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === 'ENOENT') return '';
        throw refused(path, 'to read', cause);
      });
      // What follows the last line feed was cut off.
      const lines = text.split('\n').slice(0, -1);
      const from = lines.findIndex((line) => !((stepOf(line) ?? Number.POSITIVE_INFINITY) <= step));
      const kept = from < 0 ? lines : lines.slice(0, from);
      if (text !== '') await truncate(path, Buffer.byteLength(kept.map((line) => `${line}\n`).join('')));
    },
    append: async (line) => {
      held.push(`${JSON.stringify(line)}\n`);
      try {
        if (whole !== undefined) await truncate(path, whole);
        whole = undefined;
        await appendFile(path, held.join(''));
        held = [];
      } catch (cause) {
        whole = await wholeLines(path);
        throw refused(path, 'to add a line to', cause);
      }
    },
    sync: async () => {
      try {
        const file = await open(path, 'r+');
        await file.sync().finally(() => file.close());
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw refused(path, 'to sync', cause);
      }
    },
  };
}

/** Bytes up to the last line feed; undefined where there is no such file. */
async function wholeLines(path: string): Promise<number | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && bytes.lastIndexOf(10) + 1;
}

function stepOf(line: string): number | undefined {
  try {
    return (JSON.parse(line) as { step?: number }).step;
  } catch {
    return undefined;
  }
}

function refused(path: string, action: string, cause: unknown): UniecsError {
  const hint = 'make room, then resume from the last checkpoint, which is intact';
  return fileError({ where: 'train', action, path, hint, cause });
}
