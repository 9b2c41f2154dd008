import type { EvaluationReport } from '../report.js';
import { hitAtK, meanRecallAtK } from '../several-relevant.js';
import type { BenchmarkEvaluation } from './evaluate-benchmark.js';

/** Values by column: `R@1` (hit@1), and where queries have several relevant candidates `recall@1`; `null` where no query counted. */
export type BenchmarkValues = Readonly<Record<`R@${number}` | `recall@${number}`, number | null>>;

/** What `uniecs eval --dataset --json` writes: the form of an `EvaluationReport`, with what a benchmark has beside it. */
export interface BenchmarkReport extends Pick<EvaluationReport, 'version' | 'notCounted'> {
  readonly dataset: string;
  /** Queries with each of their relevant candidates. */
  readonly pairs: number;
  readonly tasks: Readonly<
    Record<
      string,
      BenchmarkValues & { readonly queries: number; readonly candidates: number; readonly relevant: number }
    >
  >;
  /** Unweighted mean over the tasks. */
  readonly mean: BenchmarkValues;
}

/**
 * The report of a benchmark's evaluation. `R@K` is hit@K: the share of queries of which a relevant candidate is among the K best. Where a
 * query has several, `recall@K` stands beside it: the mean share of a query's relevant candidates among the K best. `relevant` is how
 * many a query has, on average.
 *
 * @param notCounted names of tasks that the embeddings have no view for: they stand in the report without numbers
 */
export function benchmarkReport(
  { benchmark, results }: BenchmarkEvaluation,
  notCounted: readonly string[] = [],
): BenchmarkReport {
  const { name, ks } = benchmark;
  const several = results.some(({ ranks }) => ranks.some(({ length }) => length > 1));
  const values = (of: (k: number, kind: 'R' | 'recall') => number | null): BenchmarkValues =>
    Object.fromEntries(
      (several ? (['R', 'recall'] as const) : (['R'] as const)).flatMap((kind) =>
        ks.map((k) => [`${kind}@${k}`, of(k, kind)]),
      ),
    );
  const rows = results.map(({ task, ranks }) => {
    const own = values((k, kind) => (kind === 'R' ? hitAtK : meanRecallAtK)(ranks, k));
    const relevant = ranks.length === 0 ? 0 : ranks.reduce((sum, { length }) => sum + length, 0) / ranks.length;
    return [task.name, { ...own, queries: ranks.length, candidates: task.candidates.length, relevant }] as const;
  });
  const empty = notCounted.map(
    (task) => [task, { ...values(() => null), queries: 0, candidates: 0, relevant: 0 }] as const,
  );
  const mean = values((k, kind) => {
    const counted = rows.map(([, row]) => (row as BenchmarkValues)[`${kind}@${k}`] ?? null);
    const numbers = counted.filter((value) => value !== null);
    return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  });
  return {
    version: 1,
    dataset: name,
    pairs: results.reduce((sum, { ranks }) => sum + ranks.reduce((all, { length }) => all + length, 0), 0),
    tasks: Object.fromEntries([...rows, ...empty]),
    mean,
    ...(notCounted.length > 0 ? { notCounted } : {}),
  };
}

/** A report as a table for a terminal: a row a task, three decimals, `-` where no query counted; the mean; and what R@K is. */
export function formatBenchmarkTable(report: BenchmarkReport): string {
  const columns = Object.keys(report.mean) as (keyof BenchmarkValues)[];
  const values = (row: BenchmarkValues) => columns.map((column) => row[column]?.toFixed(3) ?? '-');
  const body = Object.entries(report.tasks).map(([name, row]) => [
    ...[name, ...values(row), `${row.queries}`, `${row.candidates}`],
    row.queries === 0 ? '-' : `${Number(row.relevant.toFixed(2))}`,
  ]);
  const header = [report.dataset, ...columns, 'queries', 'candidates', 'relevant'];
  const rows = [header, ...body, ['mean', ...values(report.mean), '', '', '']];
  const widths = header.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number))).join('  '),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const several = columns.some((column) => column.startsWith('recall'));
  const said = several
    ? 'R@K is hit@K: any relevant candidate among the first K; recall@K is the share of them.'
    : 'R@K is hit@K, which is Recall@K where a query has one relevant candidate.';
  return [lines[0], rule, ...lines.slice(1, -1), rule, lines.at(-1), said].map((line) => line?.trimEnd()).join('\n');
}
