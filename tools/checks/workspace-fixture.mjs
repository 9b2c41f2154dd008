import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** @typedef {Record<string, string | object | undefined>} Files contents by path; undefined leaves the file out */

const entry = (/** @type {string} */ stem) => ({ types: `./dist/${stem}.d.ts`, default: `./dist/${stem}.js` });

/**
 * A package.json after the template.
 * @param {string} name
 * @param {object} [more]
 */
export const manifest = (name, more = {}) => ({
  name: `@uniecs/${name}`,
  version: '0.1.0',
  description: `The ${name} of a workspace for tests`,
  license: 'Apache-2.0',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.19' },
  files: ['dist'],
  exports: { '.': entry('index'), './node': entry('node') },
  scripts: { build: 'tsup', test: 'vitest run', typecheck: 'tsc --noEmit' },
  dependencies: {},
  peerDependencies: { '@tensorflow/tfjs-core': '^4.22.0' },
  ...more,
});

/** @param {string} name */
const settings = (name) => ({
  [`packages/${name}/tsconfig.json`]: { extends: '../../tsconfig.base.json', include: ['src'] },
  [`packages/${name}/tsup.config.ts`]: "import { library } from '../../tsup.base.js';\nexport default library({});\n",
  [`packages/${name}/src/node.ts`]: "import { readFile } from 'node:fs/promises';\nexport const read = readFile;\n",
  [`packages/${name}/src/main.test.ts`]:
    "import { it } from 'vitest';\nimport { base } from './main.js';\nit('runs', base);\n",
});

/**
 * The floors of the workspace that `workspace` writes: fusion and loss above base, base and fusion for browsers.
 * @returns {import('./check-floors.mjs').Floors}
 */
export const floors = () => ({
  floors: [['app'], ['fusion', 'loss'], ['base']],
  reserved: ['app'],
  only: { fusion: ['base'] },
  browser: { packages: ['base', 'fusion'], nodeEntries: ['./node'], thirdParty: ['@tensorflow/tfjs-core'] },
});

/**
 * Writes a workspace of three packages in which no check finds a fault, with `faults` written over it.
 * @param {Files} [faults]
 * @returns {string} its root, deleted when the test ends
 */
export function workspace(faults = {}) {
  const main = "import { base } from '@uniecs/base';\nexport { base };\n";
  return folder({
    'package.json': { private: true, engines: { node: '>=20.19' }, devDependencies: { vitest: '4.1.12' } },
    'tsup.base.ts': 'export const library = (entry: object) => entry;\n',
    'packages/base/package.json': manifest('base'),
    'packages/base/src/index.ts': "export { base } from './main.js';\n",
    'packages/base/src/main.ts':
      "import * as tf from '@tensorflow/tfjs-core';\nexport const base = () => tf.scalar(1);\n",
    ...settings('base'),
    'packages/fusion/package.json': manifest('fusion', { dependencies: { '@uniecs/base': '^0.1.0' } }),
    'packages/fusion/src/index.ts': "export { base } from './main.js';\n",
    'packages/fusion/src/main.ts': main,
    ...settings('fusion'),
    'packages/loss/package.json': manifest('loss', { dependencies: { '@uniecs/base': '^0.1.0' } }),
    'packages/loss/src/index.ts': "export { base } from './main.js';\n",
    'packages/loss/src/main.ts': main,
    ...settings('loss'),
    ...faults,
  });
}

/**
 * Writes files into a new temporary folder.
 * @param {Files} files
 * @returns {string} the folder, deleted when the test ends
 */
export function folder(files) {
  const root = mkdtempSync(join(tmpdir(), 'uniecs-tools-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    if (content === undefined) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
  return root;
}

/**
 * A report's problems as text, one a line.
 * @param {import('./workspace.mjs').Report} report
 */
export const told = ({ problems }) =>
  problems.map(({ file, line, message }) => `${file}${line ? `:${line}` : ''} ${message}`).join('\n');
