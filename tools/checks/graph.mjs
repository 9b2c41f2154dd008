import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { importsOf, isRelative, packageOf, resolveRelative } from './source.mjs';
import { SCOPE } from './workspace.mjs';

/** @typedef {import('./workspace.mjs').Package} Package */

/**
 * The source behind a built file: `./dist/node.js` -> `<dir>/src/node.ts`.
 * @param {Package} pkg
 * @param {unknown} named the file, or the conditions under which it is the default
 */
export function sourceOf(pkg, named) {
  const built = named && typeof named === 'object' && 'default' in named ? named.default : named;
  const stem = typeof built === 'string' ? /^(?:\.\/)?dist\/(.+?)(?:\.d\.ts|\.js)$/.exec(built)?.[1] : undefined;
  const path = stem === undefined ? undefined : join(pkg.dir, 'src', `${stem}.ts`);
  return path && existsSync(path) ? path : undefined;
}

/**
 * The source files that a package hands out, by its `exports` and `bin` keys.
 * @param {Package} pkg
 * @returns {Map<string, string>}
 */
export function entriesOf(pkg) {
  /** @type {Map<string, string>} */
  const entries = new Map();
  for (const [key, value] of Object.entries(pkg.manifest.exports ?? {})) {
    const source = sourceOf(pkg, value);
    if (source) entries.set(key, source);
  }
  for (const [key, built] of Object.entries(pkg.manifest.bin ?? {})) {
    const plain = join(pkg.dir, built);
    const source = sourceOf(pkg, built) ?? (existsSync(plain) ? plain : undefined);
    if (source) entries.set(`bin ${key}`, source);
  }
  return entries;
}

/**
 * The source file of the workspace that an import means, or undefined where it leaves the workspace.
 * @param {ReadonlyMap<string, Package>} byName packages by full name
 * @param {Package} from
 * @param {string} file
 * @param {string} specifier
 */
export function target(byName, from, file, specifier) {
  if (isRelative(specifier)) {
    const built = /\/dist\/(.+)\.js$/.exec(specifier);
    return resolveRelative(file, specifier) ?? (built ? sourceOf(from, `dist/${built[1]}.js`) : undefined);
  }
  if (specifier.startsWith('#')) return sourceOf(from, from.manifest.imports?.[specifier]);
  if (!specifier.startsWith(SCOPE)) return undefined;
  const pkg = byName.get(packageOf(specifier));
  return pkg && entriesOf(pkg).get(`.${specifier.slice(packageOf(specifier).length)}`);
}

/**
 * Every file that can be reached from `starts`, with the file that it was reached from (undefined for a start).
 * @param {readonly Package[]} packages
 * @param {readonly string[]} starts
 * @returns {Map<string, string | undefined>}
 */
export function reach(packages, starts) {
  const byName = new Map(packages.map((pkg) => [SCOPE + pkg.name, pkg]));
  /** @type {Map<string, string | undefined>} */
  const from = new Map(starts.map((start) => [start, undefined]));
  const queue = [...starts];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const owner = packages.find((pkg) => file?.startsWith(`${pkg.dir}/`) || file?.startsWith(`${pkg.dir}\\`));
    if (!owner || !/\.[cm]?[jt]sx?$/.test(file)) continue;
    for (const { specifier } of importsOf(file)) {
      const next = specifier === undefined ? undefined : target(byName, owner, file, specifier);
      if (next === undefined || from.has(next)) continue;
      from.set(next, file);
      queue.push(next);
    }
  }
  return from;
}

/**
 * The way from a start to `file`, as names joined by arrows.
 * @param {ReadonlyMap<string, string | undefined>} from
 * @param {string} file
 * @param {(path: string) => string} show
 */
export function chain(from, file, show) {
  const names = [];
  for (let at = /** @type {string | undefined} */ (file); at !== undefined; at = from.get(at)) names.unshift(show(at));
  return names.join(' -> ');
}
