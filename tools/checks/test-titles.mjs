import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import ts from 'typescript';
import { everyNode, parse } from './source.mjs';

const RUNNERS = new Set(['it', 'test']);
/** What vitest fills in: `%s`, `$name`, `$a.b`. */
const PLACEHOLDER = /%[sdifjo]|\$[\w.]+/g;

/**
 * The name that a call begins with: `it.each(x)('title')` -> `it`.
 * @param {ts.Expression} expression
 * @returns {string | undefined}
 */
function rootName(expression) {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isPropertyAccessExpression(expression) || ts.isCallExpression(expression))
    return rootName(expression.expression);
  return undefined;
}

/**
 * The titles in a test file as they stand there, and the texts and numbers that may fill the places in them: those of the file, and the
 * names of the cases of its fixture (`fixtures/losses.json` for `losses.test.mjs`).
 * @param {string} path
 */
function titlesIn(path) {
  /** @type {string[]} */
  const titles = [];
  /** @type {Set<string>} */
  const values = new Set(fixtureNames(path));
  everyNode(parse(path), (node) => {
    if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) values.add(node.text);
    if (!ts.isCallExpression(node) || !RUNNERS.has(rootName(node.expression) ?? '')) return;
    const [title, body] = node.arguments;
    if (title && body && ts.isStringLiteralLike(title)) titles.push(title.text);
  });
  return { titles, values };
}

/**
 * @param {string} path of a test file
 * @returns {string[]}
 */
function fixtureNames(path) {
  const stem = basename(path).replace(/\.test\.\w+$/, '');
  const fixture = join(dirname(path), 'fixtures', `${stem}.json`);
  if (!existsSync(fixture)) return [];
  const { cases = [] } = JSON.parse(readFileSync(fixture, 'utf8'));
  return cases.map((/** @type {{ name: string }} */ { name }) => name);
}

/**
 * Whether a test file has a test of this title: word for word, or where vitest fills in values, with values that the file or its
 * fixture has.
 * @param {string} path
 * @param {string} title
 */
export function hasTest(path, title) {
  const { titles, values } = titlesIn(path);
  return titles.some((template) => {
    if (template === title) return true;
    if (template.match(PLACEHOLDER) === null) return false;
    const parts = template.split(PLACEHOLDER).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const match = new RegExp(`^${parts.join('(.+)')}$`).exec(title);
    return match?.slice(1).every((value) => values.has(value)) ?? false;
  });
}
