import { type Benchmark, type BenchmarkValues, type PublishedTasks, publishedTables } from '@uniecs/mbeer';
import { deviationOf, meanOfNumbers } from '../ablation/recall-rows.js';
import type { ReproductionManifest } from './reproduction-manifest.js';
import { importedMethods, type MeasuredMethod, type Table1Run } from './table1-report.js';

/** Values by benchmark, then by task. */
export type ByBenchmark = Readonly<Record<string, Readonly<Record<string, BenchmarkValues>>>>;

/** What a row of Table 3 was measured with. */
export interface MeasuredBenchmarks extends Pick<MeasuredMethod, 'name' | 'kind' | 'dimension' | 'parameters'> {
  /** An entry a seed, or one for what has none. */
  readonly runs: readonly (Pick<Table1Run, 'seed' | 'from'> & { readonly recall: ByBenchmark })[];
}

/** A row of Table 3. */
export interface Table3Row extends Partial<Omit<MeasuredBenchmarks, 'name' | 'kind'>> {
  readonly name: string;
  readonly kind: MeasuredBenchmarks['kind'] | 'empty';
  /** What is to be done about an empty row. */
  readonly note?: string;
  readonly mean: ByBenchmark | null;
  /** Over seeds (n - 1); `null` values for one. */
  readonly deviation: ByBenchmark | null;
  /** What the paper prints of it, by benchmark and task: Recall at 1, 5 and 10; empty for a method that it does not have. */
  readonly published: Readonly<Record<string, Readonly<Record<string, readonly (number | null)[]>>>>;
}

/** The content of `table3.json`. */
export interface Table3Report {
  readonly version: 1;
  readonly what: 'table3';
  /** The columns: tasks of the benchmarks that were given. A task of several parts, FashionIQ's categories, is their mean. */
  readonly columns: readonly { readonly benchmark: string; readonly task: string }[];
  /** Of each benchmark how many queries and candidates its tasks have. */
  readonly benchmarks: Readonly<
    Record<string, readonly { readonly task: string; readonly queries: number; readonly candidates: number }[]>
  >;
  readonly rows: readonly Table3Row[];
  readonly paper: string;
  readonly warnings: readonly string[];
  readonly manifest: ReproductionManifest;
}

/** What a report of Table 3 is made of. */
export interface Table3Content {
  readonly benchmarks: readonly Benchmark[];
  /** Names of the methods that are trained or given, without results as well. */
  readonly methods: readonly string[];
  readonly measured: readonly MeasuredBenchmarks[];
  readonly manifest: ReproductionManifest;
  /** What is to be done about a method without a result. */
  readonly missing: (name: string) => string;
}

/** Table 3: the paper's methods in its order, each with a row whether it was measured or not, then others. */
export function table3Report({ benchmarks, methods, measured, manifest, missing }: Table3Content): Table3Report {
  const paper = Object.keys(publishedTables.methods).flatMap((name) =>
    name === 'UniECS' ? [name, 'UniECS paper'] : [name],
  );
  const wanted = paper.filter((name) => methods.includes(name) || importedMethods.includes(name));
  const names = [...new Set([...wanted, ...methods, ...measured.map(({ name }) => name)])];
  const columns = benchmarks.flatMap(({ name: benchmark, tasks }) =>
    [...new Set(tasks.map(({ name }) => name.split(' ', 1)[0] as string))].map((task) => ({ benchmark, task })),
  );
  return {
    ...{ version: 1, what: 'table3', columns },
    benchmarks: Object.fromEntries(
      benchmarks.map(({ name, tasks }) => [
        name,
        tasks.map((task) => ({ task: task.name, queries: task.queries.length, candidates: task.candidates.length })),
      ]),
    ),
    rows: names.map((name) =>
      rowOf(
        name,
        measured.find((one) => one.name === name),
        missing,
      ),
    ),
    paper: publishedTables.paper,
    warnings: [],
    manifest,
  };
}

function rowOf(name: string, found: MeasuredBenchmarks | undefined, missing: (name: string) => string): Table3Row {
  const method = name === 'UniECS paper' ? 'UniECS' : name;
  const tables: Readonly<Record<string, PublishedTasks>> = publishedTables.table3;
  const published = Object.fromEntries(
    Object.entries(tables).map(([benchmark, tasks]) => [
      benchmark,
      Object.fromEntries(
        Object.entries(tasks).flatMap(([task, rows]) => (rows[method] ? [[task, rows[method]] as const] : [])),
      ),
    ]),
  );
  if (!found) return { name, kind: 'empty', note: missing(name), mean: null, deviation: null, published };
  const recalls = found.runs.map(({ recall }) => recall);
  return { ...found, mean: over(recalls, meanOfNumbers), deviation: over(recalls, deviationOf), published };
}

/** Value by value what several seeds come to. */
function over(recalls: readonly ByBenchmark[], of: (values: readonly number[]) => number | null): ByBenchmark {
  const [first = {}] = recalls;
  return Object.fromEntries(
    Object.entries(first).map(([benchmark, tasks]) => [
      benchmark,
      Object.fromEntries(
        Object.entries(tasks).map(([task, values]) => [
          task,
          Object.fromEntries(
            (Object.keys(values) as (keyof BenchmarkValues)[]).map((column) => {
              const found = recalls.map((recall) => recall[benchmark]?.[task]?.[column] ?? null);
              const numbers = found.filter((value) => value !== null);
              return [column, numbers.length === 0 ? null : of(numbers)];
            }),
          ),
        ]),
      ),
    ]),
  );
}
