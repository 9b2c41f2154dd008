import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { DEPENDENCY_FIELDS, mustHaveLooked, readJson, readWorkspace, SCOPE, shown } from './workspace.mjs';

/**
 * @typedef {import('./workspace.mjs').Package} Package
 * @typedef {import('./workspace.mjs').Manifest} Manifest
 */

/** The fields of a package.json, in the order in which they stand. */
const FIELDS = [
  ...[
    'name',
    'version',
    'private',
    'description',
    'keywords',
    'license',
    'repository',
    'type',
    'sideEffects',
    'engines',
  ],
  ...['bin', 'files', 'exports', 'imports', 'scripts', 'dependencies', 'optionalDependencies', 'peerDependencies'],
  ...['peerDependenciesMeta', 'devDependencies'],
];
const SCRIPTS = { build: 'tsup', test: 'vitest run', typecheck: 'tsc --noEmit' };
const TFJS = '@tensorflow/tfjs-core';
/** Compiler options that a package may set for itself: anything else would loosen the shared ones. */
const OWN_OPTIONS = ['types', 'lib', 'jsx'];

/** @param {unknown} value */
const json = (value) => JSON.stringify(value);

/**
 * Whether `^a.b.c` takes a version in.
 * @param {string} range
 * @param {string} version
 */
function caretTakes(range, version) {
  const [wanted, got] = [/^\^(\d+)\.(\d+)\.(\d+)$/.exec(range), /^(\d+)\.(\d+)\.(\d+)/.exec(version)];
  if (!wanted || !got) return false;
  const [a = 0, b = 0, c = 0] = wanted.slice(1).map(Number);
  const [x = 0, y = 0, z = 0] = got.slice(1).map(Number);
  if (a !== x) return false;
  return a === 0 ? b === y && z >= c : y > b || (y === b && z >= c);
}

/**
 * @param {Manifest} manifest
 * @param {Package} pkg
 * @param {Manifest} root
 */
function headProblems(manifest, { name, group }, root) {
  const problems = [];
  const want = {
    name: SCOPE + name,
    license: 'Apache-2.0',
    type: 'module',
    sideEffects: false,
    engines: root.engines,
    files: ['dist'],
    scripts: SCRIPTS,
    ...(group === 'apps' ? { private: true } : {}),
  };
  for (const [field, expected] of Object.entries(want)) {
    const got = manifest[field];
    const same = field === 'files' && manifest.bin && json(got) === json(['bin', 'dist']);
    if (!same && json(got) !== json(expected)) problems.push(`${field}: expected ${json(expected)}, got ${json(got)}`);
  }
  if (group === 'packages' && manifest.private) problems.push('private: a package here is published');
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(manifest.version ?? ''))
    problems.push(`version: got ${json(manifest.version)}`);
  if (!/\S.{10}/.test(String(manifest.description ?? ''))) problems.push('description: expected a sentence');
  const keys = Object.keys(manifest);
  const unknown = keys.filter((key) => !FIELDS.includes(key));
  if (unknown.length > 0) problems.push(`${unknown.join(', ')}: not in the template`);
  const order = keys.filter((key) => FIELDS.includes(key));
  const sorted = [...order].sort((a, b) => FIELDS.indexOf(a) - FIELDS.indexOf(b));
  if (json(order) !== json(sorted)) problems.push(`fields: expected the order ${sorted.join(', ')}`);
  return problems;
}

/**
 * @param {Package} pkg
 */
function exportProblems({ manifest, dir }) {
  const problems = [];
  const entries = Object.entries(manifest.exports ?? {});
  if (manifest.exports?.['.'] === undefined) problems.push('exports: no main entry "."');
  for (const [key, value] of entries) {
    const stem = key === '.' ? 'index' : key.replace(/^\.\//, '');
    const expected = { types: `./dist/${stem}.d.ts`, default: `./dist/${stem}.js` };
    if (json(value) !== json(expected)) problems.push(`exports ${key}: expected ${json(expected)}, got ${json(value)}`);
    if (!existsSync(join(dir, 'src', `${stem}.ts`))) problems.push(`exports ${key}: src/${stem}.ts does not exist`);
  }
  return problems;
}

/**
 * @param {Package} pkg
 * @param {ReadonlyMap<string, Package>} byName
 */
function dependencyProblems({ manifest, group }, byName) {
  const problems = [];
  for (const field of DEPENDENCY_FIELDS) {
    for (const [name, range] of Object.entries(manifest[field] ?? {})) {
      const version = byName.get(name)?.manifest.version;
      if (!name.startsWith(SCOPE) || version === undefined) continue;
      if (!caretTakes(range, version)) problems.push(`${field} ${name}: expected ^${version}, got ${range}`);
    }
  }
  const inner = Boolean(manifest.dependencies?.[TFJS]);
  const peer = Boolean(manifest.peerDependencies?.[TFJS]);
  if (manifest.bin || group === 'apps') {
    if (!inner || peer) problems.push(`${TFJS}: what is run brings it as a dependency, not as a peer`);
  } else if (inner || !peer) {
    problems.push(`${TFJS}: a library takes it as a peer, so that there is one engine`);
  }
  return problems;
}

/** @param {Package} pkg */
function settingsProblems({ dir, files }) {
  const problems = [];
  const tsconfig = join(dir, 'tsconfig.json');
  if (existsSync(tsconfig)) {
    const { config = {} } = ts.readConfigFile(tsconfig, ts.sys.readFile);
    if (config.extends !== '../../tsconfig.base.json') problems.push('tsconfig.json: extends ../../tsconfig.base.json');
    for (const option of Object.keys(config.compilerOptions ?? {})) {
      if (!OWN_OPTIONS.includes(option)) problems.push(`tsconfig.json: ${option} is set once, in tsconfig.base.json`);
    }
  } else {
    problems.push('tsconfig.json is missing');
  }
  if (!existsSync(join(dir, 'tsup.config.ts'))) problems.push('tsup.config.ts is missing');
  if (!files.some((file) => file.endsWith('.test.ts'))) problems.push('has no test');
  return problems;
}

/**
 * Third-party packages that two packages take at different ranges: two versions would be installed.
 * @param {readonly { file: string, manifest: Manifest }[]} manifests
 */
function rangeProblems(manifests) {
  /** @type {Map<string, { file: string, range: string }>} */
  const first = new Map();
  /** @type {import('./workspace.mjs').Problem[]} */
  const problems = [];
  for (const { file, manifest } of manifests) {
    const all = { ...manifest.devDependencies, ...manifest.optionalDependencies, ...manifest.dependencies };
    for (const [name, range] of Object.entries(all)) {
      const other = first.get(name);
      if (!other) first.set(name, { file, range });
      else if (other.range !== range) {
        problems.push({ file, message: `${name}: ${range} here, ${other.range} in ${other.file}` });
      }
    }
  }
  return problems;
}

/**
 * Checks that every package follows the one template: package.json (fields, order, exports, scripts, ranges) and settings.
 * @param {string} root
 * @returns {import('./workspace.mjs').Report}
 */
export function checkPackages(root) {
  const { packages, problems } = readWorkspace(root);
  const rootManifest = readJson(join(root, 'package.json'));
  const byName = new Map(packages.map((pkg) => [SCOPE + pkg.name, pkg]));
  const looked = { packages: packages.length, fields: 0 };
  const manifests = [{ file: 'package.json', manifest: rootManifest }];
  for (const pkg of packages) {
    const file = shown(root, join(pkg.dir, 'package.json'));
    manifests.push({ file, manifest: pkg.manifest });
    looked.fields += Object.keys(pkg.manifest).length;
    const messages = [
      ...headProblems(pkg.manifest, pkg, rootManifest),
      ...exportProblems(pkg),
      ...dependencyProblems(pkg, byName),
      ...settingsProblems(pkg),
    ];
    problems.push(...messages.map((message) => ({ file, message })));
  }
  problems.push(...rangeProblems(manifests));
  return mustHaveLooked({ name: 'packages', looked, problems });
}
