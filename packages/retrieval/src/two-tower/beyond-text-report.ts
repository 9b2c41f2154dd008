import {
  type DifferenceInterval,
  hitAtK,
  meanRecallAtK,
  ndcgAtK,
  pairedQueryBootstrap,
  type QueryMeasure,
} from '@uniecs/mbeer';
import { type QueryRanks, queryKs } from './query-ranks.js';
import { type JudgedReports, judgedSplits, type RecipeCell, type RecipeResult } from './recipe-cell.js';
import type { StoredRecipe } from './recipe-folder.js';
import type { TwoTowerArm } from './two-tower-settings.js';

/** Measures by name, `nDCG@10` say; `null` where no query counts. */
export type Measures = Readonly<Record<string, number | null>>;

/** Measures of both parts. */
export type SplitMeasures = Readonly<Record<keyof JudgedReports, Measures>>;

/** A run in the report. */
export type RunReport = { readonly seed: number; readonly folder: string } & (
  | ({ readonly status: 'finished' } & Pick<RecipeResult, 'stages' | 'parameters' | 'device' | 'versions'> & {
        readonly values: SplitMeasures;
      })
  | { readonly status: 'unfinished' }
);

/** A difference from the baseline on test. */
export interface ArmGap extends DifferenceInterval {
  /** Standard deviation of the difference over seeds (n - 1); `null` for one. */
  readonly deviation: number | null;
}

/** An arm in the report; what needs a finished run is `null` where there is none. */
export interface ArmOutcome extends TwoTowerArm {
  readonly runs: readonly RunReport[];
  /** Seeds that are finished. */
  readonly seeds: readonly number[];
  /** Means over them. */
  readonly mean: SplitMeasures | null;
  /** Standard deviations over them (n - 1); `null` values for one. */
  readonly deviation: SplitMeasures | null;
  /** Means over seeds on test by kind of query. */
  readonly kinds: Readonly<Record<string, Measures>> | null;
  /** Means over seeds after stage 1 alone, with title and image joined by the sum of their embeddings. */
  readonly afterAlignment: SplitMeasures | null;
  /** By measure, arm minus baseline over the seeds that both have. */
  readonly gap: Readonly<Record<string, ArmGap | null>> | null;
}

/** The content of `beyond-text.json`. */
export interface BeyondTextReport {
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly writtenAt: string;
  readonly recipe: StoredRecipe;
  /** The arm that the others are held against. */
  readonly baseline: string;
  readonly bootstrap: { readonly resamples: number; readonly confidence: number; readonly seed: number };
  readonly runs: { readonly planned: number; readonly finished: number };
  /** What a reader must know before believing the rest. */
  readonly warnings: readonly string[];
  readonly arms: readonly ArmOutcome[];
}

/** A cell as its folder shows it. */
export interface CellFound {
  readonly cell: RecipeCell;
  readonly finished?: { readonly result: RecipeResult; readonly ranks: QueryRanks };
}

/** Measures that arms are compared by. */
const compared: Readonly<Record<string, QueryMeasure>> = Object.fromEntries(
  queryKs.flatMap((k): [string, QueryMeasure][] => [
    [`hit@${k}`, (ranks) => hitAtK(ranks, k)],
    [`R@${k}`, (ranks) => meanRecallAtK(ranks, k)],
    [`nDCG@${k}`, (ranks) => ndcgAtK(ranks, k)],
  ]),
);

/** The comparison of a recipe's arms. A run without a result takes no part, and nothing stands in its place. */
export function beyondTextReport(recipe: StoredRecipe, found: readonly CellFound[]): BeyondTextReport {
  const bootstrap = { resamples: 5000, confidence: 0.95, seed: 7 };
  const baseline = recipe.arms[0]?.name ?? '';
  const finishedOf = (name: string) =>
    new Map(found.flatMap(({ cell, finished }) => (cell.arm.name === name && finished ? [[cell.seed, finished]] : [])));
  const ofBaseline = finishedOf(baseline);
  const arms = recipe.arms.map((arm): ArmOutcome => {
    const own = finishedOf(arm.name);
    const results = [...own.values()].map(({ result }) => result);
    const paired = arm.name === baseline ? [] : [...own.keys()].filter((seed) => ofBaseline.has(seed));
    const any = results.length > 0;
    const aligned = results.flatMap(({ afterAlignment }) => afterAlignment ?? []);
    return {
      ...arm,
      runs: found.filter(({ cell }) => cell.arm.name === arm.name).map(runReport),
      seeds: [...own.keys()],
      mean: any ? overSplits(results, meanOf) : null,
      deviation: any ? overSplits(results, deviationOf) : null,
      kinds: any ? kindsOf(results) : null,
      afterAlignment: aligned.length > 0 ? overSplits(aligned, meanOf) : null,
      gap: paired.length === 0 ? null : gapOf(paired, own, ofBaseline, bootstrap),
    };
  });
  const finished = found.filter((one) => one.finished).length;
  return {
    ...{ version: 1, writtenAt: new Date().toISOString(), recipe, baseline, bootstrap },
    runs: { planned: found.length, finished },
    warnings: warningsOf(recipe, arms),
    arms,
  };
}

function runReport({ cell: { seed, folder }, finished }: CellFound): RunReport {
  if (!finished) return { seed, folder, status: 'unfinished' };
  const { stages, parameters, device, versions, validation, test } = finished.result;
  const values = { validation: validation.values, test: test.values };
  return { seed, folder, status: 'finished', stages, parameters, device, versions, values };
}

function overSplits(
  results: readonly JudgedReports[],
  of: (values: readonly number[]) => number | null,
): SplitMeasures {
  const one = (split: keyof JudgedReports) =>
    overSeeds(
      results.map((result) => result[split].values),
      of,
    );
  const [validation, test] = judgedSplits.map(one) as [Measures, Measures];
  return { validation, test };
}

function kindsOf(results: readonly RecipeResult[]): Record<string, Measures> {
  const names = Object.keys(results[0]?.test.kinds ?? {});
  return Object.fromEntries(
    names.map((name) => [
      name,
      overSeeds(
        results.map(({ test }) => test.kinds[name]?.values ?? {}),
        meanOf,
      ),
    ]),
  );
}

function overSeeds(all: readonly Measures[], of: (values: readonly number[]) => number | null): Measures {
  return Object.fromEntries(
    Object.keys(all[0] ?? {}).map((name) => {
      const values = all.flatMap((one) => one[name] ?? []);
      return [name, values.length === 0 ? null : of(values)];
    }),
  );
}

type Finished = ReadonlyMap<number, NonNullable<CellFound['finished']>>;

function gapOf(
  seeds: readonly number[],
  own: Finished,
  other: Finished,
  bootstrap: BeyondTextReport['bootstrap'],
): Record<string, ArmGap | null> {
  const of = (all: Finished) => seeds.map((seed) => all.get(seed) as NonNullable<CellFound['finished']>);
  const ranks = (all: Finished) => of(all).map((finished) => finished.ranks);
  const intervals = pairedQueryBootstrap({
    ...{ system: ranks(own), baseline: ranks(other), measures: compared, ...bootstrap },
  });
  return Object.fromEntries(
    Object.entries(intervals).map(([name, interval]) => {
      const value = (all: Finished) => of(all).map(({ result }) => result.test.values[name] ?? 0);
      const [a, b] = [value(own), value(other)];
      const deviation = deviationOf(a.map((one, i) => one - (b[i] as number)));
      return [name, interval && { ...interval, deviation }];
    }),
  );
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The sample's standard deviation. */
function deviationOf(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

function warningsOf({ init }: StoredRecipe, arms: readonly ArmOutcome[]): string[] {
  const runs = arms.flatMap((arm) => arm.runs);
  const open = runs.filter(({ status }) => status === 'unfinished').length;
  const different = (of: 'device' | 'versions') =>
    new Set(runs.flatMap((run) => (run.status === 'finished' ? [JSON.stringify(run[of])] : []))).size;
  const frozen = arms.some(({ encoders }) => encoders === 'frozen');
  return [
    ...(frozen && init === undefined
      ? ['Encoders start from a random draw, so frozen encoders are random ones: no pretraining is compared here.']
      : []),
    ...(open > 0 ? [`${open} of ${runs.length} runs have no result yet.`] : []),
    ...(different('device') > 1 ? ['Runs were trained on different devices.'] : []),
    ...(different('versions') > 1 ? ['Runs were trained with different versions of the packages.'] : []),
  ];
}
