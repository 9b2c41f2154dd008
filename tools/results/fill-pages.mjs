import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explorationTable } from './exploration-table.mjs';
import { summaryTable } from './summary-table.mjs';

/** The kinds of table, by the word behind the file's name in a mark. */
const kinds = { summary: summaryTable, exploration: explorationTable };
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
 * Every page of `docs` with a table in it: what it holds, and what it should hold.
 * @param {string} docs
 */
export function pages(docs) {
  return readdirSync(docs)
    .filter((name) => name.endsWith('.md'))
    .map((name) => {
      const path = join(docs, name);
      const page = readFileSync(path, 'utf8');
      const { text, tables } = filled(page, (result) => readFileSync(join(docs, 'results', `${result}.json`), 'utf8'));
      return { name, path, page, text, tables };
    })
    .filter(({ tables }) => tables > 0);
}

/** Writes them. @param {string} docs */
export function fillPages(docs) {
  for (const { path, text } of pages(docs)) writeFileSync(path, text);
}
