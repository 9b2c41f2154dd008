import { pages } from '../results/fill-pages.mjs';
import { mustHaveLooked } from './workspace.mjs';

/**
 * The tables of the documents are those of the results: generated again, nothing changes.
 * @param {string} root
 * @returns {import('./workspace.mjs').Report}
 */
export function checkResults(root) {
  const found = pages(root);
  const problems = found
    .filter(({ page, text }) => page !== text)
    .map(({ name }) => ({
      file: name,
      message: 'a table differs from its result; run node tools/results/results.mjs',
    }));
  const looked = { pages: found.length, tables: found.reduce((sum, { tables }) => sum + tables, 0) };
  return mustHaveLooked({ name: 'results', looked, problems });
}
