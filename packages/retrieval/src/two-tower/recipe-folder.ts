import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { isTemporary, makeFolder, writeFileAtomic } from '@uniecs/tensor/node';
import { differences } from '../files/differences.js';
import { fileError } from '../files/file-error.js';
import { readJson } from '../files/model-folder.js';
import { lockSoon } from '../files/run-lock.js';
import type { QueryDigest } from './query-data.js';
import type { TwoTowerArm, TwoTowerSettings } from './two-tower-settings.js';

/** The files of a recipe's folder, beside those of its cells. */
export const recipeFiles = {
  recipe: 'recipe.json',
  json: 'beyond-text.json',
  table: 'beyond-text.md',
  page: 'beyond-text.html',
} as const;

/** The content of `recipe.json`: what was asked for in this folder so far. */
export interface StoredRecipe {
  readonly version: 1;
  /** Those that decide on results; of the length of a run, the steps. */
  readonly settings: Partial<TwoTowerSettings>;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly arms: readonly TwoTowerArm[];
  readonly seeds: readonly number[];
  readonly data: QueryDigest;
  /** Entries of the tokenizer. */
  readonly vocabulary: number;
  /** SHA-256 of the weights that the encoders start from; absent where they are drawn. */
  readonly init?: string;
}

const lock = 'recipe.lock';
const cellsFolder = 'cells';

/**
 * The recipe of a folder; undefined for a new or empty one.
 *
 * @throws UniecsError `file` for a folder that holds something else
 */
export async function readRecipe(out: string): Promise<StoredRecipe | undefined> {
  const names = await readdir(out).catch((cause: NodeJS.ErrnoException): string[] => {
    if (cause.code === 'ENOENT') return [];
    const hint = 'choose another folder';
    throw fileError({ where: 'beyondText', action: 'to read the folder', path: out, hint, cause });
  });
  if (names.every((name) => [cellsFolder, lock].includes(name) || isTemporary(name))) return undefined;
  if (names.includes(recipeFiles.recipe)) {
    const recipe = (await readJson(join(out, recipeFiles.recipe), 'beyondText')) as StoredRecipe | null;
    if (recipe?.version === 1) return recipe;
  }
  throw new UniecsError({
    code: 'file',
    where: 'beyondText',
    expected: `${out} to be new, or the folder of this recipe`,
    got: `a folder that holds ${names.slice(0, 3).join(', ')}`,
    hint: 'choose another folder',
    details: { out },
  });
}

/**
 * Notes a recipe in its folder, beside the arms and seeds that were asked for there before, and returns all of it. Another process may do so
 * at the same time.
 *
 * @throws UniecsError as `readRecipe`; `data` where settings, data, start or an arm of a known name differ, naming the first
 */
export async function joinRecipe(out: string, recipe: StoredRecipe): Promise<StoredRecipe> {
  check(out, recipe, await readRecipe(out));
  await makeFolder(join(out, cellsFolder));
  const release = await lockSoon(out, lock);
  try {
    const before = await readRecipe(out);
    check(out, recipe, before);
    const added = recipe.arms.filter(({ name }) => !before?.arms.some((arm) => arm.name === name));
    const seeds = [...new Set([...(before?.seeds ?? []), ...recipe.seeds])].sort((a, b) => a - b);
    const joined: StoredRecipe = { ...recipe, arms: [...(before?.arms ?? []), ...added], seeds };
    await writeFileAtomic(join(out, recipeFiles.recipe), `${JSON.stringify(joined, null, 2)}\n`);
    return joined;
  } finally {
    release();
  }
}

function check(out: string, recipe: StoredRecipe, before: StoredRecipe | undefined): void {
  if (!before) return;
  const both = before.arms.filter(({ name }) => recipe.arms.some((arm) => arm.name === name));
  const binding = ({ arms, seeds: _, ...rest }: StoredRecipe) => ({
    ...rest,
    arms: Object.fromEntries(both.map(({ name }) => [name, arms.find((arm) => arm.name === name)])),
  });
  const [first, ...others] = differences(JSON.stringify(binding(recipe)), JSON.stringify(binding(before)));
  if (first === undefined) return;
  throw new UniecsError({
    code: 'data',
    where: 'beyondText',
    expected: `the recipe that ${out} was started with`,
    got: `${first}${others.length > 0 ? ` and ${others.length} more differences` : ''}`,
    hint: 'arms and seeds may be added; anything else needs another folder',
    details: { out },
  });
}
