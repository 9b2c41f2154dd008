import { appendFile, mkdir, readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { listCheckpoints } from './checkpoints.js';

/** The files of a run beside those of its model. */
export const runFiles = {
  checkpoints: 'checkpoints',
  metrics: 'metrics.jsonl',
  manifest: 'manifest.json',
} as const;

/**
 * Takes a folder for a run: a new or empty one, or with `resume` one that holds a checkpoint. A run never writes over another one.
 *
 * @throws UniecsError `file` otherwise, with nothing changed
 */
export async function claimRunFolder(out: string, resume: boolean): Promise<void> {
  const present = await namesIn(out);
  const checkpoints = await listCheckpoints(join(out, runFiles.checkpoints));
  if (resume && checkpoints.length > 0) return;
  const shown = present.length === 0 ? 'none' : `only ${present.slice(0, 4).join(', ')}`;
  if (resume) {
    const hint =
      present.length === 0
        ? 'leave --resume out to start a run there, or name the folder of an interrupted one'
        : 'what is there stopped before its first checkpoint or is no run: start anew in another folder';
    throw refused(out, `a checkpoint to resume from in ${out}`, shown, hint);
  }
  if (present.length > 0) {
    const hint =
      checkpoints.length > 0 ? 'pass --resume to go on with that run, or choose another --out' : 'choose another --out';
    throw refused(out, `${out} to be new or empty`, `a folder that holds ${present.slice(0, 3).join(', ')}`, hint);
  }
  await mkdir(out, { recursive: true }).catch((cause) => {
    throw refused(out, `to make the folder ${out}`, cause.message, 'check the path and its permissions', cause);
  });
}

async function namesIn(out: string): Promise<string[]> {
  return readdir(out).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw refused(out, `${out} to be a folder`, cause.message, 'choose another --out', cause);
  });
}

/** The lines of `metrics.jsonl`. */
export interface MetricsLog {
  /** Drops the lines after a step, which a resumed run will write again, and a line that was cut off. */
  cutAfter(step: number): Promise<void>;
  /** @throws UniecsError `file` when it cannot be written */
  append(line: object): Promise<void>;
}

/** The log in a file; made with its first line. */
export function metricsLog(path: string): MetricsLog {
  return {
    cutAfter: async (step) => {
      const text = await readFile(path, 'utf8').catch(() => '');
      // What follows the last line feed was cut off.
      const lines = text.split('\n').slice(0, -1);
      const from = lines.findIndex((line) => !((stepOf(line) ?? Number.POSITIVE_INFINITY) <= step));
      const kept = from < 0 ? lines : lines.slice(0, from);
      if (text !== '') await truncate(path, Buffer.byteLength(kept.map((line) => `${line}\n`).join('')));
    },
    append: (line) =>
      appendFile(path, `${JSON.stringify(line)}\n`).catch((cause) => {
        const hint = 'make room, then resume from the last checkpoint, which is intact';
        throw refused(path, `to add a line to ${path}`, cause.message, hint, cause);
      }),
  };
}

function stepOf(line: string): number | undefined {
  try {
    return (JSON.parse(line) as { step?: number }).step;
  } catch {
    return undefined;
  }
}

function refused(path: string, expected: string, got: string, hint: string, cause?: unknown): UniecsError {
  return new UniecsError({ code: 'file', where: 'train', expected, got, hint, details: { path }, cause });
}
