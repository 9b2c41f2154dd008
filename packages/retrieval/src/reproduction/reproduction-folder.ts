import { join } from 'node:path';
import { makeFolder, writeFileAtomic } from '@uniecs/tensor/node';
import { readGrid, type StoredGrid } from '../ablation/grid-folder.js';

/** What of the paper can be reproduced. */
export const reproductions = [
  'table1',
  'table3',
  'table4',
  'figure3',
  'figure4',
  'figure5',
  'figure6',
  'missing',
] as const;

/** A table or figure of the paper, or the curves over missing and noisy modalities. */
export type Reproduction = (typeof reproductions)[number];

/** Holds what was measured of models, so that a page is made again without them. */
export const keptFolder = 'kept';

/** What reproductions leave in a folder beside its grid: they share one, so that each model is trained once. */
export const besideGrid: readonly string[] = [
  ...reproductions.flatMap((what) => [`${what}.json`, `${what}.html`]),
  keptFolder,
];

/**
 * Whether a reproduction may write to a folder: a new one, or one that holds nothing but a grid and what reproductions leave.
 *
 * @returns the folder's grid, where it has one
 * @throws UniecsError `file` for a folder that holds something else
 */
export function checkReproductionFolder(out: string): Promise<StoredGrid | undefined> {
  return readGrid(out, besideGrid);
}

/** Where a reproduction is written. */
export interface ReproductionFiles {
  readonly json: string;
  readonly page: string;
}

/** Writes `<what>.json` and `<what>.html`, each whole or not at all. */
export async function writeReproduction(
  out: string,
  what: Reproduction,
  report: object,
  page: string,
): Promise<ReproductionFiles> {
  const files = { json: join(out, `${what}.json`), page: join(out, `${what}.html`) };
  await makeFolder(out);
  await writeFileAtomic(files.json, `${JSON.stringify(report, null, 2)}\n`);
  await writeFileAtomic(files.page, page);
  return files;
}
