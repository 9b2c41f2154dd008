import { appendFile, open, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { UniecsError } from '@uniecs/tensor';
import { syncFolder } from '@uniecs/tensor/node';
import type { CheckpointInfo } from './checkpoint-info.js';
import { fileError } from './file-error.js';
import { readLines } from './read-lines.js';

/** The lines of `metrics.jsonl`. */
export interface MetricsLog {
  /**
   * Drops the lines that a run which goes on from a checkpoint writes again: those of later steps, what follows on the checkpoint's own
   * step where that was not validated yet, and a line that was cut off.
   */
  cutAfter(progress: Pick<CheckpointInfo, 'step' | 'validated'>): Promise<void>;
  /**
   * Adds a line. One that cannot be written is held, and goes out before the next one.
   *
   * @throws UniecsError `file` when it cannot be written; the file ends with a whole line as far as the system lets it
   */
  append(line: object): Promise<void>;
  /**
   * Adds the lines that are held, if any.
   *
   * @throws UniecsError `file` as `append`
   */
  flush(): Promise<void>;
  /**
   * Waits until the lines are on the disk, and the file's name with them.
   *
   * @throws UniecsError `file` when the system refuses
   */
  sync(): Promise<void>;
}

/**
 * The log in a file; made with its first line.
 *
 * @param append adds text to a file; default Node's own
 */
export function metricsLog(
  path: string,
  append: (path: string, text: string) => Promise<void> = appendFile,
): MetricsLog {
  let held: string[] = [];
  /** Bytes that the file had before an append that failed, which may have left some of its lines behind them. */
  let whole: number | undefined;

  async function flush(): Promise<void> {
    if (held.length === 0) return;
    try {
      if (whole !== undefined) await cutTo(path, whole);
      whole = await sizeOf(path);
      await append(path, held.join(''));
      held = [];
      whole = undefined;
    } catch (cause) {
      // For whoever reads the file meanwhile; where that is refused too, the next append does it.
      if (whole !== undefined) await cutTo(path, whole).catch(() => {});
      throw refused(path, 'to add a line to', cause);
    }
  }

  return {
    flush,
    cutAfter: async ({ step, validated }) => {
      try {
        await cutTo(path, await bytesUpTo(path, step, validated === step));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw refused(path, 'to read and cut', cause);
      }
    },
    append: (line) => {
      held.push(`${JSON.stringify(line)}\n`);
      return flush();
    },
    sync: async () => {
      try {
        const file = await open(path, 'r+');
        await file.sync().finally(() => file.close());
        await syncFolder(dirname(path));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw refused(path, 'to sync', cause);
      }
    },
  };
}

/** Bytes of the whole lines before the first that is of no step up to `step`, or of that step itself what follows on it. */
async function bytesUpTo(path: string, step: number, withItsValidation: boolean): Promise<number> {
  let kept = 0;
  for await (const { text, end } of readLines(path)) {
    const line = parsed(text);
    const at = line?.step ?? Number.POSITIVE_INFINITY;
    const isOfPast =
      at < step || (at === step && (withItsValidation || line?.type === 'step' || line?.type === 'skipped'));
    if (end === undefined || !isOfPast) break;
    kept = end;
  }
  return kept;
}

/** Takes what is behind so many bytes from a file, if it is there and longer. */
async function cutTo(path: string, bytes: number): Promise<void> {
  if ((await sizeOf(path)) > bytes) await truncate(path, bytes);
}

/** 0 where there is no such file. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw cause;
  });
  return found?.isFile() ? found.size : 0;
}

function parsed(line: string): { readonly type?: unknown; readonly step?: number } | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function refused(path: string, action: string, cause: unknown): UniecsError {
  const hint = 'make room, then resume from the last checkpoint, which is intact';
  return fileError({ where: 'train', action, path, hint, cause });
}
