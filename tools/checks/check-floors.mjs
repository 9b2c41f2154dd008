import { join } from 'node:path';
import ts from 'typescript';
import { chain, entriesOf, reach } from './graph.mjs';
import { everyNode, importsOf, isBuiltin, isRelative, lineOf, packageOf, parse, resolveRelative } from './source.mjs';
import { DEPENDENCY_FIELDS, isTest, mustHaveLooked, readJson, readWorkspace, SCOPE, shown } from './workspace.mjs';

/**
 * @typedef {import('./workspace.mjs').Package} Package
 * @typedef {import('./workspace.mjs').Problem} Problem
 * @typedef {{
 *   floors: string[][], reserved: string[], only: Record<string, string[]>,
 *   browser: { packages: string[], nodeEntries: string[], thirdParty: string[] },
 * }} Floors
 */

const NODE_GLOBALS = new Set(['process', 'Buffer', '__dirname', '__filename', 'setImmediate', 'require']);

/**
 * Why a package may not use another one, or undefined if it may.
 * @param {Floors} table
 * @param {string} from
 * @param {string} to
 */
function forbidden(table, from, to) {
  /** @param {string} name */
  const floor = (name) => table.floors.findIndex((names) => names.includes(name));
  if (floor(to) < 0) return `${SCOPE}${to} is no package of this workspace`;
  if (floor(to) === floor(from)) return `${to} is on the same floor as ${from}: an import goes down only`;
  if (floor(to) < floor(from)) return `${to} is above ${from}: an import goes down only`;
  const only = table.only[from];
  return only && !only.includes(to) ? `${from} may use only ${only.join(', ')}, not ${to}` : undefined;
}

/**
 * The table against the folders: each names the other.
 * @param {Floors} table
 * @param {readonly Package[]} packages
 * @returns {Problem[]}
 */
function tableProblems(table, packages) {
  const listed = table.floors.flat();
  const present = packages.map(({ name }) => name);
  return [
    ...packages.flatMap(({ name, group }) =>
      listed.includes(name) ? [] : [{ file: `${group}/${name}`, message: 'stands on no floor: add it to floors.json' }],
    ),
    ...listed.flatMap((name) =>
      present.includes(name) || table.reserved.includes(name)
        ? []
        : [{ file: 'tools/checks/floors.json', message: `names ${name}, which does not exist` }],
    ),
  ];
}

/**
 * @param {Package} pkg
 * @param {Floors} table
 * @param {string} file
 * @returns {Problem[]}
 */
function manifestProblems(pkg, table, file) {
  return DEPENDENCY_FIELDS.flatMap((field) =>
    Object.keys(pkg.manifest[field] ?? {}).flatMap((name) => {
      const why = name.startsWith(SCOPE) ? forbidden(table, pkg.name, name.slice(SCOPE.length)) : undefined;
      return why ? [{ file, message: `${field}: ${why}` }] : [];
    }),
  );
}

/**
 * Why one import may not stand where it stands, or undefined if it may.
 * @param {{ root: string, table: Floors, byName: Map<string, Package>, rootDependencies: Set<string> }} workspace
 * @param {Package} pkg
 * @param {string} file
 * @param {string} specifier
 * @param {boolean} shipped
 */
function importProblem({ root, table, byName, rootDependencies }, pkg, file, specifier, shipped) {
  if (isBuiltin(specifier)) return undefined;
  if (isRelative(specifier)) {
    const path = resolveRelative(file, specifier) ?? join(file, '..', specifier);
    const sharedSettings =
      !shown(root, file).includes('/src/') && /^[^/]+\.base\.(ts|js|json)$/.test(shown(root, path));
    const inside = shown(pkg.dir, path);
    if (inside.startsWith('..') && !sharedSettings) return 'leaves its package: import the other package by its name';
    return undefined;
  }
  if (specifier.startsWith('#')) {
    return pkg.manifest.imports?.[specifier] ? undefined : 'is not among the "imports" of package.json';
  }
  const name = packageOf(specifier);
  if (name.startsWith(SCOPE)) {
    const to = name.slice(SCOPE.length);
    if (to === pkg.name && shipped) return 'imports its own package by name: use a relative path';
    const why = to === pkg.name ? undefined : forbidden(table, pkg.name, to);
    if (why) return why;
    const key = `.${specifier.slice(name.length)}`;
    const other = byName.get(name);
    if (other && !(key in (other.manifest.exports ?? {}))) {
      return `reaches into ${name}: ${key} is not among its exports`;
    }
    if (to === pkg.name) return undefined;
  }
  const declared = DEPENDENCY_FIELDS.some(
    (field) => (field !== 'devDependencies' || !shipped) && pkg.manifest[field]?.[name] !== undefined,
  );
  if (declared || (!shipped && rootDependencies.has(name))) return undefined;
  return `${name} is not declared in ${shipped ? 'the dependencies of ' : ''}package.json`;
}

/**
 * Uses of Node's global names in a file.
 * @param {string} path
 */
function nodeGlobals(path) {
  /** @type {{ name: string, line: number }[]} */
  const found = [];
  /** @type {Set<string>} */
  const declared = new Set();
  everyNode(parse(path), (node) => {
    if (!ts.isIdentifier(node) || !NODE_GLOBALS.has(node.text)) return;
    const { parent } = node;
    if ('name' in parent && parent.name === node) {
      if (!ts.isPropertyAccessExpression(parent)) declared.add(node.text);
      return;
    }
    found.push({ name: node.text, line: lineOf(node) });
  });
  return found.filter(({ name }) => !declared.has(name));
}

/**
 * What a browser could not load among all that the entries of one package reach.
 * @param {string} root
 * @param {readonly Package[]} packages
 * @param {Package} pkg
 * @param {Floors['browser']} browser
 */
function browserProblems(root, packages, pkg, browser) {
  const starts = [...entriesOf(pkg)].filter(([key]) => !browser.nodeEntries.includes(key)).map(([, path]) => path);
  const reached = reach(packages, starts);
  /** @param {string} path */
  const show = (path) => shown(root, path);
  /** @type {Problem[]} */
  const problems =
    starts.length > 0 ? [] : [{ file: show(pkg.dir), message: 'has no entry that a browser could load' }];
  for (const file of reached.keys()) {
    const way = `${pkg.name} must load in a browser (${chain(reached, file, show)})`;
    for (const { specifier, line } of importsOf(file)) {
      if (specifier === undefined) {
        problems.push({ file: show(file), line, message: `a computed import: ${way}` });
      } else if (isBuiltin(specifier)) {
        problems.push({ file: show(file), line, message: `imports ${specifier}: ${way}` });
      } else if (!isRelative(specifier) && !specifier.startsWith('#') && !specifier.startsWith(SCOPE)) {
        if (!browser.thirdParty.includes(packageOf(specifier))) {
          problems.push({ file: show(file), line, message: `imports ${specifier}: ${way}` });
        }
      }
    }
    for (const { name, line } of nodeGlobals(file)) {
      problems.push({ file: show(file), line, message: `uses Node's global ${name}: ${way}` });
    }
  }
  return { problems, files: reached.size };
}

/**
 * Checks that an import goes down the floors only, through names that the other package exports and package.json
 * declares, and that what must load in a browser reaches nothing of Node.
 * @param {string} root
 * @param {Floors} [table]
 * @returns {import('./workspace.mjs').Report}
 */
export function checkFloors(root, table = readJson(join(import.meta.dirname, 'floors.json'))) {
  const { packages, problems } = readWorkspace(root);
  problems.push(...tableProblems(table, packages));
  const rootManifest = readJson(join(root, 'package.json'));
  const workspace = {
    root,
    table,
    byName: new Map(packages.map((pkg) => [SCOPE + pkg.name, pkg])),
    rootDependencies: new Set(Object.keys({ ...rootManifest.dependencies, ...rootManifest.devDependencies })),
  };
  const looked = { packages: packages.length, files: 0, imports: 0, 'browser files': 0 };
  for (const pkg of packages) {
    problems.push(...manifestProblems(pkg, table, shown(root, join(pkg.dir, 'package.json'))));
    const shippedFiles = reach([pkg], [...entriesOf(pkg).values()]);
    if (pkg.files.length === 0) problems.push({ file: shown(root, pkg.dir), message: 'holds no source file' });
    for (const file of pkg.files) {
      looked.files++;
      for (const { specifier, line } of importsOf(file)) {
        looked.imports++;
        if (specifier === undefined) continue;
        const why = importProblem(workspace, pkg, file, specifier, shippedFiles.has(file) && !isTest(file));
        if (why) problems.push({ file: shown(root, file), line, message: `'${specifier}' ${why}` });
      }
    }
    if (table.browser.packages.includes(pkg.name)) {
      const seen = browserProblems(root, packages, pkg, table.browser);
      problems.push(...seen.problems);
      looked['browser files'] += seen.files;
    }
  }
  return mustHaveLooked({ name: 'floors', looked, problems });
}
