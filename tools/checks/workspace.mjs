import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * @typedef {Record<string, unknown> & {
 *   name?: string, version?: string, private?: boolean, bin?: Record<string, string>,
 *   exports?: Record<string, unknown>, imports?: Record<string, unknown>, scripts?: Record<string, string>,
 *   engines?: Record<string, string>,
 *   dependencies?: Record<string, string>, devDependencies?: Record<string, string>,
 *   peerDependencies?: Record<string, string>, optionalDependencies?: Record<string, string>,
 * }} Manifest
 * @typedef {{ name: string, group: 'packages' | 'apps', dir: string, manifest: Manifest, text: string, files: string[] }} Package
 * @typedef {{ file: string, line?: number, message: string }} Problem
 * @typedef {{ name: string, looked: Record<string, number>, problems: Problem[] }} Report
 */

/** The scope that every package is published under. */
export const SCOPE = '@uniecs/';
/** The fields of a package.json that name other packages. */
export const DEPENDENCY_FIELDS = /** @type {const} */ ([
  'dependencies',
  'optionalDependencies',
  'peerDependencies',
  'devDependencies',
]);
const CODE = /\.(ts|tsx|mts|cts|js|jsx|mjs|cjs)$/;
const TEST = /\.(test|bench|test-d)\.[cm]?[jt]sx?$/;
const NEVER = new Set(['node_modules', 'dist', '.git', '.turbo']);

/** @param {string} path */
export const isCode = (path) => CODE.test(path);
/** @param {string} path */
export const isTest = (path) => TEST.test(path);

/**
 * Reads a JSON file.
 * @param {string} path
 */
export const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/**
 * Every file under `dir`, sorted, without installed and built ones.
 * @param {string} dir
 * @param {ReadonlySet<string>} [skip] names of folders to leave out
 * @returns {string[]}
 */
export function walk(dir, skip = NEVER) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory()) return skip.has(entry.name) ? [] : walk(join(dir, entry.name), skip);
      return entry.isFile() ? [join(dir, entry.name)] : [];
    });
}

/**
 * Every file of the repository that git would keep: what .gitignore names as a folder is left out.
 * @param {string} root
 */
export function repositoryFiles(root) {
  const ignore = existsSync(join(root, '.gitignore')) ? readFileSync(join(root, '.gitignore'), 'utf8') : '';
  const folders = ignore.split('\n').flatMap((line) => (line.trim().endsWith('/') ? [line.trim().slice(0, -1)] : []));
  return walk(root, new Set([...NEVER, ...folders]));
}

/**
 * The workspace's packages and apps, with a problem for each folder that holds none.
 * @param {string} root
 * @returns {{ packages: Package[], problems: Problem[] }}
 */
export function readWorkspace(root) {
  /** @type {Package[]} */
  const packages = [];
  /** @type {Problem[]} */
  const problems = [];
  for (const group of /** @type {const} */ (['packages', 'apps'])) {
    const base = join(root, group);
    if (!existsSync(base)) continue;
    for (const entry of readdirSync(base, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const dir = join(base, entry.name);
      const manifest = join(dir, 'package.json');
      if (!existsSync(manifest)) {
        problems.push({ file: `${group}/${entry.name}`, message: 'has no package.json: add one or delete the folder' });
        continue;
      }
      const text = readFileSync(manifest, 'utf8');
      packages.push({
        name: entry.name,
        group,
        dir,
        manifest: JSON.parse(text),
        text,
        files: walk(dir).filter(isCode),
      });
    }
  }
  return { packages, problems };
}

/**
 * `path` relative to the root, with forward slashes.
 * @param {string} root
 * @param {string} path
 */
export const shown = (root, path) => relative(root, path).split(sep).join('/');

/**
 * Adds the problem that nothing was looked at, if some counter is zero: a check of nothing must not pass.
 * @param {Report} report
 * @returns {Report}
 */
export function mustHaveLooked(report) {
  for (const [what, count] of Object.entries(report.looked)) {
    if (count === 0)
      report.problems.push({ file: '.', message: `the check looked at no ${what}, so it proves nothing` });
  }
  return report;
}
