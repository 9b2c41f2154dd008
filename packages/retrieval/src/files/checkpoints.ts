import { basename, join } from 'node:path';
import { dispose, type Variable } from '@tensorflow/tfjs-core';
import { fileTensorsToStateDict, UniecsError } from '@uniecs/tensor';
import { type FileSystem, nodeFileSystem, readSafetensors, writeFileAtomic } from '@uniecs/tensor/node';
import type { CheckpointInfo } from './checkpoint-info.js';
import { checkpointFiles, verifyCheckpoint } from './checkpoint-manifest.js';
import { checkpointNames, latestFile, removeUnfinished } from './checkpoint-names.js';
import { differences } from './differences.js';

/** Through what checkpoints are read. */
export interface LoadOptions {
  /** Default Node's own. */
  readonly fileSystem?: FileSystem;
}

/** A checkpoint whose arrays are in the variables. */
export interface LoadedCheckpoint {
  readonly info: CheckpointInfo;
  /** The folder of the checkpoint that was loaded. */
  readonly path: string;
  /** Newer checkpoints that do not verify, the newest first, each with its reason. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/** Steps of the checkpoints in a folder, ascending; whether they verify is not looked at. */
export async function listCheckpoints(
  folder: string,
  { fileSystem = nodeFileSystem }: LoadOptions = {},
): Promise<number[]> {
  const steps = (await checkpointNames(folder, fileSystem)).map(({ step }) => step);
  return [...new Set(steps)].reverse();
}

/**
 * Loads the newest checkpoint that verifies into the variables: each of its files has the size and the SHA-256 that its
 * manifest says. Newer ones that do not are `skipped`.
 *
 * @throws UniecsError `file` when there is none, none verifies (naming each with its reason) or the system refuses to read one,
 *   `data` when it is of another model, size or settings; no variable changes then
 */
export async function loadCheckpoint(
  folder: string,
  variables: ReadonlyMap<string, Variable>,
  fingerprint: string,
  { fileSystem = nodeFileSystem }: LoadOptions = {},
): Promise<LoadedCheckpoint> {
  const skipped: { path: string; reason: string }[] = [];
  for (const { name } of await checkpointNames(folder, fileSystem)) {
    const path = join(folder, name);
    const { manifest, flaw } = await verifyCheckpoint(path, fileSystem);
    if (manifest) {
      await loadState(path, variables, manifest.info.fingerprint, fingerprint, fileSystem);
      return { info: manifest.info, path, skipped };
    }
    skipped.push({ path, reason: flaw });
  }
  throw new UniecsError({
    code: 'file',
    where: 'loadCheckpoint',
    expected: `a whole checkpoint to resume from in ${folder}`,
    got: skipped.map(({ path, reason }) => `${path} (${reason})`).join(', ') || 'none',
    hint: skipped.length > 0 ? 'restore one from a backup, or start another --out' : 'start the run without resuming',
    details: { path: folder, skipped },
  });
}

/**
 * Clears up behind a killed process, for a run that goes on from a checkpoint: removes what was left unfinished, and lets
 * `latest` name that checkpoint.
 *
 * @throws UniecsError `file` when the system refuses
 */
export async function clearCheckpoints(
  folder: string,
  { path, skipped }: LoadedCheckpoint,
  { fileSystem = nodeFileSystem }: LoadOptions = {},
): Promise<void> {
  await removeUnfinished(folder, fileSystem);
  if (skipped.length > 0) {
    await writeFileAtomic(join(folder, latestFile), `${basename(path)}\n`, { fileSystem });
  }
}

async function loadState(
  folder: string,
  variables: ReadonlyMap<string, Variable>,
  stored: string,
  fingerprint: string,
  fileSystem: FileSystem,
): Promise<void> {
  const { tensors } = await readSafetensors(join(folder, checkpointFiles.state), { fileSystem });
  const misfits = [...variables].filter(([name, { shape }]) => String(tensors.get(name)?.shape) !== String(shape));
  if (misfits.length > 0 || tensors.size !== variables.size) {
    const [name, variable] = misfits[0] ?? [];
    const shown =
      name && variable
        ? `${name} [${tensors.get(name)?.shape ?? 'missing'}] instead of [${variable.shape}]`
        : 'other names';
    throw unusable(
      folder,
      `the ${variables.size} arrays of this run`,
      `${misfits.length} that do not fit, the first ${shown}`,
    );
  }
  const [first, ...more] = differences(stored, fingerprint);
  if (first !== undefined) {
    const others = more.length > 0 ? ` and ${more.length} more differences` : '';
    throw unusable(folder, 'a checkpoint of these settings and data', `${first}${others}`);
  }
  const dict = fileTensorsToStateDict(tensors);
  for (const [name, variable] of variables) variable.assign(dict.get(name) as never);
  dispose([...dict.values()]);
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
