import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dispose, type Variable } from '@tensorflow/tfjs-core';
import { fileTensorsToStateDict, UniecsError } from '@uniecs/tensor';
import { readSafetensors, writeSafetensors } from '@uniecs/tensor/node';
import type { ReadVariable } from './model-folder.js';

/** What a checkpoint says beside the arrays. */
export interface CheckpointInfo {
  /** Steps taken. */
  readonly step: number;
  /** The best validation so far, and at which step; absent before the first. */
  readonly best?: { readonly value: number; readonly step: number };
  /** The settings that a resumed run must share. */
  readonly fingerprint: string;
}

const pattern = /^step-(\d{8})\.safetensors$/;

/** How many checkpoints are kept. */
const kept = 2;

/** Steps of the checkpoints in a folder, ascending. */
export async function listCheckpoints(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => []);
  const steps = names.map((name) => pattern.exec(name)?.[1]).filter((step) => step !== undefined);
  return steps.map(Number).sort((a, b) => a - b);
}

/**
 * Writes all variables and the counters of a run as one file, atomically, and then removes all but the last two checkpoints.
 *
 * @throws UniecsError `file` when it cannot be written; older checkpoints are untouched
 */
export async function writeCheckpoint(
  folder: string,
  variables: ReadonlyMap<string, Variable>,
  read: ReadVariable,
  info: CheckpointInfo,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const tensors = new Map(
    [...variables].map(([name, variable]) => {
      return [name, { dtype: 'F32' as const, shape: [...variable.shape], data: read(variable).data as Float32Array }];
    }),
  );
  const path = pathOf(folder, info.step);
  await writeSafetensors(path, tensors, { run: JSON.stringify(info) });
  for (const step of (await listCheckpoints(folder)).slice(0, -kept)) await rm(pathOf(folder, step), { force: true });
  return path;
}

/**
 * Loads the newest checkpoint of a folder into the variables.
 *
 * @throws UniecsError `file` when there is none or it is damaged, `data` when it is of another model, size or settings;
 *   no variable changes then
 */
export async function loadCheckpoint(
  folder: string,
  variables: ReadonlyMap<string, Variable>,
  fingerprint: string,
): Promise<CheckpointInfo> {
  const newest = (await listCheckpoints(folder)).at(-1);
  if (newest === undefined) throw unusable(folder, 'a checkpoint to resume from', 'none');
  const path = pathOf(folder, newest);
  const { tensors, metadata } = await readSafetensors(path);
  const info = JSON.parse(metadata.run ?? '{}') as CheckpointInfo;
  const misfits = [...variables].filter(([name, { shape }]) => String(tensors.get(name)?.shape) !== String(shape));
  if (misfits.length > 0 || tensors.size !== variables.size) {
    const [name, variable] = misfits[0] ?? [];
    const shown =
      name && variable
        ? `${name} [${tensors.get(name)?.shape ?? 'missing'}] instead of [${variable.shape}]`
        : 'other names';
    throw unusable(
      path,
      `the ${variables.size} arrays of this run`,
      `${misfits.length} that do not fit, the first ${shown}`,
    );
  }
  if (info.fingerprint !== fingerprint) {
    throw unusable(path, `a checkpoint of these settings (${fingerprint})`, info.fingerprint ?? 'none recorded');
  }
  const dict = fileTensorsToStateDict(tensors);
  for (const [name, variable] of variables) variable.assign(dict.get(name) as never);
  dispose([...dict.values()]);
  return info;
}

function pathOf(folder: string, step: number): string {
  return join(folder, `step-${String(step).padStart(8, '0')}.safetensors`);
}

function unusable(path: string, expected: string, got: string): UniecsError {
  return new UniecsError({
    code: 'data',
    where: 'loadCheckpoint',
    expected,
    got: `${got} in ${path}`,
    hint: 'resume with the size, preset, data and settings that the run was started with, or start another --out',
    details: { path },
  });
}
