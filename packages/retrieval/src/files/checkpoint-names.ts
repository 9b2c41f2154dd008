import { join } from 'node:path';
import { type FileSystem, isTemporary } from '@uniecs/tensor/node';
import { fileError } from './file-error.js';

/** The file beside the checkpoints that names the newest one that was whole when it was saved. */
export const latestFile = 'latest';

/** A checkpoint's folder. */
export interface CheckpointName {
  readonly name: string;
  readonly step: number;
  /** From 1; a step that is saved again, after a validation say, gets a folder of its own before the first one goes. */
  readonly revision: number;
}

const pattern = /^step-(\d{8,})(?:-(\d+))?$/;

/**
 * The checkpoints of a folder by their names, the newest first; whether they are whole is not looked at.
 *
 * @throws UniecsError `file` when the folder is there and cannot be read
 */
export async function checkpointNames(folder: string, fileSystem: FileSystem): Promise<CheckpointName[]> {
  const found: CheckpointName[] = [];
  for (const name of await namesIn(folder, fileSystem)) {
    const [, step, revision = '1'] = pattern.exec(name) ?? [];
    if (step !== undefined) found.push({ name, step: Number(step), revision: Number(revision) });
  }
  return found.sort((a, b) => b.step - a.step || b.revision - a.revision);
}

/** The name of the next folder for a step. */
export function nextName(step: number, present: readonly CheckpointName[]): string {
  const revision = 1 + Math.max(0, ...present.filter((other) => other.step === step).map((other) => other.revision));
  return `step-${String(step).padStart(8, '0')}${revision === 1 ? '' : `-${revision}`}`;
}

/** Removes what a killed process left unfinished in a folder. */
export async function removeUnfinished(folder: string, fileSystem: FileSystem): Promise<void> {
  for (const name of await namesIn(folder, fileSystem)) {
    if (isTemporary(name)) await fileSystem.rm(join(folder, name), { recursive: true, force: true });
  }
}

async function namesIn(folder: string, fileSystem: FileSystem): Promise<string[]> {
  return fileSystem.readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return [];
    throw fileError({
      where: 'listCheckpoints',
      action: 'to read the folder',
      path: folder,
      hint: 'check its permissions',
      cause,
    });
  });
}
