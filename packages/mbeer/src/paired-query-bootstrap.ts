import { seededRandom, UniecsError } from '@uniecs/tensor';
import type { BootstrapOptions, DifferenceInterval } from './paired-bootstrap.js';
import { quantile } from './quantile.js';

/** A measure of ranked queries, `(ranks) => ndcgAtK(ranks, 10)` say: a mean over the queries; `null` where none counts. */
export type QueryMeasure = (ranks: readonly ArrayLike<number>[]) => number | null;

/** What is compared. */
export interface QueryBootstrapOptions extends Pick<BootstrapOptions, 'resamples' | 'confidence' | 'seed'> {
  /** The system that is judged: an entry a training seed, of each query the ranks of its relevant candidates. */
  readonly system: readonly (readonly ArrayLike<number>[])[];
  /** What it is held against, paired with `system` entry by entry, with the same queries. */
  readonly baseline: readonly (readonly ArrayLike<number>[])[];
  /** By names of yours. */
  readonly measures: Readonly<Record<string, QueryMeasure>>;
}

const where = 'pairedQueryBootstrap';

/**
 * The paired bootstrap for queries with several relevant candidates. With `d_q = mean over seeds of (measure of the system - measure of the
 * baseline)` of query q, the difference is the mean of d_q; a resample draws as many queries as there are, with replacement, the same for
 * all measures, and the interval holds the middle `confidence` of the resampled means (quantiles interpolated linearly).
 *
 * As `pairedBootstrap`, it covers the choice of queries alone, not the seed of training.
 *
 * @returns by measure; `null` where no query counts
 * @throws UniecsError `argument` where systems have no or not equally many seeds or other queries, or an option is out of range
 */
export function pairedQueryBootstrap(options: QueryBootstrapOptions): Record<string, DifferenceInterval | null> {
  const { system, baseline, measures, resamples = 5000, confidence = 0.95, seed = 7 } = options;
  check('resamples to be a whole number from 1', resamples, Number.isSafeInteger(resamples) && resamples >= 1);
  check('confidence to be above 0 and below 1', confidence, confidence > 0 && confidence < 1);
  const queries = baseline[0]?.length ?? 0;
  const seeds = `${system.length} and ${baseline.length}`;
  check(
    'as many seeds of the system as of the baseline',
    seeds,
    system.length === baseline.length && system.length > 0,
  );
  for (const ranks of [...system, ...baseline])
    check(`ranks of ${queries} queries`, ranks.length, ranks.length === queries);
  const counted = Array.from({ length: queries }, (_, q) => q).filter((q) => (baseline[0]?.[q]?.length ?? 0) > 0);
  const names = Object.keys(measures);
  if (counted.length === 0) return Object.fromEntries(names.map((name) => [name, null]));

  const differences = names.map((name) => {
    const measure = measures[name] as QueryMeasure;
    const of = (all: typeof system, q: number) =>
      all.reduce((sum, ranks) => sum + (measure([ranks[q] as ArrayLike<number>]) ?? 0), 0) / all.length;
    return Float64Array.from(counted, (q) => of(system, q) - of(baseline, q));
  });
  const random = seededRandom(seed);
  const drawn = names.map(() => new Float64Array(resamples));
  for (let resample = 0; resample < resamples; resample++) {
    const sums = new Float64Array(names.length);
    for (let i = 0; i < counted.length; i++) {
      const q = random.integer(counted.length);
      for (let m = 0; m < names.length; m++) (sums[m] as number) += (differences[m] as Float64Array)[q] as number;
    }
    for (let m = 0; m < names.length; m++) {
      (drawn[m] as Float64Array)[resample] = (sums[m] as number) / counted.length;
    }
  }
  const tail = (1 - confidence) / 2;
  return Object.fromEntries(
    names.map((name, m) => {
      const sorted = (drawn[m] as Float64Array).sort();
      const difference = (differences[m] as Float64Array).reduce((sum, d) => sum + d, 0) / counted.length;
      return [name, { difference, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) }];
    }),
  );
}

function check(expected: string, got: number | string, holds: boolean): void {
  if (holds) return;
  throw new UniecsError({ code: 'argument', where, expected, got: `${got}`, hint: 'correct the option' });
}
