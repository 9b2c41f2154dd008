import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { fidelityRows } from './fidelity-table.mjs';
import { entriesOf } from './graph.mjs';
import { packageOf, parse } from './source.mjs';
import { hasTest } from './test-titles.mjs';
import { mustHaveLooked, readWorkspace, SCOPE, shown } from './workspace.mjs';

/**
 * @typedef {import('./fidelity-table.mjs').Row} Row
 * @typedef {import('./workspace.mjs').Package} Package
 */

const PAGE = 'docs/FIDELITY.md';
/** What can be said of a row, and whether code and a test must stand behind it. */
const STATUSES = new Map([
  ['as printed', true],
  ['option', true],
  ['differs', true],
  ['not yet', false],
  ['out of reach', false],
]);
const numbered = (/** @type {string} */ kind, /** @type {number} */ count) =>
  Array.from({ length: count }, (_, i) => `${kind} ${i + 1}`);
/** What the paper numbers. */
const NUMBERED = [...numbered('Eq.', 19), ...numbered('Table', 5), ...numbered('Figure', 6)];

/**
 * The names that an entry of a package exports.
 * @param {string} path
 */
function exportsOf(path) {
  /** @type {Set<string>} */
  const names = new Set();
  for (const statement of parse(path).statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      for (const { name } of statement.exportClause.elements) names.add(name.text);
    }
    const exported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (exported) for (const name of declaredBy(statement)) names.add(name);
  }
  return names;
}

/**
 * The names that a statement declares.
 * @param {ts.Statement} statement
 * @returns {string[]}
 */
function declaredBy(statement) {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
  }
  const named =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return named && statement.name ? [statement.name.text] : [];
}

/**
 * What is wrong with the link to a symbol, or undefined.
 * @param {string} root
 * @param {ReadonlyMap<string, Package>} byName
 * @param {import('./fidelity-table.mjs').SymbolLink} link
 */
function symbolProblem(root, byName, { specifier, name, path }) {
  const pkg = byName.get(packageOf(specifier));
  const entry = pkg && entriesOf(pkg).get(`.${specifier.slice(packageOf(specifier).length)}`);
  if (!pkg || !entry) return `${specifier} is no entry of a package`;
  if (!exportsOf(entry).has(name)) return `${specifier} does not export ${name}`;
  const file = join(root, 'docs', path);
  if (!existsSync(file)) return `${path} does not exist`;
  if (!shown(pkg.dir, file).startsWith('src/')) return `${path} is no source of ${specifier}`;
  if (!parse(file).statements.some((statement) => declaredBy(statement).includes(name))) {
    return `${path} does not declare ${name}`;
  }
  return undefined;
}

/**
 * What is wrong with the link to a test, or undefined.
 * @param {string} root
 * @param {import('./fidelity-table.mjs').TestLink} link
 */
function testProblem(root, { path, title }) {
  const file = join(root, 'docs', path);
  if (!existsSync(file)) return `${path} does not exist`;
  return hasTest(file, title) ? undefined : `${path} has no test "${title}"`;
}

/**
 * What is wrong with a row itself.
 * @param {Row} row
 * @returns {string[]}
 */
function rowProblems({ status, reason, symbols, tests, unread }) {
  const built = STATUSES.get(status);
  const problems = unread.map((part) => `neither a link to a symbol or a test, nor a dash: ${part}`);
  if (built === undefined) problems.push(`status: expected ${[...STATUSES.keys()].join(', ')}, got '${status}'`);
  if (built && symbols.length === 0) problems.push(`is ${status}, but names no symbol`);
  if (built && tests.length === 0) problems.push(`is ${status}, but names no test`);
  if (status !== 'as printed' && reason === '') problems.push(`is ${status}, but does not say how or why`);
  return problems;
}

/**
 * Checks that the page on fidelity has a row for every equation, table and figure, and that each symbol and test that it names
 * exists.
 * @param {string} root
 * @returns {import('./workspace.mjs').Report}
 */
export function checkFidelity(root) {
  const page = join(root, PAGE);
  const looked = { rows: 0, symbols: 0, tests: 0 };
  /** @type {import('./workspace.mjs').Problem[]} */
  const problems = [];
  const { rows, ragged } = fidelityRows(existsSync(page) ? readFileSync(page, 'utf8') : '');
  const { packages } = readWorkspace(root);
  const byName = new Map(packages.map((pkg) => [SCOPE + pkg.name, pkg]));
  for (const { line, cells } of ragged) problems.push({ file: PAGE, line, message: `a row of ${cells} cells` });
  for (const row of rows) {
    looked.rows++;
    looked.symbols += row.symbols.length;
    looked.tests += row.tests.length;
    const messages = [
      ...rowProblems(row),
      ...row.symbols.map((link) => symbolProblem(root, byName, link)),
      ...row.tests.map((link) => testProblem(root, link)),
    ].filter((message) => message !== undefined);
    problems.push(...messages.map((message) => ({ file: PAGE, line: row.line, message: `${row.id}: ${message}` })));
  }
  for (const id of NUMBERED) {
    const count = rows.filter((row) => row.id === id).length;
    if (count !== 1) problems.push({ file: PAGE, message: `expected one row for ${id}, got ${count}` });
  }
  return mustHaveLooked({ name: 'fidelity', looked, problems });
}
