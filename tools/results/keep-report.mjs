import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keptResult } from './kept-result.mjs';

/**
 * Keeps a report that is no grid, `beyond-text.json` or `missing.json`, as `results/NAME.json`.
 * @param {string} results `docs/results`
 * @param {string} name
 * @param {string} file
 */
export function keepReport(results, name, file) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const text =
    report.what === 'missing'
      ? JSON.stringify(keptResult(curvesOf(report)))
      : JSON.stringify(keptResult(report), null, 1);
  writeFileSync(join(results, `${name}.json`), `${text}\n`);
}

/**
 * The curves alone, Recall@10 of all items: what the other columns hold can be had again by the command.
 * @param {import('./missing-table.mjs').MissingResult & Record<string, unknown>} report
 */
function curvesOf({ models, ...rest }) {
  const curve = (/** @type {import('./missing-table.mjs').ConditionResult} */ { all }) => ({
    all: Object.fromEntries(Object.entries(all).map(([row, values]) => [row, { 'R@10': values['R@10'] }])),
  });
  const runs = models.map(({ name, runs: seeds }) => ({
    name,
    runs: seeds.map(({ results, ...of }) => ({ ...of, results: results.map(curve) })),
  }));
  return { ...rest, models: runs };
}
