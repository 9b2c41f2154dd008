import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beyondTextTable } from './beyond-text-table.mjs';
import { curvesTable } from './curves-table.mjs';
import { explorationTable } from './exploration-table.mjs';
import { lambdasTable } from './lambdas-table.mjs';
import { missingTable } from './missing-table.mjs';
import { summaryTable } from './summary-table.mjs';
import { tasksTable } from './tasks-table.mjs';
import { twinsTable } from './twins-table.mjs';

/** The kinds of table, by the word behind the file's name in a mark. */
const kinds = {
  summary: summaryTable,
  tasks: tasksTable,
  curves: curvesTable,
  lambdas: lambdasTable,
  exploration: explorationTable,
  twins: twinsTable,
  missing: missingTable,
  'beyond-text': beyondTextTable,
};
/** `<!-- results: NAME KIND -->`, what was generated, `<!-- end of results -->`. */
const mark = /(<!-- results: (\S+) (\S+) -->)[\s\S]*?(<!-- end of results -->)/g;

/**
 * A page with the tables between its marks made anew from `docs/results/NAME.json`.
 * @param {string} page
 * @param {(name: string) => string} read the text of a result
 */
export function filled(page, read) {
  let tables = 0;
  const text = page.replace(mark, (_, start, name, kind, end) => {
    const table = /** @type {Record<string, (result: any) => string>} */ (kinds)[kind];
    if (!table) throw new Error(`results: expected ${Object.keys(kinds).join(' or ')} behind ${name}, got ${kind}`);
    tables++;
    return `${start}\n\n${table(JSON.parse(read(name)))}\n\n${end}`;
  });
  return { text, tables };
}

/**
 * Every page with a table in it, the README and those of `docs`: what it holds, and what it should hold.
 * @param {string} root of the repository
 */
export function pages(root) {
  const docs = existsSync(join(root, 'docs')) ? readdirSync(join(root, 'docs')) : [];
  return ['README.md', ...docs.map((name) => `docs/${name}`)]
    .filter((name) => name.endsWith('.md') && existsSync(join(root, name)))
    .map((name) => {
      const path = join(root, name);
      const page = readFileSync(path, 'utf8');
      const read = (/** @type {string} */ result) => readFileSync(join(root, 'docs/results', `${result}.json`), 'utf8');
      return { name, path, page, ...filled(page, read) };
    })
    .filter(({ tables }) => tables > 0);
}

/** Writes them. @param {string} root */
export function fillPages(root) {
  for (const { path, text } of pages(root)) writeFileSync(path, text);
}
