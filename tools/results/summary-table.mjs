import { markdownTable } from '../bench/table.mjs';
import { shown, signed } from './numbers.mjs';

/** @typedef {{ difference: number, low: number, high: number, deviation: number | null }} Difference */
/** @typedef {Record<string, { 'R@10': number | null }>} Recall by task, and `mean` and `imageSided` */
/**
 * What the tables need of `ablation.json`.
 * @typedef {{
 *   name: string, seeds: number[], mean: Recall | null, deviation: Recall | null,
 *   difference: Record<string, { 'R@10': Difference | null }> | null,
 *   cells: { status: string, seconds?: number, parameters?: number }[],
 * }} ArmResult
 * @typedef {{ baseline: string, split: string, seeds: number[], bootstrap: { confidence: number }, arms: ArmResult[] }} AblationResult
 */

/** The nine tasks and their means, in the order of the table's columns. */
const columns = ['mean', 'imageSided', 'v->v', 'v->t', 'v->vt', 't->v', 'vt->v', 't->t', 't->vt', 'vt->t', 'vt->vt'];

/** A difference with its interval, and over seeds its deviation. @param {Difference | null | undefined} cell */
const differenceCell = (cell) => {
  if (!cell) return '-';
  const { difference, low, high, deviation } = cell;
  const spread = deviation === null ? '' : ` ± ${deviation.toFixed(3)}`;
  return `${signed(difference)} [${signed(low)}, ${signed(high)}]${spread}`;
};

/** Minutes of training a run. @param {ArmResult['cells']} cells */
const minutes = (cells) => {
  const known = cells.flatMap(({ seconds }) => (seconds === undefined ? [] : [seconds]));
  return known.length === 0 ? '-' : (known.reduce((sum, x) => sum + x) / known.length / 60).toFixed(1);
};

/**
 * An ablation in one table: a row for each arm, Recall@10 by task and in the mean over seeds, and how the means differ from the baseline's.
 * @param {AblationResult} result
 */
export function summaryTable({ arms, baseline, split, bootstrap: { confidence } }) {
  const heading = [
    ...['arm', 'seeds', ...columns.map((name) => (name === 'imageSided' ? 'image-sided five' : name))],
    ...[`mean, less ${baseline}`, `five, less ${baseline}`, 'minutes'],
  ];
  const rows = arms.map(({ name, seeds, mean, deviation, difference, cells }) => [
    ...[name, `${seeds.length}`],
    ...columns.map((column) => {
      const spread = deviation?.[column]?.['R@10'];
      const marked = (column === 'mean' || column === 'imageSided') && typeof spread === 'number';
      return `${shown(mean?.[column]?.['R@10'])}${marked ? ` ± ${spread.toFixed(3)}` : ''}`;
    }),
    ...['mean', 'imageSided'].map((column) => differenceCell(difference?.[column]?.['R@10'])),
    minutes(cells),
  ]);
  const interval = `${Math.round(100 * confidence)} %`;
  return `${markdownTable([heading, ...rows])}\n\nRecall@10 (hit@10: the partner is among the ten best) on the ${split} pairs, mean over seeds; behind ± the standard deviation over seeds; in brackets the ${interval} interval of a paired bootstrap over queries.`;
}
