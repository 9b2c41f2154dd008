import { type BootstrapOptions, type GroupIntervals, pairedBootstrap, tasks } from '@uniecs/mbeer';
import type { GivenSettings } from '../training/train-settings.js';
import { type CellResult, type FinishedCell, ks } from './cell-files.js';
import { type Arm, sweptSetting, sweptValue } from './grid.js';
import type { StoredGrid } from './grid-folder.js';
import { type ByRow, byRow, deviationOf, imageSided, meanOfNumbers, overSeeds, recallRows } from './recall-rows.js';

/** How a cell stands. */
export type CellState =
  | ({ readonly status: 'finished'; readonly recall: ByRow<number | null> } & Pick<
      CellResult,
      'seconds' | 'steps' | 'skipped' | 'stoppedEarly' | 'parameters' | 'device' | 'best' | 'versions'
    >)
  | { readonly status: 'unfinished' | 'missing' }
  | { readonly status: 'failed'; readonly reason: string };

/** A cell in the report. */
export type CellReport = { readonly seed: number; readonly folder: string } & CellState;

/** A difference from the baseline. */
export interface ArmDifference {
  /** Mean over the seeds that both have, arm minus baseline. */
  readonly difference: number;
  /** The bootstrap's interval over queries. */
  readonly low: number;
  readonly high: number;
  /** Standard deviation of the difference over those seeds (n - 1); `null` for one. */
  readonly deviation: number | null;
}

/** An arm in the report; what needs a finished cell is `null` where there is none. */
export interface ArmReport {
  readonly name: string;
  readonly settings: GivenSettings;
  /** What it gives the swept setting. */
  readonly value?: number;
  readonly cells: readonly CellReport[];
  /** Seeds that are finished. */
  readonly seeds: readonly number[];
  /** Mean over them. */
  readonly mean: ByRow<number | null> | null;
  /** Standard deviation over them (n - 1), `null` for one. */
  readonly deviation: ByRow<number | null> | null;
  /** Seeds that the baseline has, too; none for the baseline itself. */
  readonly pairedSeeds: readonly number[];
  readonly difference: ByRow<ArmDifference | null> | null;
}

/** The content of `ablation.json`. */
export interface AblationReport {
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly writtenAt: string;
  readonly baseline: string;
  /** The setting that the arms are points of, where they are. */
  readonly sweep?: string;
  readonly split: StoredGrid['split'];
  readonly seeds: readonly number[];
  readonly base: GivenSettings;
  readonly terms: readonly string[];
  readonly data: StoredGrid['data'];
  /** The model folder whose encoders all arms started from; without one they were drawn. */
  readonly init?: StoredGrid['init'];
  readonly bootstrap: Required<Pick<BootstrapOptions, 'resamples' | 'confidence' | 'seed'>>;
  readonly cells: { readonly planned: number; readonly finished: number };
  /** What a reader must know before believing the rest. */
  readonly warnings: readonly string[];
  readonly arms: readonly ArmReport[];
}

/** A cell of a grid as its folder shows it. */
export type CellOnDisk = { readonly arm: string; readonly seed: number; readonly folder: string } & (
  | ({ readonly status: 'finished' } & FinishedCell)
  | Exclude<CellState, { status: 'finished' }>
);

/**
 * The comparison of a grid's arms: means and standard deviations over seeds, differences from the baseline paired by seed, with intervals
 * over queries (`pairedBootstrap`). A cell without a result takes no part, and nothing stands in its place.
 */
export function ablationReport(
  grid: StoredGrid,
  cells: readonly CellOnDisk[],
  { resamples = 5000, confidence = 0.95, seed = 7 }: Pick<BootstrapOptions, 'resamples' | 'confidence' | 'seed'> = {},
): AblationReport {
  const { baseline, split, seeds, base, terms, data, init } = grid;
  const bootstrap = { resamples, confidence, seed };
  const sweep = sweptSetting(grid.arms);
  const ofBaseline = finishedOf(cells, baseline);
  const arms = grid.arms.map((arm): ArmReport => {
    const own = cells.filter((cell) => cell.arm === arm.name);
    const finished = finishedOf(cells, arm.name);
    const recalls = [...finished.values()].map(({ evaluation }) => recallRows(evaluation));
    const paired = arm.name === baseline ? [] : [...finished.keys()].filter((one) => ofBaseline.has(one));
    return {
      ...arm,
      ...(sweep === undefined ? {} : { value: sweptValue(arm) }),
      cells: own.map(cellReport),
      seeds: [...finished.keys()],
      mean: recalls.length === 0 ? null : overSeeds(recalls, meanOfNumbers),
      deviation: recalls.length === 0 ? null : overSeeds(recalls, deviationOf),
      pairedSeeds: paired,
      difference: paired.length === 0 ? null : differenceOf(paired, finished, ofBaseline, bootstrap),
    };
  });
  const finished = cells.filter(({ status }) => status === 'finished').length;
  return {
    version: 1,
    writtenAt: new Date().toISOString(),
    baseline,
    ...(sweep === undefined ? {} : { sweep }),
    split,
    seeds,
    base,
    terms,
    data,
    ...(init ? { init } : {}),
    bootstrap,
    cells: { planned: cells.length, finished },
    warnings: warningsOf(grid, arms),
    arms,
  };
}

function finishedOf(cells: readonly CellOnDisk[], arm: string): Map<number, FinishedCell> {
  return new Map(
    cells.flatMap((cell) => (cell.arm === arm && cell.status === 'finished' ? [[cell.seed, cell] as const] : [])),
  );
}

function cellReport(cell: CellOnDisk): CellReport {
  const { seed, folder } = cell;
  if (cell.status !== 'finished') {
    return cell.status === 'failed'
      ? { seed, folder, status: cell.status, reason: cell.reason }
      : { seed, folder, status: cell.status };
  }
  const { seconds, steps, skipped, stoppedEarly, parameters, device, best, versions } = cell.result;
  const run = { seconds, steps, skipped, stoppedEarly, parameters, device, ...(best ? { best } : {}), versions };
  return { seed, folder, status: cell.status, ...run, recall: recallRows(cell.evaluation) };
}

function differenceOf(
  seeds: readonly number[],
  arm: ReadonlyMap<number, FinishedCell>,
  baseline: ReadonlyMap<number, FinishedCell>,
  bootstrap: AblationReport['bootstrap'],
): ByRow<ArmDifference | null> {
  const ofSeeds = (cells: ReadonlyMap<number, FinishedCell>) => seeds.map((seed) => cells.get(seed) as FinishedCell);
  const [own, other] = [ofSeeds(arm), ofSeeds(baseline)];
  const evaluations = (cells: readonly FinishedCell[]) => cells.map(({ evaluation }) => evaluation);
  const names = tasks.map(({ name }) => name);
  const groups = { ...Object.fromEntries(names.map((name) => [name, [name]])), mean: names, imageSided };
  const options = { system: evaluations(own), baseline: evaluations(other), groups, ks, ...bootstrap };
  const intervals: GroupIntervals = pairedBootstrap(options);
  const rows = (cells: readonly FinishedCell[]) => cells.map(({ evaluation }) => recallRows(evaluation));
  const [recalls, others] = [rows(own), rows(other)];
  const deviation = overSeeds(
    recalls.map((recall, i) =>
      byRow((row, column) => {
        const [a, b] = [recall[row]?.[column], others[i]?.[row]?.[column]];
        return typeof a === 'number' && typeof b === 'number' ? a - b : null;
      }),
    ),
    deviationOf,
  );
  return byRow((row, column) => {
    const interval = intervals[row]?.[column];
    return interval ? { ...interval, deviation: deviation[row]?.[column] ?? null } : null;
  });
}

function warningsOf({ baseline, split }: StoredGrid, arms: readonly ArmReport[]): string[] {
  const cells = arms.flatMap(({ cells: own }) => own);
  const count = (status: CellState['status']) => cells.filter((cell) => cell.status === status).length;
  const different = (of: 'device' | 'versions') =>
    new Set(cells.flatMap((cell) => (cell.status === 'finished' ? [JSON.stringify(cell[of])] : []))).size;
  const open = count('unfinished') + count('missing');
  const uneven = arms.some(({ seeds }) => seeds.length !== arms[0]?.seeds.length);
  return [
    ...(split === 'validation'
      ? ['Judged on the validation pairs, on which the weights of every run were chosen: the figures are too good.']
      : []),
    ...(open > 0 ? [`${open} of ${cells.length} runs have no result yet.`] : []),
    ...(count('failed') > 0 ? [`${count('failed')} of ${cells.length} runs failed.`] : []),
    ...(uneven ? [`Arms have results of other seeds: differences from ${baseline} use the seeds that both have.`] : []),
    ...(different('device') > 1 ? ['Runs were trained on different devices.'] : []),
    ...(different('versions') > 1 ? ['Runs were trained with different versions of the packages.'] : []),
  ];
}

/** Whether an arm is the one that the others are held against. */
export function isBaseline({ baseline }: AblationReport, { name }: Pick<Arm, 'name'>): boolean {
  return name === baseline;
}
