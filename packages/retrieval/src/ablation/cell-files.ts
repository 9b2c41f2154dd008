import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Evaluation, recallAtK, type TaskResult, tasks } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { readSafetensors, writeFileAtomic, writeSafetensors } from '@uniecs/tensor/node';
import { canonicalJson } from '../files/canonical-json.js';
import { fileError } from '../files/file-error.js';
import { presetMark } from '../training/preset-revision.js';
import {
  type GivenSettings,
  type TrainSettings,
  trainSettings,
  unbindingSettings,
} from '../training/train-settings.js';
import type { StoredGrid } from './grid-folder.js';

/** The files that an ablation adds to the run folder of a cell. */
export const cellFiles = { cell: 'cell.json', ranks: 'ranks.safetensors' } as const;

/** The K of Recall@K in every report of an ablation. */
export const ks: readonly number[] = [1, 5, 10];

/** The content of `cell.json` while there is no result: what the parts of a run took that was interrupted. */
export interface CellEffort {
  readonly version: 1;
  readonly seconds: number;
}

/** The content of `cell.json` of a cell that is done; the ranks are beside it. */
export interface CellResult extends CellEffort {
  readonly arm: string;
  readonly seed: number;
  /** SHA-256 over what decides on the result: see `cellFingerprint`. */
  readonly fingerprint: string;
  readonly settings: TrainSettings;
  /** Numbers that the model and the terms have. */
  readonly parameters: number;
  readonly steps: number;
  readonly skipped: number;
  readonly stoppedEarly: boolean;
  /** The best validation's mean Recall@10, and its step: the weights that are judged. */
  readonly best?: { readonly value: number; readonly step: number };
  readonly device: string;
  readonly versions: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly finishedAt: string;
  readonly pairs: number;
  /** By task, how many candidates have its modality. */
  readonly candidates: Readonly<Record<string, number>>;
}

/** A cell that is done. */
export interface FinishedCell {
  readonly result: CellResult;
  readonly evaluation: Evaluation;
}

/**
 * What decides on the result of a cell, as a short text: its settings, the revision of its preset, the data, the terms, the model folder that
 * it starts from. Which saves are made and kept does not.
 */
export function cellFingerprint(
  settings: GivenSettings,
  { data, terms, init }: Pick<StoredGrid, 'data' | 'terms' | 'init'>,
): string {
  const binding = Object.entries(settings).filter(([name]) => !unbindingSettings.has(name));
  // As given and not filled in: a version that has a setting more still knows the results of the one before.
  const mark = presetMark(settings.preset ?? 'recommended');
  return createHash('sha256')
    .update(canonicalJson({ settings: Object.fromEntries(binding), ...mark, data, terms, ...(init ? { init } : {}) }))
    .digest('hex');
}

/** Seconds that the parts of a cell took so far; 0 where none is noted. */
export async function secondsSoFar(folder: string): Promise<number> {
  return (await readCell(folder))?.seconds ?? 0;
}

/** Notes what the parts of a cell took that has no result yet. */
export async function writeEffort(folder: string, seconds: number): Promise<void> {
  await writeCell(folder, { version: 1, seconds });
}

/** Writes the result of a cell: the ranks first, so that a `cell.json` with a result has them. */
export async function writeResult(
  folder: string,
  result: Omit<CellResult, 'version' | 'pairs' | 'candidates' | 'settings'> & { readonly settings: GivenSettings },
  { pairs, results }: Evaluation,
): Promise<void> {
  const tensors = results.flatMap(({ task, ranks, queryRows }) =>
    [
      [task.name, ranks] as const,
      // Where every pair has a query, which it is goes without saying.
      ...(queryRows.length < pairs ? [[`${task.name} rows`, queryRows] as const] : []),
    ].map(([name, data]) => [name, { dtype: 'I32' as const, shape: [data.length], data }] as const),
  );
  await writeSafetensors(join(folder, cellFiles.ranks), new Map(tensors));
  const candidates = Object.fromEntries(results.map(({ task, candidates }) => [task.name, candidates]));
  const settings = trainSettings(result.settings);
  await writeCell(folder, { version: 1, ...result, settings, pairs, candidates });
}

/**
 * The result of a cell; undefined where there is none yet.
 *
 * @throws UniecsError `data` where it is that of other settings, data or terms, `file` where it cannot be read
 */
export async function readFinished(folder: string, fingerprint: string): Promise<FinishedCell | undefined> {
  const cell = await readCell(folder);
  if (cell === undefined || !('fingerprint' in cell)) return undefined;
  if (cell.fingerprint !== fingerprint) {
    const expected = `the result of this grid's settings, data and terms in ${folder}`;
    throw unusable('data', folder, expected, 'that of others', 'choose another --out, or delete the folder');
  }
  const { tensors } = await readSafetensors(join(folder, cellFiles.ranks));
  const all = Int32Array.from({ length: cell.pairs }, (_, row) => row);
  const results = Object.entries(cell.candidates).map(([name, candidates]): TaskResult => {
    const task = tasks.find((one) => one.name === name);
    const ranks = tensors.get(name)?.data;
    const queryRows = tensors.get(`${name} rows`)?.data ?? all;
    const whole = ranks instanceof Int32Array && queryRows instanceof Int32Array && queryRows.length === ranks.length;
    if (!task || !whole) {
      const hint = 'delete the folder to train the cell again';
      throw unusable('file', folder, `ranks of the task ${name} in ${cellFiles.ranks}`, 'none that fit', hint);
    }
    return { task, queryRows, ranks, candidates, recall: ks.map((k) => recallAtK(ranks, k)) };
  });
  return { result: cell, evaluation: { pairs: cell.pairs, ks, results } };
}

async function writeCell(folder: string, cell: CellEffort | CellResult): Promise<void> {
  await writeFileAtomic(join(folder, cellFiles.cell), `${JSON.stringify(cell, null, 2)}\n`);
}

async function readCell(folder: string): Promise<CellEffort | CellResult | undefined> {
  const path = join(folder, cellFiles.cell);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (!there) return undefined;
  try {
    const cell = JSON.parse(await readFile(path, 'utf8')) as CellEffort | CellResult | null;
    if (cell?.version === 1) return cell;
  } catch (cause) {
    throw fileError({ where: 'ablate', action: 'to read', path, hint: 'restore it, or delete the folder', cause });
  }
  throw unusable(
    'file',
    folder,
    `a cell.json of version 1 in ${folder}`,
    'another one',
    'use the version that wrote it',
  );
}

function unusable(code: 'data' | 'file', folder: string, expected: string, got: string, hint: string): UniecsError {
  return new UniecsError({ code, where: 'ablate', expected, got, hint, details: { folder } });
}
