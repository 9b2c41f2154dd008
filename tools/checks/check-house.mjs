import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import ts from 'typescript';
import { entriesOf, reach } from './graph.mjs';
import { everyNode, lineOf, parse } from './source.mjs';
import { isCode, isTest, mustHaveLooked, readWorkspace, repositoryFiles, shown } from './workspace.mjs';

/** @typedef {{ line?: number, message: string }} Finding */

/** A test may be longer: a table of cases is one idea. */
const MAX_LINES = 400;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/;
const LARGEST_TEXT = 4 * 1024 * 1024;
const RUNNERS = new Set(['it', 'test', 'describe', 'suite', 'bench']);
const HELD_BACK = new Set(['only', 'skip', 'todo', 'fails']);
/** Draws that tfjs makes in JavaScript, out of no seed of ours. */
const TF_DRAWS = new Set(['randomUniform', 'randomNormal', 'randomStandardNormal', 'randomUniformInt', 'randomGamma']);
for (const name of ['truncatedNormal', 'multinomial', 'rand', 'dropout']) TF_DRAWS.add(name);

/**
 * `it.each(x).only` -> `it`.
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
 * What one node does that the house does not do.
 * @param {ts.Node} node
 * @param {boolean} test
 * @returns {string | undefined}
 */
function nodeMessage(node, test) {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return '`any`: give it its type, or unknown';
  if (
    ts.isExportDeclaration(node) &&
    node.moduleSpecifier &&
    !(node.exportClause && ts.isNamedExports(node.exportClause))
  ) {
    return '`export *`: name what is exported';
  }
  if (ts.isElementAccessExpression(node) && rootName(node.expression) === 'Math') {
    const name = node.argumentExpression;
    return ts.isStringLiteralLike(name) && name.text === 'random' ? 'Math.random: a seed goes in' : undefined;
  }
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  const [name, owner] = [node.name.text, rootName(node.expression)];
  if (owner === 'Math' && name === 'random') return 'Math.random: a seed goes in';
  if (!test && owner === 'tf' && TF_DRAWS.has(name) && ts.isIdentifier(node.expression)) {
    return `tf.${name}: use the seeded random of @uniecs/tensor`;
  }
  if (test && owner !== undefined && RUNNERS.has(owner) && HELD_BACK.has(name)) {
    return `${owner}.${name}: a test runs, or says with skipIf why not`;
  }
  return undefined;
}

/**
 * Comments that switch the compiler off.
 * @param {ts.SourceFile} file
 * @param {boolean} test a test may expect an error: that shows that a wrong type is refused
 * @returns {Finding[]}
 */
function commentFindings(file, test) {
  /** @type {Finding[]} */
  const found = [];
  /** @type {Set<number>} */
  const seen = new Set();
  everyNode(file, (node) => {
    for (const comment of ts.getLeadingCommentRanges(file.text, node.getFullStart()) ?? []) {
      if (seen.has(comment.pos)) continue;
      seen.add(comment.pos);
      const directive = /^\/[/*]\s*@(ts-ignore|ts-nocheck|ts-expect-error)/.exec(
        file.text.slice(comment.pos, comment.end),
      );
      if (!directive || (test && directive[1] === 'ts-expect-error')) continue;
      const line = file.getLineAndCharacterOfPosition(comment.pos).line + 1;
      found.push({ line, message: `@${directive[1]}: mend the type instead` });
    }
  });
  return found;
}

/**
 * What an index file holds beside imports and named exports.
 * @param {ts.SourceFile} file
 * @returns {Finding[]}
 */
function indexFindings(file) {
  return file.statements
    .filter((statement) => !ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement))
    .map((statement) => ({ line: lineOf(statement), message: 'index.ts is a list of named exports and nothing else' }));
}

/**
 * What one code file does that the house does not do.
 * @param {string} path
 * @returns {Finding[]}
 */
function codeFindings(path) {
  const file = parse(path);
  const test = isTest(path);
  const name = basename(path);
  /** @type {Finding[]} */
  const found = commentFindings(file, test);
  everyNode(file, (node) => {
    const message = nodeMessage(node, test);
    if (message) found.push({ line: lineOf(node), message });
  });
  const lines = file.text.trimEnd().split('\n').length;
  if (lines > MAX_LINES && !test)
    found.push({ message: `${lines} lines: is it still one idea? (at most ${MAX_LINES})` });
  if (!KEBAB.test(name)) found.push({ message: 'a file name is kebab-case' });
  if (name === 'index.ts') found.push(...indexFindings(file));
  return found;
}

/** Ways in which the address of a package registry gets into a repository. */
const ADDRESSES = [
  /"resolved":\s*"[a-z+]+:\/\//,
  /https?:\/\/[^\s"'`)]*\/-\/[^\s"'`)]*\.tgz/,
  /https?:\/\/(?:[\w-]+\.)*(?:registry|npm|artifactory|nexus|verdaccio|pypi|mirrors?)\.[\w-]+/,
  /\bregistry\.[\w.-]+\.(?:org|com|net|io|dev|cn|internal|local|lan|corp)\b/,
  /^\s*(?:@[\w-]+:)?registry\s*=/m,
  /\/\/[^\s=]+:_(?:authToken|auth|password)\s*=/,
];

/**
 * Places of a text that hold a registry's address.
 * @param {string} text
 * @returns {Finding[]}
 */
function addressFindings(text) {
  return ADDRESSES.flatMap((pattern) => {
    const match = pattern.exec(text);
    if (!match) return [];
    const line = text.slice(0, match.index).split('\n').length;
    return [{ line, message: `the address of a package registry: ${match[0].trim()}` }];
  });
}

/**
 * Source files of the packages that neither an entry nor a test reaches.
 * @param {string} root
 */
function unusedFiles(root) {
  return readWorkspace(root).packages.flatMap((pkg) => {
    const source = pkg.files.filter((file) => shown(pkg.dir, file).startsWith('src/'));
    const used = reach([pkg], [...entriesOf(pkg).values(), ...source.filter(isTest)]);
    return source.filter((file) => !used.has(file) && !file.endsWith('.d.ts'));
  });
}

/**
 * Checks the house rules over the whole repository: no unseeded draws, no held-back tests, no `any`, small files with
 * kebab-case names, explicit exports, no unused source file, no registry address.
 * @param {string} root
 * @returns {import('./workspace.mjs').Report}
 */
export function checkHouse(root) {
  /** @type {import('./workspace.mjs').Problem[]} */
  const problems = [];
  const looked = { 'text files': 0, 'code files': 0, tests: 0 };
  for (const path of repositoryFiles(root)) {
    const file = shown(root, path);
    if (statSync(path).size > LARGEST_TEXT) continue;
    const text = readFileSync(path, 'utf8');
    if (text.includes('\0')) continue;
    looked['text files']++;
    const findings = addressFindings(text);
    if (isCode(path)) {
      looked['code files']++;
      if (isTest(path)) looked.tests++;
      findings.push(...codeFindings(path));
      const folder = file
        .split('/')
        .slice(0, -1)
        .find((name) => !/^\.?[a-z0-9]+(-[a-z0-9]+)*$/.test(name));
      if (folder) findings.push({ message: `the folder ${folder} is not kebab-case` });
    }
    problems.push(...findings.map((finding) => ({ file, ...finding })));
  }
  for (const path of unusedFiles(root)) {
    problems.push({ file: shown(root, path), message: 'neither an entry nor a test reaches it: delete it or use it' });
  }
  return mustHaveLooked({ name: 'house', looked, problems });
}
