import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { canonicalJson } from '../files/canonical-json.js';
import { modelFiles, readJson, readTokenizer, type StoredConfig } from '../files/model-folder.js';
import { settingsFrom } from '../files/stored-encoders.js';
import { weightsDigest } from '../files/weights-digest.js';
import { ofArm } from './check-grid.js';
import { cellsOf, type Grid } from './grid.js';

/** The model folder whose encoders the cells of a grid start from, by content: its model's shapes, tokenizer and weights. */
export interface StartDigest {
  readonly sha256: string;
}

/** A grid whose cells start from a model folder's encoders, or from a draw. */
export interface StartedGrid {
  /** Where its settings do not say a size, they have that of the folder's model. */
  readonly grid: Grid;
  readonly init?: StartDigest;
}

/**
 * A grid whose cells start from a model folder, each as `train` with `encodersFrom` does; without a folder the grid as it is.
 *
 * @throws UniecsError `file` for a folder that cannot be read, `argument` naming the arm whose settings change its encoders
 */
export async function startedGrid(init: string | undefined, grid: Grid): Promise<StartedGrid> {
  if (init === undefined) return { grid };
  const [base, digest] = [await settingsFrom(init, grid.base), await startDigest(init)];
  for (const cell of cellsOf({ ...grid, seeds: [0] })) await ofArm(cell, () => settingsFrom(init, cell.settings));
  return { grid: { ...grid, base }, init: digest };
}

async function startDigest(folder: string): Promise<StartDigest> {
  const { model } = (await readJson(join(folder, modelFiles.config), 'ablate')) as StoredConfig;
  const tokenizer = await readTokenizer(folder);
  const weights = await weightsDigest(folder, 'ablate');
  return { sha256: createHash('sha256').update(canonicalJson({ model, tokenizer, weights })).digest('hex') };
}
