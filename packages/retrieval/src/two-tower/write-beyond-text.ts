import { basename, join, resolve } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { beyondTextPage } from './beyond-text-page.js';
import { type BeyondTextReport, beyondTextReport, type CellFound } from './beyond-text-report.js';
import { beyondTextTable } from './beyond-text-table.js';
import { type RecipeCell, readRecipeRanks, readRecipeResult, recipeCells } from './recipe-cell.js';
import { readRecipe, recipeFiles } from './recipe-folder.js';

/**
 * Writes `beyond-text.json`, `.md` and `.html` from a folder's recipe and runs as they are now.
 *
 * @throws UniecsError `file` when the folder holds no recipe, or a file cannot be read or written
 */
export async function writeBeyondText(out: string): Promise<BeyondTextReport> {
  let written: { readonly standing: string; readonly report: BeyondTextReport } | undefined;
  for (;;) {
    const recipe = await readRecipe(out);
    if (!recipe) throw noRecipe(out);
    const found = await Promise.all(recipeCells(recipe.arms, recipe.seeds).map((cell) => readCell(out, cell)));
    const standing = JSON.stringify(found.map(({ cell, finished }) => [cell.folder, finished !== undefined]));
    // Another process may have ended a run and written its files while these were made: the last one to write has all runs.
    if (written?.standing === standing) return written.report;
    const report = beyondTextReport(recipe, found);
    await writeFileAtomic(join(out, recipeFiles.json), `${JSON.stringify(report, null, 2)}\n`);
    await writeFileAtomic(join(out, recipeFiles.table), beyondTextTable(report));
    await writeFileAtomic(join(out, recipeFiles.page), beyondTextPage(basename(resolve(out)), report));
    written = { standing, report };
  }
}

async function readCell(out: string, cell: RecipeCell): Promise<CellFound> {
  const folder = join(out, cell.folder);
  const result = await readRecipeResult(folder);
  return result ? { cell, finished: { result, ranks: await readRecipeRanks(folder, 'test') } } : { cell };
}

function noRecipe(out: string): UniecsError {
  return new UniecsError({
    code: 'file',
    where: 'writeBeyondText',
    expected: `the folder of a recipe in ${out}`,
    got: 'none',
    hint: 'pass a folder that beyondText wrote',
    details: { out },
  });
}
