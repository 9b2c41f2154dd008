import { UniecsError } from '@uniecs/tensor';
import type { CellOnDisk } from '../ablation/ablation-report.js';
import type { Arm } from '../ablation/grid.js';
import { readGrid, type StoredGrid } from '../ablation/grid-folder.js';
import { type GridOutcome, runGrid } from '../ablation/run-grid.js';
import { readCells } from '../ablation/write-ablation.js';
import type { ConfigOf } from '../training/assemble-run.js';
import type { GivenSettings } from '../training/train-settings.js';
import type { ReproduceOptions } from './reproduce-options.js';
import { besideGrid } from './reproduction-folder.js';

/** The cells of some arms. */
export interface TrainedArms {
  /** The part of the folder's grid that was asked for. */
  readonly grid: StoredGrid;
  readonly cells: readonly CellOnDisk[];
  /** Those of the same arms with all seeds that the folder knows: what a choice between arms is made on, whoever asks. */
  readonly known: readonly CellOnDisk[];
  readonly outcome: GridOutcome;
}

/** Settings that a reproduction chooses itself. */
const ownSettings = ['model', 'preset', 'seed'] as const;

/**
 * Whether settings leave to a reproduction what is its own to choose.
 *
 * @throws UniecsError `argument` otherwise
 */
export function checkSettings(settings: GivenSettings): void {
  const own = ownSettings.find((name) => settings[name] !== undefined);
  if (own === undefined) return;
  throw new UniecsError({
    code: 'argument',
    where: 'reproduce',
    expected: `settings without ${ownSettings.join(', ')}, which the reproduction chooses`,
    got: `${own} ${String(settings[own])}`,
    hint: 'leave it out',
  });
}

/**
 * Trains what of some arms is not trained yet in a folder that several reproductions share, and reads their cells.
 *
 * @param only how many of the seeds are wanted; default all
 * @throws UniecsError `argument` where nothing says what to train with; and as `ablate`
 */
export async function trainArms(
  options: ReproduceOptions,
  arms: readonly Arm[],
  configOf: ConfigOf,
  only = Number.POSITIVE_INFINITY,
): Promise<TrainedArms> {
  const { out, evaluation, split, training, device, images, signal } = options;
  if (!training) throw nothingToTrainWith(arms);
  const { settings, seeds: all, ...data } = training;
  checkSettings(settings);
  const seeds = all.slice(0, only);
  const outcome = await runGrid(
    {
      ...data,
      ...(split === 'test' ? { test: evaluation } : {}),
      ...(device ? { device } : {}),
      ...(images ? { images } : {}),
      ...(signal ? { signal } : {}),
      ...{ out, grid: { base: settings, arms, seeds }, beside: besideGrid },
    },
    configOf,
    async () => {},
  );
  const stored = (await readGrid(out, besideGrid)) as StoredGrid;
  const chosen = arms.map(({ name }) => stored.arms.find((arm) => arm.name === name) as Arm);
  const grid: StoredGrid = { ...stored, arms: chosen, seeds, baseline: (chosen[0] as Arm).name };
  const known = await readCells(out, { ...grid, seeds: stored.seeds });
  return { grid, cells: known.filter(({ seed }) => seeds.includes(seed)), known, outcome };
}

function nothingToTrainWith(arms: readonly Arm[]): UniecsError {
  return new UniecsError({
    code: 'argument',
    where: 'reproduce',
    expected: `pairs to train ${arms.map(({ name }) => name).join(', ')} on and to validate on`,
    got: 'none',
    hint: 'give both, or a model folder that exists for each',
  });
}
