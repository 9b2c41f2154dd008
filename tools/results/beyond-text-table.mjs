import { markdownTable } from '../bench/table.mjs';
import { shown, signed } from './numbers.mjs';

/** @typedef {Record<string, number | null>} Measures by name, `nDCG@10` say */
/** @typedef {{ difference: number, low: number, high: number, deviation: number | null }} Gap */
/**
 * What the tables need of `beyond-text.json`.
 * @typedef {{
 *   name: string, seeds: number[], mean: { test: Measures } | null, deviation: { test: Measures } | null,
 *   afterAlignment: { test: Measures } | null, kinds: Record<string, Measures> | null,
 *   gap: Record<string, Gap | null> | null, runs: { status: string, stages?: { seconds: number }[] }[],
 * }} ArmResult
 * @typedef {{
 *   baseline: string, bootstrap: { confidence: number }, arms: ArmResult[],
 *   recipe: { data: { test: { kinds: { kind: string, queries: number }[] } } },
 * }} BeyondTextResult
 */

const measures = ['R@10', 'R@50', 'nDCG@10', 'nDCG@50', 'hit@1', 'hit@10'];
const compared = 'nDCG@10';

const spread = (/** @type {number | null | undefined} */ value) =>
  typeof value === 'number' ? ` ± ${value.toFixed(3)}` : '';

/** Minutes of training a run. @param {ArmResult['runs']} runs */
const minutes = (runs) => {
  const known = runs.flatMap(({ stages }) => (stages ? [stages.reduce((sum, { seconds }) => sum + seconds, 0)] : []));
  return known.length === 0 ? '-' : (known.reduce((sum, x) => sum + x) / known.length / 60).toFixed(1);
};

/** A difference with its interval, and over seeds its deviation. @param {Gap | null | undefined} gap */
const gapCell = (gap) =>
  gap ? `${signed(gap.difference)} [${signed(gap.low)}, ${signed(gap.high)}]${spread(gap.deviation)}` : '-';

/**
 * The arms of the Beyond Text recipe in two tables: measures on test with the difference from the baseline, and one measure by kind of
 * query.
 * @param {BeyondTextResult} result
 */
export function beyondTextTable({ arms, baseline, bootstrap, recipe }) {
  const heading = ['arm', 'seeds', ...measures, `${compared}, less ${baseline}`, 'minutes'];
  const rows = arms.flatMap(({ name, seeds, mean, deviation, afterAlignment, gap, runs }) => [
    [
      ...[name, `${seeds.length}`],
      ...measures.map((measure) => `${shown(mean?.test[measure])}${spread(deviation?.test[measure])}`),
      ...[gapCell(gap?.[compared]), minutes(runs)],
    ],
    ...(afterAlignment
      ? [[`${name}, after stage 1`, '', ...measures.map((measure) => shown(afterAlignment.test[measure])), '', '']]
      : []),
  ]);
  const kinds = recipe.data.test.kinds.filter(({ queries }) => queries > 0);
  const byKind = arms.map(({ name, kinds: own }) => [name, ...kinds.map(({ kind }) => shown(own?.[kind]?.[compared]))]);
  const kindHeading = ['arm', ...kinds.map(({ kind, queries }) => `${kind} (${queries.toLocaleString('en-US')})`)];
  const interval = `${Math.round(100 * bootstrap.confidence)} %`;
  return [
    markdownTable([heading, ...rows]),
    `On the test products, mean over seeds; behind ± the standard deviation over seeds; in brackets the ${interval} interval of a paired bootstrap over queries.`,
    `${compared} by kind of query (how many):`,
    markdownTable([kindHeading, ...byKind]),
  ].join('\n\n');
}
