import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Evaluation, Pair } from '@uniecs/mbeer';
import { disposeModule, UniecsError } from '@uniecs/tensor';
import { makeFolder } from '@uniecs/tensor/node';
import { modelEmbedder, rankPairs } from '../embedding/model-embedder.js';
import { loadModelFolder } from '../files/model-folder.js';
import { packageVersions } from '../files/package-versions.js';
import { checkRunFolder, runFiles } from '../files/run-folder.js';
import { isHeld, lockRun } from '../files/run-lock.js';
import type { ConfigOf } from '../training/assemble-run.js';
import { type TrainOptions, trainWith } from '../training/train.js';
import { readFinished, secondsSoFar, writeEffort, writeResult } from './cell-files.js';
import type { Cell } from './grid.js';

/** What a cell is run with. */
export interface CellRun
  extends Pick<
    TrainOptions,
    'train' | 'validation' | 'encodersFrom' | 'features' | 'terms' | 'images' | 'inputs' | 'signal'
  > {
  readonly cell: Cell;
  /** Where the cell lies. */
  readonly folder: string;
  readonly fingerprint: string;
  readonly configOf: ConfigOf;
  /** The pairs that it is judged on. */
  readonly evaluation: readonly Pair[];
  readonly device: NonNullable<TrainOptions['device']>;
  /** Whether checkpoints stay when the cell is done; the weights do. */
  readonly keepCheckpoints: boolean;
  readonly onEvent: NonNullable<TrainOptions['onEvent']>;
}

/**
 * What became of a cell: `finished` by this process now, `done` before, `busy` in another process's hands, `interrupted` and saved, or
 * `failed` by numbers that are not finite.
 */
export type CellOutcome =
  | { readonly status: 'finished' | 'done' | 'busy' | 'interrupted' }
  | { readonly status: 'failed'; readonly reason: string };

/**
 * Trains a cell, or goes on with it, and judges its weights, unless it is done or another process is at it.
 *
 * @throws UniecsError as `train` and `readFinished`; but not `numeric`, which says something about the arm
 */
export async function runCell(options: CellRun): Promise<CellOutcome> {
  const { folder, fingerprint, keepCheckpoints, signal } = options;
  if (await readFinished(folder, fingerprint)) return { status: 'done' };
  await makeFolder(dirname(folder));
  let release: () => void;
  try {
    // Beside the folder: the run in it has a lock of its own, and gives it back before its weights are judged.
    release = await lockRun(dirname(folder), `${basename(folder)}.lock`);
  } catch (error) {
    if (isHeld(error)) return { status: 'busy' };
    throw error;
  }
  try {
    if (await readFinished(folder, fingerprint)) return { status: 'done' };
    const ended = await trainAndJudge(options);
    if (!ended) return { status: 'interrupted' };
    if (!keepCheckpoints) await rm(join(folder, runFiles.checkpoints), { recursive: true, force: true });
    return { status: 'finished' };
  } catch (error) {
    if (!UniecsError.isInstance(error)) throw error;
    if (error.code === 'interrupted' && signal?.aborted) return { status: 'interrupted' };
    if (error.code === 'numeric') return { status: 'failed', reason: error.message };
    throw error;
  } finally {
    release();
  }
}

/** Whether the cell came to its end. */
async function trainAndJudge(options: CellRun): Promise<boolean> {
  const { cell, folder, fingerprint, configOf, evaluation, device, keepCheckpoints, signal, onEvent, ...data } =
    options;
  const before = await secondsSoFar(folder);
  let parameters = 0;
  const summary = await trainWith(
    {
      ...data,
      settings: cell.settings,
      out: folder,
      resume: await hasBegun(folder),
      device,
      ...(signal ? { signal } : {}),
      onEvent: (event) => {
        if (event.type === 'start') parameters = event.parameters;
        onEvent(event);
      },
    },
    configOf,
  );
  const { steps, skipped, stoppedEarly, best, interrupted } = summary;
  const seconds = before + summary.seconds;
  await writeEffort(folder, seconds);
  if (interrupted) return false;
  const ranked = await judge(folder, options);
  const finishedAt = new Date().toISOString();
  const versions = { node: process.versions.node, ...packageVersions() };
  const { arm, seed, settings } = cell;
  const run = { seconds, parameters, steps, skipped, stoppedEarly, ...(best ? { best } : {}), device };
  await writeResult(folder, { arm, seed, fingerprint, settings, ...run, versions, finishedAt }, ranked);
  return true;
}

/** Whether there is a run in the folder to go on with. */
async function hasBegun(folder: string): Promise<boolean> {
  try {
    await checkRunFolder(folder, true);
    return true;
  } catch (error) {
    await checkRunFolder(folder, false).catch(() => {
      throw error;
    });
    return false;
  }
}

async function judge(folder: string, { evaluation, device, images, signal }: CellRun): Promise<Evaluation> {
  const loaded = await loadModelFolder(folder);
  const embedder = modelEmbedder(loaded, { device, ...(images ? { images } : {}) });
  try {
    return await rankPairs(embedder, evaluation, { signal });
  } finally {
    await embedder.dispose();
    disposeModule(loaded.model);
  }
}
