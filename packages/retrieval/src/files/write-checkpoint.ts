import { join } from 'node:path';
import type { Variable } from '@tensorflow/tfjs-core';
import { type FileTensor, UniecsError } from '@uniecs/tensor';
import {
  type FileSystem,
  makeFolder,
  nodeFileSystem,
  safetensorsChunks,
  syncFolder,
  temporaryName,
  writeFileAtomic,
} from '@uniecs/tensor/node';
import type { CheckpointInfo } from './checkpoint-info.js';
import { checkpointFiles, fileFlaw, manifestText, writeDigested } from './checkpoint-manifest.js';
import { type CheckpointName, checkpointNames, latestFile, nextName, removeUnfinished } from './checkpoint-names.js';
import type { ReadVariable } from './model-folder.js';

/** Which checkpoints a save leaves, and through what it writes. */
export interface CheckpointOptions {
  /** Steps of which a checkpoint is kept, the new one among them; default 2. */
  readonly keepLast?: number;
  /** Whether that of the best validation (`info.best.step`) is kept beside; default true. */
  readonly keepBest?: boolean;
  /** Default Node's own. */
  readonly fileSystem?: FileSystem;
}

/**
 * Saves all variables and the record of a run as a folder `step-XXXXXXXX` (`step-XXXXXXXX-2` where that step is saved again).
 *
 * Whenever the process is killed or the power goes, a folder of such a name is whole, and the older ones stay until it is: the files
 * are written into a temporary folder, synced, read back and compared with their hashes; then the folder is renamed, `latest` is
 * replaced, and only then are the checkpoints removed that are not to be kept, and any of a later step, which the run has gone
 * back behind.
 *
 * @returns the path of the new folder
 * @throws UniecsError `file` when the system refuses or what is read back is not what was written, `numeric` for an array or a
 *   record that holds NaN or infinity; older checkpoints are intact
 */
export async function writeCheckpoint(
  folder: string,
  variables: ReadonlyMap<string, Variable>,
  read: ReadVariable,
  info: CheckpointInfo,
  { keepLast = 2, keepBest = true, fileSystem = nodeFileSystem }: CheckpointOptions = {},
): Promise<string> {
  checkRecord(info, folder);
  const tensors = new Map([...variables].map(([name, variable]) => [name, fileTensor(name, variable, read, folder)]));
  try {
    await makeFolder(folder, fileSystem);
    await removeUnfinished(folder, fileSystem);
    const present = await checkpointNames(folder, fileSystem);
    const name = nextName(info.step, present);
    const path = join(folder, name);
    await writeFolder(path, tensors, info, fileSystem);
    await writeFileAtomic(join(folder, latestFile), `${name}\n`, { fileSystem });
    // First what a resumed run would take for newer than this one.
    await remove(
      folder,
      present.filter(({ step }) => step >= info.step),
      fileSystem,
    );
    await remove(folder, notKept(present, info, keepLast, keepBest), fileSystem);
    return path;
  } catch (cause) {
    if (!UniecsError.isInstance(cause))
      throw failed(folder, cause instanceof Error ? cause.message : String(cause), cause);
    throw cause.where === 'writeCheckpoint' ? cause : failed(folder, cause.got, cause);
  }
}

/** The earlier checkpoints that do not stay: beyond the last ones and the best, and all but the newest of a step. */
function notKept(
  present: readonly CheckpointName[],
  { step, best }: CheckpointInfo,
  keepLast: number,
  keepBest: boolean,
): CheckpointName[] {
  const earlier = present.filter((other) => other.step < step);
  const steps = [...new Set(earlier.map((other) => other.step))];
  const kept = new Set([...steps.slice(0, keepLast - 1), ...(keepBest && best ? [best.step] : [])]);
  return earlier.filter(
    (other, i) => !kept.has(other.step) || earlier.findIndex(({ step }) => step === other.step) !== i,
  );
}

/** Makes the folder of a checkpoint: it is there when all in it is on the disk and as it should be, or not at all. */
async function writeFolder(
  path: string,
  tensors: ReadonlyMap<string, FileTensor>,
  info: CheckpointInfo,
  fileSystem: FileSystem,
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await fileSystem.mkdir(temporary, { recursive: true });
    const { state, manifest } = checkpointFiles;
    const stateDigest = await writeDigested(join(temporary, state), safetensorsChunks(tensors, {}), fileSystem);
    const text = Buffer.from(manifestText({ version: 1, files: { [state]: stateDigest }, info }));
    const manifestDigest = await writeDigested(join(temporary, manifest), [text], fileSystem);
    await syncFolder(temporary, fileSystem);
    const flaw =
      (await fileFlaw(join(temporary, state), state, stateDigest, fileSystem)) ??
      (await fileFlaw(join(temporary, manifest), manifest, manifestDigest, fileSystem));
    if (flaw !== undefined) throw failed(path, `something else when it was read back: ${flaw}`);
    await fileSystem.rename(temporary, path);
  } catch (error) {
    // Whatever hinders this as well, the first reason is the one to tell; the next save removes it.
    await fileSystem.rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(join(path, '..'), fileSystem);
}

/** Removes checkpoints so that none is ever there in part: renamed first, then removed. */
async function remove(folder: string, dropped: readonly CheckpointName[], fileSystem: FileSystem): Promise<void> {
  if (dropped.length === 0) return;
  const renamed: string[] = [];
  for (const { name } of dropped) {
    const to = temporaryName(join(folder, name));
    await fileSystem.rename(join(folder, name), to);
    renamed.push(to);
  }
  await syncFolder(folder, fileSystem);
  for (const path of renamed) await fileSystem.rm(path, { recursive: true, force: true });
}

function fileTensor(name: string, variable: Variable, read: ReadVariable, folder: string): FileTensor {
  const { data } = read(variable);
  const shape = [...variable.shape];
  if (data instanceof Int32Array) return { dtype: 'I32', shape, data };
  if (data instanceof Float32Array && data.every(Number.isFinite)) return { dtype: 'F32', shape, data };
  if (data instanceof Float32Array) throw notFinite(name, folder);
  throw new UniecsError({
    code: 'unsupported',
    where: 'writeCheckpoint',
    expected: 'variables of dtype float32 or int32',
    got: `${name} of ${variable.dtype}`,
    hint: 'hold flags as int32',
    details: { name },
  });
}

/** JSON would turn NaN and infinity into null. */
function checkRecord(info: CheckpointInfo, folder: string): void {
  JSON.stringify(info, (name, value) => {
    if (typeof value === 'number' && !Number.isFinite(value)) throw notFinite(`the record's ${name}`, folder);
    return value;
  });
}

function notFinite(name: string, folder: string): UniecsError {
  return new UniecsError({
    code: 'numeric',
    where: 'writeCheckpoint',
    expected: 'finite numbers',
    got: `NaN or infinity in ${name}; nothing was written to ${folder}`,
    hint: 'older checkpoints are intact; lower the learning rate',
    details: { name, path: folder },
  });
}

function failed(path: string, got: string, cause?: unknown): UniecsError {
  return new UniecsError({
    code: 'file',
    where: 'writeCheckpoint',
    expected: `to save a checkpoint in ${path}`,
    got,
    hint: 'check free space, permissions and the disk; older checkpoints are intact',
    details: { path },
    cause,
  });
}
