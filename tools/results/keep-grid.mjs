import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keptResult } from './kept-result.mjs';

/** What a finished cell of a grid needs to be known again: its figures, and the rank that each query found. */
const cellFiles = ['cell.json', 'ranks.safetensors'];

/**
 * Keeps what a grid has so far: the comparison of its arms in `results/NAME.json`, its finished cells in `results/cells/NAME`. Copied to
 * `OUT/cells`, these are not trained again.
 * @param {string} results `docs/results`
 * @param {string} name
 * @param {string} grid folder that `uniecs ablate` wrote
 * @returns {number} cells kept
 */
export function keepGrid(results, name, grid) {
  const report = JSON.parse(readFileSync(join(grid, 'ablation.json'), 'utf8'));
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify(keptResult(report), null, 1)}\n`);
  const cells = join(grid, 'cells');
  const finished = readdirSync(cells).filter((cell) => cellFiles.every((file) => existsSync(join(cells, cell, file))));
  for (const cell of finished) {
    const kept = join(results, 'cells', name, cell);
    mkdirSync(kept, { recursive: true });
    for (const file of cellFiles) copyFileSync(join(cells, cell, file), join(kept, file));
  }
  return finished.length;
}
