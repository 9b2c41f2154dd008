import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { ImageSource } from '@uniecs/encoders/node';
import type { LossTerm } from '@uniecs/losses';
import type { Pair } from '@uniecs/mbeer';
import { parameters, UniecsError } from '@uniecs/tensor';
import { storedEncoders } from '../files/stored-encoders.js';
import { type ImageForm, imageForm } from '../model/image-form.js';
import type { ConfigOf } from '../training/assemble-run.js';
import type { TrainOptions } from '../training/train.js';
import type { TrainEvent } from '../training/train-events.js';
import { trainSettings } from '../training/train-settings.js';
import { cellFingerprint, readFinished } from './cell-files.js';
import { checkCells, checkGrid } from './check-grid.js';
import { type Cell, cellsOf, type Grid } from './grid.js';
import { checkGridFolder, gridData, joinGrid } from './grid-folder.js';
import { startedGrid } from './grid-start.js';
import { type CellOutcome, runCell } from './run-cell.js';

/** What is told while the cells of a grid are trained. */
export type AblationEvent =
  | { readonly type: 'grid'; readonly cells: number; readonly finished: number }
  | {
      readonly type: 'cell';
      readonly cell: Cell;
      /** Its place among the cells that were asked for, from 1. */
      readonly place: number;
      readonly status: 'started' | CellOutcome['status'];
      /** Why it failed. */
      readonly reason?: string;
    }
  | { readonly type: 'training'; readonly cell: Cell; readonly event: TrainEvent };

/** What the cells of a grid are trained with. */
export interface RunGridOptions
  extends Pick<TrainOptions, 'train' | 'validation' | 'features' | 'device' | 'terms' | 'signal'> {
  readonly grid: Grid;
  /** A model folder whose tokenizer and encoders all cells start from, as `encodersFrom` of `train`; default a draw from each cell's seed. */
  readonly init?: string;
  /** The pairs that all cells are judged on; default the validation pairs, on which each cell's best weights were chosen. */
  readonly test?: readonly Pair[];
  /** The folder of the grid. Several processes may work on one. */
  readonly out: string;
  /** The source of images of a form, which the caller disposes; default one of each run's own. */
  readonly images?: (form: ImageForm) => ImageSource;
  /** What a cell's `config.json` keeps for whoever resumes it by hand; given the cell's folder. */
  readonly inputs?: (folder: string) => Readonly<Record<string, unknown>>;
  /** Whether the checkpoints of cells that are done stay; default false. */
  readonly keepCheckpoints?: boolean;
  /** Names of files and folders that the caller keeps in `out` beside the grid. */
  readonly beside?: readonly string[];
  readonly onEvent?: (event: AblationEvent) => void;
}

/** How a grid stands when a process has no more to do. */
export interface GridOutcome {
  /** Of the cells that were asked for, those that are done. */
  readonly finished: number;
  readonly cells: number;
  /** Cells whose training failed for numbers that are not finite. */
  readonly failed: readonly { readonly cell: Cell; readonly reason: string }[];
  /** Cells that other processes are at. */
  readonly busy: readonly Cell[];
  readonly interrupted: boolean;
}

/**
 * Trains and judges every cell of a grid in its folder, for models of any configuration. Nothing is trained before every arm has been built
 * once. A cell that is done is not run again, one that was interrupted goes on where it was, one that another process is at is passed over.
 *
 * @param write called before the first cell, after each one that was trained, and at the end: results may have come from others as well
 * @throws UniecsError as `ablate`
 */
export async function runGrid(
  options: RunGridOptions,
  configOf: ConfigOf,
  write: () => Promise<void>,
): Promise<GridOutcome> {
  const { train, validation, test, out, terms = [], beside, signal, onEvent = () => {} } = options;
  const evaluation = test ?? validation;
  checkGrid(options.grid);
  const { grid, init } = await startedGrid(options.init, options.grid);
  for (const [name, { length }] of Object.entries({ training: train, validation, test: evaluation })) {
    if (length === 0) throw noPairs(name);
  }
  const more = { terms: terms.map(({ name }) => name), split: test ? 'test' : 'validation', init } as const;
  await checkGridFolder(out, grid, more, beside);
  const data = await gridData({ train, validation, evaluation });
  const stored = await checkGridFolder(out, grid, { ...more, data }, beside);
  const cells = cellsOf(grid);
  // As they were said first: what is now said in other words, to the same effect, is the same.
  const arms = grid.arms.map((arm) => stored?.arms.find(({ name }) => name === arm.name) ?? arm);
  const first = cellsOf({ ...grid, base: stored?.base ?? grid.base, arms });
  const fingerprints = new Map(
    cells.map((cell, i) => [cell, cellFingerprint((first[i] as Cell).settings, { ...more, data })]),
  );
  const fingerprintOf = (cell: Cell) => fingerprints.get(cell) as string;
  const isDone = async (cell: Cell) => (await readFinished(join(out, cell.folder), fingerprintOf(cell))) !== undefined;
  const done = new Map<Cell, boolean>();
  for (const cell of cells) done.set(cell, await isDone(cell));
  const left = cells.filter((cell) => !done.get(cell));
  const start = {
    ...(options.init === undefined ? {} : { encodersFrom: options.init }),
    ...(options.features === undefined ? {} : { features: options.features }),
  };
  const encoders = await storedEncoders(options.init);
  await checkCells(left, { configOf, train, validation, terms, ...start }, signal);
  await joinGrid(out, grid, { ...more, data }, beside);
  onEvent({ type: 'grid', cells: cells.length, finished: cells.length - left.length });

  const renewTerms = termRenewal(terms);
  const failed: { cell: Cell; reason: string }[] = [];
  let busy: Cell[] = [];
  let interrupted = signal?.aborted ?? false;

  /** Whether it made the cell, or tried to. */
  async function work(cell: Cell): Promise<boolean> {
    const place = cells.indexOf(cell) + 1;
    const folder = join(out, cell.folder);
    const form = imageForm(encoders ?? configOf(trainSettings(cell.settings), 1));
    let started = false;
    renewTerms();
    const outcome = await runCell({
      cell,
      folder,
      fingerprint: fingerprintOf(cell),
      configOf,
      train,
      validation,
      evaluation,
      terms,
      ...start,
      device: options.device ?? 'cpu',
      keepCheckpoints: options.keepCheckpoints ?? false,
      ...(options.images ? { images: options.images(form) } : {}),
      ...(options.inputs ? { inputs: options.inputs(folder) } : {}),
      ...(signal ? { signal } : {}),
      onEvent: (event) => {
        if (!started) onEvent({ type: 'cell', cell, place, status: 'started' });
        started = true;
        onEvent({ type: 'training', cell, event });
      },
    });
    onEvent({ type: 'cell', cell, place, ...outcome });
    if (outcome.status === 'failed') failed.push({ cell, reason: outcome.reason });
    if (outcome.status === 'busy') busy.push(cell);
    else done.set(cell, outcome.status === 'finished' || outcome.status === 'done');
    interrupted = outcome.status === 'interrupted' || (signal?.aborted ?? false);
    return outcome.status === 'finished' || outcome.status === 'failed';
  }

  await write();
  // Cells that others were at may have been left by them: they are looked at again as long as there is work.
  for (let worked = true; worked && !interrupted; ) {
    worked = false;
    busy = [];
    const open = cells.filter((cell) => !done.get(cell) && !failed.some((one) => one.cell === cell));
    for (const cell of open) {
      if (interrupted) break;
      if (!(await work(cell))) continue;
      worked = true;
      await write();
    }
  }
  await write();
  const finished = [...done.values()].filter(Boolean).length;
  return { finished, cells: cells.length, failed, busy, interrupted };
}

/** What terms of the caller's have learned in one cell is not what they start the next one with. */
function termRenewal(terms: readonly LossTerm[]): () => void {
  const variables = terms.flatMap(({ module }) => (module ? parameters(module) : []));
  const start = variables.map((variable) => ({ variable, values: variable.dataSync().slice() }));
  return () =>
    tf.tidy(() => {
      for (const { variable, values } of start) variable.assign(tf.tensor(values, variable.shape, variable.dtype));
    });
}

function noPairs(name: string): UniecsError {
  return new UniecsError({
    code: 'data',
    where: 'ablate',
    expected: `${name} pairs`,
    got: 'none',
    hint: 'pass a pair file with good lines',
  });
}
