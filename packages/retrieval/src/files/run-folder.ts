import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { isTemporary, makeFolder, nodeFileSystem } from '@uniecs/tensor/node';
import { removeUnfinished } from './checkpoint-names.js';
import { listCheckpoints } from './checkpoints.js';
import { fileError } from './file-error.js';
import { modelFiles } from './model-folder.js';
import { lockFile, lockRun } from './run-lock.js';

/** The files of a run beside those of its model. */
export const runFiles = {
  checkpoints: 'checkpoints',
  metrics: 'metrics.jsonl',
  manifest: 'manifest.json',
  report: 'report.html',
} as const;

/**
 * Whether a folder may be taken for a run, without taking it: a new or empty one, or one of a run that was killed before it had begun; with
 * `resume` one of a run that has begun, which then has a checkpoint.
 *
 * @throws UniecsError `file` otherwise, saying what to do
 */
export async function checkRunFolder(out: string, resume: boolean): Promise<void> {
  const present = (await namesIn(out)).filter((name) => name !== lockFile && !isTemporary(name));
  const checkpoints = await listCheckpoints(join(out, runFiles.checkpoints));
  const unbegun = hasNotBegun(present, checkpoints);
  if (resume ? checkpoints.length > 0 && !unbegun : unbegun) return;
  const shown = present.length === 0 ? 'none' : `only ${present.slice(0, 4).join(', ')}`;
  if (resume) {
    const hint =
      present.length === 0
        ? 'leave --resume out to start a run there, or name the folder of an interrupted one'
        : unbegun
          ? 'that run was killed before its first step: leave --resume out to start it anew there'
          : 'what is there is no run: start one in another folder';
    throw refused(out, `a checkpoint to resume from in ${out}`, shown, hint);
  }
  const hint =
    checkpoints.length > 0 ? 'pass --resume to go on with that run, or choose another --out' : 'choose another --out';
  throw refused(out, `${out} to be new or empty`, `a folder that holds ${present.slice(0, 3).join(', ')}`, hint);
}

/** Whether there is nothing but what a run writes before its `config.json`: the checkpoint of step 0, then the tokenizer. */
function hasNotBegun(present: readonly string[], checkpoints: readonly number[]): boolean {
  const before: readonly string[] = [runFiles.checkpoints, ...(checkpoints.length > 0 ? [modelFiles.tokenizer] : [])];
  return present.every((name) => before.includes(name)) && checkpoints.every((step) => step === 0);
}

/**
 * Takes a folder for a run and for this process alone, as `checkRunFolder` allows, and removes what a killed process left unfinished
 * there. A run never writes over another one.
 *
 * @returns gives the folder back
 * @throws UniecsError `file` as `checkRunFolder` and `lockRun`, with nothing changed, or when the folder cannot be made
 */
export async function claimRunFolder(out: string, resume: boolean): Promise<() => void> {
  await checkRunFolder(out, resume);
  await changing(out, () => makeFolder(out));
  const release = await lockRun(out);
  try {
    // Another process may have had it in between.
    await checkRunFolder(out, resume);
    await changing(out, () => removeUnfinished(out, nodeFileSystem));
    return release;
  } catch (error) {
    release();
    throw error;
  }
}

async function changing(out: string, change: () => Promise<void>): Promise<void> {
  try {
    await change();
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
