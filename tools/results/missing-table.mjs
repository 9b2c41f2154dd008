import { markdownTable } from '../bench/table.mjs';
import { mean, shown } from './numbers.mjs';

/** @typedef {{ kind: string, modality: string, share: number }} Condition */
/** @typedef {{ all: Record<string, { 'R@10': number | null }> }} ConditionResult */
/**
 * What the table needs of `missing.json`.
 * @typedef {{ conditions: Condition[], models: { name: string, runs: { results: ConditionResult[] }[] }[] }} MissingResult
 */

/** What a share of the products suffer. */
const sayings = /** @type {Record<string, string>} */ ({
  'missing image': 'no image',
  'missing text': 'no title',
  'noisy image': "another's image",
  'noisy text': "another's title",
});

/** A row's mean over the seeds; null where one has none. @param {ConditionResult[]} results @param {string} row */
function over(results, row) {
  const values = results.map(({ all }) => all[row]?.['R@10'] ?? null);
  return values.some((value) => value === null) ? null : mean(/** @type {number[]} */ (values));
}

/**
 * Recall@10 over the share of products that lack a modality or have a wrong one: a row a way and model, a column a share, the mean over
 * the nine tasks and over the image-sided five, over seeds. Every item counts: where it lacks what a task asks for, what it has stands in.
 * @param {MissingResult} result
 */
export function missingTable({ conditions, models }) {
  const ways = [...new Set(conditions.map(({ kind, modality }) => `${kind} ${modality}`))];
  const shares = [...new Set(conditions.map(({ share }) => share))].sort((a, b) => a - b);
  const rows = ways.flatMap((way) =>
    models.map(({ name, runs }) => [
      ...[sayings[way] ?? way, name],
      ...shares.map((share) => {
        const i = conditions.findIndex((one) => `${one.kind} ${one.modality}` === way && one.share === share);
        const results = runs.flatMap((run) => run.results[i] ?? []);
        if (results.length === 0) return '-';
        return `${shown(over(results, 'mean'))} / ${shown(over(results, 'imageSided'))}`;
      }),
    ]),
  );
  return markdownTable([['products with', 'model', ...shares.map((share) => `${share * 100} %`)], ...rows]);
}
