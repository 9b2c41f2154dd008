import type { SameStyleResult } from './same-style-coverage.js';

/** SCR@K of a catalogue. */
export interface SameStyleReport {
  readonly version: 1;
  readonly items: number;
  /** Distinct style groups of more than one item. */
  readonly groups: number;
  /** What the groups are by. */
  readonly style: string;
  readonly tasks: Readonly<
    Record<
      string,
      {
        readonly queries: number;
        readonly candidates: number;
        /** By `SCR@K`. */
        readonly coverage: Readonly<Record<string, number | null>>;
        readonly attainable: Readonly<Record<string, number | null>>;
      }
    >
  >;
}

/** What the columns are, for below the table. */
export const coverageMeaning =
  "SCR@K: share of the K best that is of the query's own style group, the query itself left out; most: what it could be at most, since groups may have fewer than K others; ties count against the query.";

/** The report of some results. */
export function sameStyleReport(
  results: readonly SameStyleResult[],
  { groups, ks, style }: { readonly groups: ArrayLike<number>; readonly ks: readonly number[]; readonly style: string },
): SameStyleReport {
  const sizes = new Map<number, number>();
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i] as number;
    if (group >= 0) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  const named = (values: readonly (number | null)[]) =>
    Object.fromEntries(ks.map((k, i) => [`SCR@${k}`, values[i] ?? null]));
  return {
    version: 1,
    items: groups.length,
    groups: [...sizes.values()].filter((size) => size > 1).length,
    style,
    tasks: Object.fromEntries(
      results.map(({ task, queries, candidates, coverage, attainable }) => [
        task.name,
        { queries, candidates, coverage: named(coverage), attainable: named(attainable) },
      ]),
    ),
  };
}

/** The report as a table for a terminal: a row a task, three decimals, `-` where no query counted. */
export function formatSameStyleTable({ tasks }: SameStyleReport): string {
  const names = Object.keys(Object.values(tasks)[0]?.coverage ?? {});
  const shown = (value: number | null | undefined) => (typeof value === 'number' ? value.toFixed(3) : '-');
  const head = ['task', ...names.flatMap((name) => [name, 'most']), 'queries', 'candidates'];
  const rows = Object.entries(tasks).map(([task, { coverage, attainable, queries, candidates }]) => [
    task,
    ...names.flatMap((name) => [shown(coverage[name]), shown(attainable[name])]),
    `${queries}`,
    `${candidates}`,
  ]);
  const widths = head.map((_, c) => Math.max(...[head, ...rows].map((row) => (row[c] as string).length)));
  const line = (row: readonly string[]) =>
    row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c] as number) : cell.padStart(widths[c] as number))).join('  ');
  return [head, ...rows].map(line).join('\n');
}
