import { UniecsError } from '@uniecs/tensor';
import type { TaskResult } from './evaluate-tasks.js';
import { recallAtK } from './recall.js';

/** Ranks of the partners in each task; an `Evaluation` is one. */
export interface RankedQueries {
  /** How many pairs were given, before a task left any out. */
  readonly pairs: number;
  readonly results: readonly RankedTask[];
}

/** The ranks of one task, of the queries that counted in it. */
export interface RankedTask extends Pick<TaskResult, 'queryRows' | 'ranks'> {
  readonly task: { readonly name: string };
}

/** The queries of a task, by their rows. */
export interface TaskQueries {
  readonly name: string;
  readonly queryRows: Int32Array;
}

/**
 * Differences of hits by pair: of each pair what is not zero, in columns. Column `task * ks + k` holds the hits at the k-th K of the system
 * minus those of the baseline, summed over the seeds; `countColumns` the column that counts a task's queries, -1 where every pair is one.
 */
export interface HitDifferences {
  readonly pairs: number;
  readonly seeds: number;
  /** How many K. */
  readonly ks: number;
  readonly columns: number;
  readonly countColumns: readonly number[];
  /** Queries by task. */
  readonly counts: readonly number[];
  /** Pair i has the entries from `rows[i]` to `rows[i + 1]` of `at` (columns) and `value`. */
  readonly rows: Int32Array;
  readonly at: Int32Array;
  readonly value: Float64Array;
  /** The sums of all columns over all pairs. */
  readonly total: Float64Array;
}

/**
 * The queries that all of them have, task by task.
 *
 * @throws UniecsError `argument` where there is none, systems are not equally many, or they have other queries
 */
export function commonQueries(
  system: readonly RankedQueries[],
  baseline: readonly RankedQueries[],
): readonly TaskQueries[] {
  const [first] = baseline;
  if (first === undefined || system.length !== baseline.length) {
    throw fault(
      'as many evaluations of the system as of the baseline, at least one',
      `${system.length} and ${baseline.length}`,
    );
  }
  for (const { pairs, results } of [...system, ...baseline]) {
    if (pairs !== first.pairs) throw fault(`evaluations of the same ${first.pairs} pairs`, `one of ${pairs}`);
    const names = results.map(({ task }) => task.name).join(', ');
    const expected = first.results.map(({ task }) => task.name).join(', ');
    if (names !== expected) throw fault(`evaluations of the tasks ${expected}`, `one of ${names || 'none'}`);
    for (const [t, { task, queryRows, ranks }] of results.entries()) {
      const rows = first.results[t]?.queryRows as Int32Array;
      const same = queryRows.length === rows.length && queryRows.every((row, i) => row === rows[i]);
      if (!same || ranks.length !== rows.length) throw fault(`the same queries in ${task.name}`, 'others');
    }
  }
  return first.results.map(({ task, queryRows }) => ({ name: task.name, queryRows }));
}

/** The differences of hits at each K. */
export function hitDifferences(
  system: readonly RankedQueries[],
  baseline: readonly RankedQueries[],
  tasks: readonly TaskQueries[],
  ks: readonly number[],
): HitDifferences {
  for (const k of ks) recallAtK([], k);
  const pairs = baseline[0]?.pairs ?? 0;
  let columns = tasks.length * ks.length;
  const countColumns = tasks.map(({ queryRows }) => (queryRows.length === pairs ? -1 : columns++));
  const entries: [column: number, value: number][][] = Array.from({ length: pairs }, () => []);
  for (const [t, { queryRows }] of tasks.entries()) {
    const countColumn = countColumns[t] as number;
    for (const [i, row] of queryRows.entries()) {
      const own = entries[row] as [number, number][];
      for (const [column, k] of ks.entries()) {
        const hits = (all: readonly RankedQueries[]) =>
          all.reduce((sum, { results }) => sum + Number((results[t]?.ranks[i] as number) <= k), 0);
        const difference = hits(system) - hits(baseline);
        if (difference !== 0) own.push([t * ks.length + column, difference]);
      }
      if (countColumn >= 0) own.push([countColumn, 1]);
    }
  }
  const flat = entries.flat();
  const rows = new Int32Array(pairs + 1);
  for (const [i, own] of entries.entries()) rows[i + 1] = (rows[i] as number) + own.length;
  const total = new Float64Array(columns);
  for (const [column, value] of flat) (total[column] as number) += value;
  return {
    pairs,
    seeds: baseline.length,
    ks: ks.length,
    columns,
    countColumns,
    counts: tasks.map(({ queryRows }) => queryRows.length),
    rows,
    at: Int32Array.from(flat, ([column]) => column),
    value: Float64Array.from(flat, ([, value]) => value),
    total,
  };
}

function fault(expected: string, got: string): UniecsError {
  return new UniecsError({
    code: 'argument',
    where: 'pairedBootstrap',
    expected,
    got,
    hint: 'compare evaluations of the same pairs and tasks, the seeds paired',
  });
}
