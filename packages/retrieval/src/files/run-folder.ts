import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { makeFolder, nodeFileSystem } from '@uniecs/tensor/node';
import { removeUnfinished } from './checkpoint-names.js';
import { listCheckpoints } from './checkpoints.js';
import { fileError } from './file-error.js';

/** The files of a run beside those of its model. */
export const runFiles = {
  checkpoints: 'checkpoints',
  metrics: 'metrics.jsonl',
  manifest: 'manifest.json',
  report: 'report.html',
} as const;

/**
 * Whether a folder may be taken for a run, without taking it: a new or empty one, or with `resume` one that holds a checkpoint.
 *
 * @throws UniecsError `file` otherwise, saying what to do
 */
export async function checkRunFolder(out: string, resume: boolean): Promise<void> {
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
}

/**
 * Takes a folder for a run, as `checkRunFolder` allows, and removes what a killed process left unfinished there. A run never
 * writes over another one.
 *
 * @throws UniecsError `file` as `checkRunFolder`, with nothing changed, or when the folder cannot be made
 */
export async function claimRunFolder(out: string, resume: boolean): Promise<void> {
  await checkRunFolder(out, resume);
  try {
    await makeFolder(out);
    await removeUnfinished(out, nodeFileSystem);
  } catch (cause) {
    const hint = 'check the path and its permissions';
    throw fileError({ where: 'train', action: 'to write to the folder', path: out, hint, cause });
  }
}

async function namesIn(out: string): Promise<string[]> {
  return readdir(out).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw fileError({ where: 'train', action: 'to read the folder', path: out, hint: 'choose another --out', cause });
  });
}

function refused(path: string, expected: string, got: string, hint: string): UniecsError {
  return new UniecsError({ code: 'file', where: 'train', expected, got, hint, details: { path } });
}
