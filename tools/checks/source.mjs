import { existsSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';

/**
 * @typedef {'import' | 'export' | 'dynamic' | 'type' | 'require' | 'mock' | 'augmentation' | 'url'} ImportKind
 * @typedef {{ specifier: string | undefined, kind: ImportKind, line: number }} Import
 */

const BUILTIN = new Set(builtinModules);
const MOCKS = new Set(['mock', 'doMock', 'unmock', 'doUnmock', 'importActual', 'importMock']);

/** @type {Map<string, ts.SourceFile>} */
const parsed = new Map();

/**
 * The syntax tree of a file (parsed once per process and content time).
 * @param {string} path
 */
export function parse(path) {
  const key = `${path}:${statSync(path).mtimeMs}`;
  const known = parsed.get(key);
  if (known) return known;
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  parsed.set(key, file);
  return file;
}

/**
 * The line, from 1, on which a node starts.
 * @param {ts.Node} node
 */
export const lineOf = (node) => node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line + 1;

/**
 * Calls `visit` on every node of a tree.
 * @param {ts.Node} node
 * @param {(node: ts.Node) => void} visit
 */
export function everyNode(node, visit) {
  visit(node);
  ts.forEachChild(node, (child) => everyNode(child, visit));
}

/** @param {ts.Node | undefined} node */
const text = (node) => (node && ts.isStringLiteralLike(node) ? node.text : undefined);
/** @param {ts.Node} node */
const isImportMeta = (node) => ts.isMetaProperty(node) && node.name.text === 'meta';

/**
 * @param {ts.CallExpression} call
 * @returns {ImportKind | undefined}
 */
function callKind({ expression }) {
  if (expression.kind === ts.SyntaxKind.ImportKeyword) return 'dynamic';
  if (ts.isIdentifier(expression)) return expression.text === 'require' ? 'require' : undefined;
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  const { expression: owner, name } = expression;
  if (name.text === 'resolve' && (isImportMeta(owner) || (ts.isIdentifier(owner) && owner.text === 'require'))) {
    return 'require';
  }
  return ts.isIdentifier(owner) && owner.text === 'vi' && MOCKS.has(name.text) ? 'mock' : undefined;
}

/**
 * Every module that a file names: static imports and re-exports, type imports, dynamic imports, require, vitest's mocks,
 * module augmentations, and `new URL('./file.js', import.meta.url)`. `specifier` is undefined where it is computed.
 * @param {string} path
 * @returns {Import[]}
 */
export function importsOf(path) {
  const file = parse(path);
  /** @type {Import[]} */
  const found = file.typeReferenceDirectives.map(({ fileName, pos }) => ({
    specifier: fileName === 'node' ? 'node:module' : fileName,
    kind: /** @type {const} */ ('type'),
    line: file.getLineAndCharacterOfPosition(pos).line + 1,
  }));
  everyNode(file, (node) => {
    const line = () => lineOf(node);
    if (ts.isImportDeclaration(node)) {
      found.push({ specifier: text(node.moduleSpecifier), kind: 'import', line: line() });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      found.push({ specifier: text(node.moduleSpecifier), kind: 'export', line: line() });
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      found.push({ specifier: text(node.moduleReference.expression), kind: 'require', line: line() });
    } else if (ts.isImportTypeNode(node)) {
      const argument = ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
      found.push({ specifier: text(argument), kind: 'type', line: line() });
    } else if (ts.isModuleDeclaration(node) && ts.isStringLiteral(node.name)) {
      found.push({ specifier: node.name.text, kind: 'augmentation', line: line() });
    } else if (ts.isCallExpression(node)) {
      const kind = callKind(node);
      const [argument] = node.arguments;
      // vi.mock(import('./x')) carries its specifier in the inner import, which is visited by itself
      if (kind && !(kind === 'mock' && argument && ts.isCallExpression(argument))) {
        found.push({ specifier: text(argument), kind, line: line() });
      }
    } else if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'URL') {
      const [target, base] = node.arguments ?? [];
      const local = base && ts.isPropertyAccessExpression(base) && isImportMeta(base.expression);
      const specifier = text(target);
      if (local && specifier && isRelative(specifier) && /\.[cm]?[jt]s$/.test(specifier))
        found.push({ specifier, kind: 'url', line: line() });
    }
  });
  return found;
}

/** @param {string} specifier */
export const isBuiltin = (specifier) =>
  specifier.startsWith('node:') || BUILTIN.has(specifier) || BUILTIN.has(specifier.split('/')[0] ?? '');

/** @param {string} specifier */
export const isRelative = (specifier) => /^\.{1,2}(\/|$)/.test(specifier) || specifier.startsWith('/');

/**
 * `@scope/name/sub` -> `@scope/name`; `name/sub` -> `name`.
 * @param {string} specifier
 */
export const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/**
 * The source file that a relative specifier means: `./x.js` is written for `./x.ts`. Undefined if there is none.
 * @param {string} from the importing file
 * @param {string} specifier
 */
export function resolveRelative(from, specifier) {
  const path = resolve(dirname(from), specifier);
  const stem = path.replace(/\.([cm]?)js(x?)$/, '');
  const candidates = [path, ...['.ts', '.tsx', '.mts', '.mjs', '.js'].map((end) => stem + end), join(path, 'index.ts')];
  return candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
}
