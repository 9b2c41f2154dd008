import { seededRandom, UniecsError } from '@uniecs/tensor';
import { commonQueries, type HitDifferences, hitDifferences, type RankedQueries } from './hit-differences.js';
import { quantile } from './quantile.js';

/** What is compared, and how often queries are drawn. */
export interface BootstrapOptions {
  /** The system that is judged, an entry a training seed. */
  readonly system: readonly RankedQueries[];
  /** What it is held against, paired with `system` entry by entry. */
  readonly baseline: readonly RankedQueries[];
  /** What is averaged: names of tasks by a name of yours; default each task by itself, and `mean` over all of them. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  /** The K of Recall@K; default 1, 5 and 10. */
  readonly ks?: readonly number[];
  /** Resamples, from 1; default 5,000. */
  readonly resamples?: number;
  /** Coverage of the intervals, above 0 and below 1; default 0.95. */
  readonly confidence?: number;
  /** Of the draws; default 7. */
  readonly seed?: number;
}

/** A difference of recall, system minus baseline, with its percentile interval; in [-1, 1]. */
export interface DifferenceInterval {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/** By group and by `R@1`; `null` where no task of the group has a query. */
export type GroupIntervals = Readonly<Record<string, Readonly<Record<`R@${number}`, DifferenceInterval | null>>>>;

/**
 * The paired bootstrap over queries: how much the difference of two systems' Recall@K would vary with other queries of the same kind.
 *
 * With `d_q = mean over seeds of (hit of the system - hit of the baseline)` of query q in a task, the difference is the unweighted mean
 * over the group's tasks of the mean of d_q over the task's queries. A resample draws as many pairs as there are, with replacement, and
 * takes each with all of its tasks, seeds and both systems: these share their queries, so they are not independent. The interval holds the
 * middle `confidence` of the resampled differences (quantiles interpolated linearly).
 *
 * It covers the choice of queries alone. Candidates stay as they are, and so do the trained models: how much the seed of training matters
 * is not in it.
 *
 * @throws UniecsError `argument` where systems have no or not equally many seeds, other queries or tasks, a group names a task that they
 *   do not have, or an option is out of range
 */
export function pairedBootstrap(options: BootstrapOptions): GroupIntervals {
  const { system, baseline, ks = [1, 5, 10], resamples = 5000, confidence = 0.95, seed = 7 } = options;
  checkRange('resamples', 'a whole number from 1', resamples, Number.isSafeInteger(resamples) && resamples >= 1);
  checkRange('confidence', 'above 0 and below 1', confidence, confidence > 0 && confidence < 1);
  const tasks = commonQueries(system, baseline);
  const names = tasks.map(({ name }) => name);
  const groups = options.groups ?? { ...Object.fromEntries(names.map((name) => [name, [name]])), mean: names };
  const differences = hitDifferences(system, baseline, tasks, ks);
  const statistics = Object.entries(groups).flatMap(([group, taskNames]) => {
    const members = taskNames.map((name) => positionOf(name, names));
    return ks.map((k, column) => {
      const of = (sums: Float64Array) => groupMean(members, column, sums, differences);
      return { group, k, of, difference: of(differences.total), drawn: new Float64Array(resamples) };
    });
  });
  const random = seededRandom(seed);
  const sums = new Float64Array(differences.columns);
  for (let resample = 0; resample < resamples; resample++) {
    drawSums(differences, random.integer, sums);
    for (const { of, drawn } of statistics) drawn[resample] = of(sums);
  }
  const tail = (1 - confidence) / 2;
  const found: Record<string, Record<`R@${number}`, DifferenceInterval | null>> = {};
  for (const { group, k, difference, drawn } of statistics) {
    // A resample in which no task of the group has a query says nothing.
    const sorted = drawn.filter((value) => !Number.isNaN(value)).sort();
    const interval = { difference, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
    found[group] = { ...found[group], [`R@${k}`]: Number.isNaN(difference) ? null : interval };
  }
  return found;
}

/** The sums over as many drawn pairs as there are. */
function drawSums({ pairs, rows, at, value }: HitDifferences, draw: (below: number) => number, sums: Float64Array) {
  sums.fill(0);
  for (let i = 0; i < pairs; i++) {
    const pair = draw(pairs);
    const end = rows[pair + 1] as number;
    for (let j = rows[pair] as number; j < end; j++) (sums[at[j] as number] as number) += value[j] as number;
  }
}

/** The mean over a group's tasks that have a query; NaN where none has. */
function groupMean(group: readonly number[], k: number, sums: Float64Array, differences: HitDifferences): number {
  const { ks, seeds, countColumns, counts } = differences;
  let [sum, tasks] = [0, 0];
  for (const task of group) {
    const countColumn = countColumns[task] as number;
    const queries = countColumn < 0 ? (counts[task] as number) : (sums[countColumn] as number);
    if (queries === 0) continue;
    sum += (sums[task * ks + k] as number) / (queries * seeds);
    tasks++;
  }
  return tasks === 0 ? Number.NaN : sum / tasks;
}

function positionOf(name: string, names: readonly string[]): number {
  const position = names.indexOf(name);
  checkRange('groups', `of the tasks ${names.join(', ')}`, `'${name}'`, position >= 0);
  return position;
}

function checkRange(name: string, expected: string, got: number | string, holds: boolean): void {
  if (holds) return;
  throw new UniecsError({
    code: 'argument',
    where: 'pairedBootstrap',
    expected: `${name} to be ${expected}`,
    got: `${got}`,
    hint: 'correct the option',
  });
}
