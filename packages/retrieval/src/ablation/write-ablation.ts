import { basename, join, resolve } from 'node:path';
import type { BootstrapOptions } from '@uniecs/mbeer';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { readManifest } from '../files/manifest.js';
import { readJson } from '../files/model-folder.js';
import { ablationPage } from './ablation-page.js';
import { type AblationReport, ablationReport, type CellOnDisk } from './ablation-report.js';
import { ablationTable } from './ablation-table.js';
import { cellFingerprint, readFinished } from './cell-files.js';
import { type Cell, cellsOf } from './grid.js';
import { ablationFiles, type StoredGrid } from './grid-folder.js';

/**
 * Writes `ablation.json`, `ablation.md` and `ablation.html` from a folder's grid and cells as they are now.
 *
 * @throws UniecsError `file` when the folder holds no grid, or a file cannot be read or written
 */
export async function writeAblation(
  out: string,
  bootstrap: Pick<BootstrapOptions, 'resamples' | 'confidence' | 'seed'> = {},
): Promise<AblationReport> {
  let written: { readonly standing: string; readonly report: AblationReport } | undefined;
  for (;;) {
    const grid = (await readJson(join(out, ablationFiles.grid), 'ablate')) as StoredGrid;
    const cells = await readCells(out, grid);
    const standing = JSON.stringify(cells.map(({ folder, status }) => [folder, status]));
    // Another process may have ended a cell and written its files while these were made: the last one to write has all cells.
    if (written?.standing === standing) return written.report;
    const report = ablationReport(grid, cells, bootstrap);
    await writeFileAtomic(join(out, ablationFiles.json), `${JSON.stringify(report, null, 2)}\n`);
    await writeFileAtomic(join(out, ablationFiles.table), ablationTable(report));
    await writeFileAtomic(join(out, ablationFiles.page), ablationPage(basename(resolve(out)), report));
    written = { standing, report };
  }
}

/** The cells of a grid as their folders in `out` show them. */
export function readCells(out: string, grid: StoredGrid): Promise<CellOnDisk[]> {
  return Promise.all(cellsOf(grid).map((cell) => readCellOf(out, grid, cell)));
}

async function readCellOf(out: string, grid: StoredGrid, cell: Cell): Promise<CellOnDisk> {
  const { arm, seed, folder } = cell;
  const path = join(out, folder);
  const finished = await readFinished(path, cellFingerprint(cell.settings, grid));
  if (finished) return { arm, seed, folder, status: 'finished', ...finished };
  const manifest = await readManifest(path);
  if (manifest?.status === 'failed') {
    return { arm, seed, folder, status: 'failed', reason: manifest.error ?? 'no reason is known' };
  }
  return { arm, seed, folder, status: manifest ? 'unfinished' : 'missing' };
}
