import type { LossTerm } from '@uniecs/losses';
import type { Pair } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { assembleRun, type ConfigOf, type RunSources } from '../training/assemble-run.js';
import { trainSettings } from '../training/train-settings.js';
import { type Cell, cellsOf, folderName, type Grid } from './grid.js';

/**
 * Whether a grid can be trained, as far as its settings say without data: names, seeds, numbers out of range.
 *
 * @throws UniecsError `argument` naming the arm
 */
export function checkGrid(grid: Grid): void {
  const { arms, seeds, baseline } = grid;
  const names = arms.map(({ name }) => name);
  if (arms.length === 0) throw fault('at least one arm', 'none', 'name arms');
  if (seeds.length === 0) throw fault('at least one seed', 'none', 'name seeds');
  const wrong = seeds.find((seed, i) => !Number.isSafeInteger(seed) || seed < 0 || seeds.indexOf(seed) !== i);
  if (wrong !== undefined)
    throw fault('seeds that are different whole numbers from 0', `${wrong}`, 'correct the seeds');
  const folders = new Map<string, string>();
  for (const name of names) {
    const folder = folderName(name);
    // Systems that do not tell case apart must not mix two arms.
    const other = folders.get(folder.toLowerCase());
    if (folder === '') throw fault('names of arms with a letter or a digit', `'${name}'`, 'rename the arm');
    if (other !== undefined) {
      const got = other === name ? `two called '${name}'` : `'${other}' and '${name}', which would share a folder`;
      throw fault('arms of different names', got, 'rename one of them');
    }
    folders.set(folder.toLowerCase(), name);
  }
  if (baseline !== undefined && !names.includes(baseline)) {
    throw fault('the baseline to be one of the arms', `'${baseline}'`, `choose from ${names.join(', ')}`);
  }
  const owner = [grid.base, ...arms.map(({ settings }) => settings)].findIndex(({ seed }) => seed !== undefined);
  if (owner >= 0) {
    const where = owner === 0 ? 'in the base' : `in the arm '${names[owner - 1]}'`;
    throw fault('seeds in the list of seeds alone', `one ${where}`, 'move it there');
  }
  for (const cell of cellsOf({ ...grid, seeds: seeds.slice(0, 1) })) ofArm(cell, () => trainSettings(cell.settings));
}

/** What cells are assembled from. */
export interface CellSources extends Pick<RunSources, 'encodersFrom' | 'features'> {
  readonly configOf: ConfigOf;
  readonly train: readonly Pair[];
  readonly validation: readonly Pair[];
  readonly terms: readonly LossTerm[];
}

/**
 * Builds the run of every arm once, model and all, and lets it go: what would stop a cell before its first step is found before the first
 * cell is trained.
 *
 * @throws UniecsError as `assembleRun`, naming the arm; `interrupted`
 */
export async function checkCells(cells: readonly Cell[], given: CellSources, signal?: AbortSignal): Promise<void> {
  const sources = { ...given, tokenizerFrom: given.encodersFrom };
  const arms = new Map(cells.map((cell) => [cell.arm, cell]));
  for (const cell of arms.values()) {
    if (signal?.aborted) return;
    const run = await ofArm(cell, () =>
      assembleRun({ ...sources, settings: { ...trainSettings(cell.settings), dataWorkers: 0 } }),
    );
    await run.dispose();
  }
}

/** Does something for an arm; what goes wrong names it. */
export function ofArm<T>({ arm }: Cell, work: () => T): T {
  const named = (cause: unknown): unknown => {
    if (!UniecsError.isInstance(cause)) return cause;
    const { code, expected, got, hint, details } = cause;
    const fields = { code, where: 'ablate', got, hint, details: { ...details, arm }, cause };
    return new UniecsError({ ...fields, expected: `${expected} in the arm '${arm}'` });
  };
  try {
    const made = work();
    if (!(made instanceof Promise)) return made;
    return made.catch((error: unknown) => {
      throw named(error);
    }) as T;
  } catch (error) {
    throw named(error);
  }
}

function fault(expected: string, got: string, hint: string): UniecsError {
  return new UniecsError({ code: 'argument', where: 'ablate', expected, got, hint });
}
