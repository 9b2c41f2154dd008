import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cellCurve } from './cell-curve.mjs';
import { keptResult } from './kept-result.mjs';

/** What a finished cell of a grid needs to be known again: its figures, and the rank that each query found. */
const cellFiles = ['cell.json', 'ranks.safetensors'];
/** The cell's course, made of the log of its run. */
const curveFile = 'curve.json';

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
  const cells = join(grid, 'cells');
  const finished = readdirSync(cells).filter((cell) => cellFiles.every((file) => existsSync(join(cells, cell, file))));
  for (const cell of finished) {
    const kept = join(results, 'cells', name, cell);
    mkdirSync(kept, { recursive: true });
    for (const file of cellFiles) copyFileSync(join(cells, cell, file), join(kept, file));
    const log = join(cells, cell, 'metrics.jsonl');
    if (existsSync(log))
      writeFileSync(join(kept, curveFile), `${JSON.stringify(cellCurve(readFileSync(log, 'utf8')))}\n`);
  }
  for (const cell of report.arms.flatMap((/** @type {{ cells: object[] }} */ arm) => arm.cells)) {
    const curve = join(results, 'cells', name, basename(cell.folder), curveFile);
    if (cell.status === 'finished' && existsSync(curve)) cell.curve = JSON.parse(readFileSync(curve, 'utf8'));
  }
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify(keptResult(report), null, 1)}\n`);
  return finished.length;
}
