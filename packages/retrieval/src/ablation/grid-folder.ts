import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pair } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { isTemporary, makeFolder, writeFileAtomic } from '@uniecs/tensor/node';
import { type ImagesDigest, imagesDigest } from '../data/images-digest.js';
import { type PairsDigest, pairsDigest } from '../data/pairs-digest.js';
import { differences } from '../files/differences.js';
import { fileError } from '../files/file-error.js';
import { readJson } from '../files/model-folder.js';
import { lockSoon } from '../files/run-lock.js';
import { type GivenSettings, trainSettings, unbindingSettings } from '../training/train-settings.js';
import { type Arm, cellsFolder, type Grid, mergedSettings } from './grid.js';
import type { StartDigest } from './grid-start.js';

/** The files of an ablation's folder, beside those of its cells. */
export const ablationFiles = {
  grid: 'grid.json',
  json: 'ablation.json',
  table: 'ablation.md',
  page: 'ablation.html',
} as const;

/** Held for the moment in which the grid is read and written. */
const gridLock = 'grid.lock';

/** Which pairs an ablation is judged on. */
export type Split = 'test' | 'validation';

/** What an ablation is made from, by content. */
export interface GridData {
  readonly train: PairsDigest & { readonly images: ImagesDigest };
  readonly validation: PairsDigest & { readonly images: ImagesDigest };
  readonly evaluation: PairsDigest & { readonly images: ImagesDigest };
}

/** The content of `grid.json`: everything that was asked for in this folder so far. */
export interface StoredGrid {
  readonly version: 1;
  readonly base: GivenSettings;
  readonly arms: readonly Arm[];
  readonly seeds: readonly number[];
  readonly baseline: string;
  /** Names of loss terms beside the preset's. */
  readonly terms: readonly string[];
  /** The pairs that cells are judged on. */
  readonly split: Split;
  readonly data: GridData;
  /** The model folder whose encoders all cells start from; without one they are drawn. */
  readonly init?: StartDigest | undefined;
}

/** What of a stored grid is not said by the grid that is asked for. */
export type GridSources = Pick<StoredGrid, 'terms' | 'split' | 'data' | 'init'>;

/** Digests of pairs and of their pictures. Reads every picture once. */
export async function gridData(data: Readonly<Record<keyof GridData, readonly Pair[]>>): Promise<GridData> {
  const digest = async (pairs: readonly Pair[]) => ({ ...pairsDigest(pairs), images: await imagesDigest(pairs) });
  const [train, validation] = [await digest(data.train), await digest(data.validation)];
  const evaluation = data.evaluation === data.validation ? validation : await digest(data.evaluation);
  return { train, validation, evaluation };
}

/**
 * Whether a grid may be worked on in a folder: a new or empty one, or that of a grid with the same base, data, terms, split and start, and with
 * the same settings for every arm that both have. Arms and seeds may be added, or left out for the others to do.
 *
 * @param beside names of files and folders that may be there although no grid is yet
 * @throws UniecsError `file` for a folder that holds something else, `data` naming what differs
 */
export async function checkGridFolder(
  out: string,
  grid: Grid,
  more: Partial<GridSources> = {},
  beside: readonly string[] = [],
): Promise<StoredGrid | undefined> {
  const stored = await readGrid(out, beside);
  if (stored === undefined) return undefined;
  const { base } = stored;
  const both = stored.arms.filter(({ name }) => grid.arms.some((arm) => arm.name === name));
  const settingsOf = (of: Pick<Grid, 'base' | 'arms'>) => ({
    base: binding(of.base),
    arms: Object.fromEntries(
      both.map(({ name }) => {
        const arm = of.arms.find((one) => one.name === name) as Arm;
        return [name, binding(mergedSettings(of.base, arm.settings))];
      }),
    ),
  });
  const known = Object.keys(more) as (keyof typeof more)[];
  const [before, now] = [
    { ...settingsOf({ base, arms: stored.arms }), ...Object.fromEntries(known.map((name) => [name, stored[name]])) },
    { ...settingsOf(grid), ...more },
  ];
  const [first, ...others] = differences(JSON.stringify(now), JSON.stringify(before));
  if (first === undefined) return stored;
  throw new UniecsError({
    code: 'data',
    where: 'ablate',
    expected: `the grid that ${out} was started with`,
    got: `${first}${others.length > 0 ? ` and ${others.length} more differences` : ''}`,
    hint: 'arms and seeds may be added; anything else needs another --out',
    details: { out },
  });
}

/**
 * Notes a grid in its folder, beside what was asked for there before, and returns all of it. Another process may do so at the same time.
 *
 * @throws UniecsError as `checkGridFolder`
 */
export async function joinGrid(
  out: string,
  grid: Grid,
  more: GridSources,
  beside: readonly string[] = [],
): Promise<StoredGrid> {
  await checkGridFolder(out, grid, more, beside);
  await makeFolder(join(out, cellsFolder));
  const release = await lockSoon(out, gridLock);
  try {
    const stored = await checkGridFolder(out, grid, more, beside);
    const added = grid.arms.filter(({ name }) => !stored?.arms.some((arm) => arm.name === name));
    const joined: StoredGrid = {
      version: 1,
      base: stored?.base ?? grid.base,
      arms: [...(stored?.arms ?? []), ...added],
      seeds: [...new Set([...(stored?.seeds ?? []), ...grid.seeds])].sort((a, b) => a - b),
      baseline: grid.baseline ?? stored?.baseline ?? (grid.arms[0] as Arm).name,
      ...more,
    };
    await writeFileAtomic(join(out, ablationFiles.grid), `${JSON.stringify(joined, null, 2)}\n`);
    return joined;
  } finally {
    release();
  }
}

/**
 * The grid of a folder; undefined for a new or empty folder.
 *
 * @param beside names of files and folders that may be there although no grid is yet
 * @throws UniecsError `file` for a folder that holds something else
 */
export async function readGrid(out: string, beside: readonly string[] = []): Promise<StoredGrid | undefined> {
  const names = await readdir(out).catch((cause: NodeJS.ErrnoException): string[] => {
    if (cause.code === 'ENOENT') return [];
    throw fileError({ where: 'ablate', action: 'to read the folder', path: out, hint: 'choose another --out', cause });
  });
  const own: readonly string[] = [cellsFolder, gridLock, ...beside];
  if (names.every((name) => own.includes(name) || isTemporary(name))) return undefined;
  if (names.includes(ablationFiles.grid)) {
    const grid = (await readJson(join(out, ablationFiles.grid), 'ablate')) as StoredGrid | null;
    if (grid?.version === 1) return grid;
  }
  throw new UniecsError({
    code: 'file',
    where: 'ablate',
    expected: `${out} to be new, or the folder of an ablation`,
    got: `a folder that holds ${names.slice(0, 3).join(', ')}`,
    hint: 'choose another --out',
    details: { out },
  });
}

/** Settings that make a difference, defaults filled in: what is not said and what is said as it is anyway are the same. */
function binding(settings: GivenSettings): object {
  const all = Object.entries(trainSettings(settings));
  return Object.fromEntries(all.filter(([name]) => !unbindingSettings.has(name)));
}
