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
  /** The step of the last validation. */
  readonly validated?: number;
  /** What a resumed run must share, settings and data, as JSON. */
  readonly fingerprint: string;
}

const pattern = /^step-(\d{8})\.safetensors$/;

/** How many checkpoints are kept. */
const kept = 2;

/** Steps of the checkpoints in a folder, ascending. */
export async function listCheckpoints(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return [];
    throw new UniecsError({
      code: 'file',
      where: 'listCheckpoints',
      expected: `to read the folder ${folder}`,
      got: cause.message,
      hint: 'check its permissions',
      details: { path: folder },
      cause,
    });
  });
  const steps = names.map((name) => pattern.exec(name)?.[1]).filter((step) => step !== undefined);
  return steps.map(Number).sort((a, b) => a - b);
}

/**
 * Writes all variables and the counters of a run as one file, atomically, and then removes all but the last two checkpoints.
 *
 * @throws UniecsError `file` when it cannot be written, `numeric` for an array that holds NaN or infinity; older checkpoints are
 *   untouched
 */
export async function writeCheckpoint(
  folder: string,
  variables: ReadonlyMap<string, Variable>,
  read: ReadVariable,
  info: CheckpointInfo,
): Promise<string> {
  const path = pathOf(folder, info.step);
  const tensors = new Map(
    [...variables].map(([name, variable]) => {
      const data = read(variable).data as Float32Array;
      if (!data.every(Number.isFinite)) throw notFinite(name, path);
      return [name, { dtype: 'F32' as const, shape: [...variable.shape], data }];
    }),
  );
  await makeFolder(folder);
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
  const info = parsedInfo(metadata.run, path);
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
    const [first, ...more] = differences(parsed(info.fingerprint), parsed(fingerprint));
    const others = more.length > 0 ? ` and ${more.length} more differences` : '';
    throw unusable(path, 'a checkpoint of these settings and data', `${first}${others}`);
  }
  const dict = fileTensorsToStateDict(tensors);
  for (const [name, variable] of variables) variable.assign(dict.get(name) as never);
  dispose([...dict.values()]);
  return info;
}

/** Where two JSON values differ, as `settings.batchSize 8 instead of 4`. */
function differences(got: unknown, expected: unknown, at = ''): string[] {
  const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;
  if (isObject(got) && isObject(expected)) {
    const names = [...new Set([...Object.keys(got), ...Object.keys(expected)])];
    return names.flatMap((name) => differences(got[name], expected[name], at === '' ? name : `${at}.${name}`));
  }
  if (JSON.stringify(got) === JSON.stringify(expected)) return [];
  return [`${at} ${JSON.stringify(got) ?? 'not set'} instead of ${JSON.stringify(expected) ?? 'not set'}`.trim()];
}

function parsed(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? 'null');
  } catch {
    return json;
  }
}

function parsedInfo(json: string | undefined, path: string): CheckpointInfo {
  const info = parsed(json) as CheckpointInfo | null;
  if (typeof info === 'object' && info !== null && Number.isSafeInteger(info.step)) return info;
  throw unusable(path, 'a checkpoint of a run', 'a file without the counters of one');
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new UniecsError({
      code: 'file',
      where: 'writeCheckpoint',
      expected: `to make the folder ${folder}`,
      got: cause.message,
      hint: 'check free space and permissions',
      details: { path: folder },
      cause,
    });
  });
}

function notFinite(name: string, path: string): UniecsError {
  return new UniecsError({
    code: 'numeric',
    where: 'writeCheckpoint',
    expected: 'finite numbers',
    got: `NaN or infinity in ${name}; nothing was written to ${path}`,
    hint: 'older checkpoints are intact; lower the learning rate',
    details: { name, path },
  });
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
