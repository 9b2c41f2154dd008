import { describe, expect, it } from 'vitest';
import { checkFloors } from './check-floors.mjs';
import { floors, folder, manifest, told, workspace } from './workspace-fixture.mjs';

/** @param {Record<string, string | object | undefined>} [faults] */
const problemsWith = (faults) => told(checkFloors(workspace(faults), floors()));
/** @param {string} line */
const inBase = (line) => problemsWith({ 'packages/base/src/main.ts': `${line}\nexport const base = 1;\n` });

describe('check-floors', () => {
  it('finds nothing in a workspace without a fault, and has looked', () => {
    const report = checkFloors(workspace(), floors());
    expect(told(report)).toBe('');
    expect(report.looked).toEqual({ packages: 3, files: 15, imports: 18, 'browser files': 6 });
  });

  it('fails when it looked at nothing', () => {
    const empty = folder({ 'package.json': { private: true } });
    const table = { floors: [], reserved: [], only: {}, browser: { packages: [], nodeEntries: [], thirdParty: [] } };
    expect(told(checkFloors(empty, table))).toMatch(/looked at no packages[\s\S]*no files[\s\S]*no imports/);
  });

  it.each([
    ['an import', "import { base as other } from '@uniecs/fusion';"],
    ['a type import', "import type { Base } from '@uniecs/fusion';"],
    ['an inline type import', "export type Other = import('@uniecs/fusion').Base;"],
    ['a re-export', "export { base as other } from '@uniecs/fusion';"],
    ['a dynamic import', "export const other = () => import('@uniecs/fusion');"],
    ['require', "export const other = require('@uniecs/fusion');"],
    ['a module augmentation', "declare module '@uniecs/fusion' {}"],
  ])('finds %s that goes up', (_, line) => {
    expect(inBase(line)).toMatch(/main\.ts:1 '@uniecs\/fusion' fusion is above base/);
  });

  it('does not take text in a string or a comment for an import', () => {
    expect(inBase(`// import '@uniecs/fusion';\nexport const text = "import x from '@uniecs/fusion'";`)).toBe('');
  });

  it('finds an import that goes up in a test', () => {
    const source = "import { base } from '@uniecs/loss';\nimport { it } from 'vitest';\nit('runs', base);\n";
    expect(problemsWith({ 'packages/base/src/up.test.ts': source })).toMatch(/loss is above base/);
  });

  it('finds an import of the same floor', () => {
    const source = "export { base } from '@uniecs/loss';\n";
    expect(problemsWith({ 'packages/fusion/src/main.ts': source })).toMatch(/loss is on the same floor as fusion/);
  });

  it('finds a dependency that goes up, of every kind', () => {
    for (const field of ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']) {
      const up = manifest('base', { [field]: { '@tensorflow/tfjs-core': '^4.22.0', '@uniecs/loss': '^0.1.0' } });
      expect(problemsWith({ 'packages/base/package.json': up })).toContain(`${field}: loss is above base`);
    }
  });

  it('finds a package that uses more than the table allows it', () => {
    const table = floors();
    table.only.fusion = [];
    expect(told(checkFloors(workspace(), table))).toMatch(/fusion may use only , not base/);
  });

  it('finds an import that reaches into another package', () => {
    const source = "export { base } from '@uniecs/base/dist/main.js';\n";
    expect(problemsWith({ 'packages/loss/src/main.ts': source })).toMatch(
      /reaches into @uniecs\/base: \.\/dist\/main\.js/,
    );
  });

  it('finds a relative import that leaves its package', () => {
    const source = "export { base } from '../../base/src/main.js';\n";
    expect(problemsWith({ 'packages/loss/src/main.ts': source })).toMatch(/leaves its package/);
    const url = (/** @type {string} */ path) => `export const x = new URL('../../../${path}', import.meta.url);\n`;
    expect(problemsWith({ 'packages/loss/src/main.ts': url('tools/worker.js') })).toMatch(/leaves its package/);
    expect(problemsWith({ 'packages/loss/src/main.ts': url('data/train.jsonl') })).toBe('');
  });

  it('finds an import that package.json does not declare', () => {
    expect(inBase("export { z } from 'zod';")).toMatch(/zod is not declared in the dependencies of package.json/);
    expect(inBase("export { it } from 'vitest';")).toMatch(/vitest is not declared/);
    expect(inBase("import '#gradients';")).toMatch(/not among the "imports"/);
  });

  it('finds a package on no floor, a floor without its package and a package without a source', () => {
    expect(problemsWith({ 'packages/extra/package.json': manifest('extra') })).toMatch(
      /packages\/extra stands on no floor[\s\S]*packages\/extra holds no source file/,
    );
    const table = { ...floors(), reserved: [] };
    expect(told(checkFloors(workspace(), table))).toMatch(/names app, which does not exist/);
  });
});

describe('check-floors on what must load in a browser', () => {
  it.each([
    ['a Node module', "export { readFileSync } from 'fs';", /imports fs: base must load in a browser/],
    ['a node: module', "import 'node:path';", /imports node:path/],
    ['a type of a Node module', "export type { Stats } from 'node:fs';", /imports node:fs/],
    ['Node types', '/// <reference types="node" />', /imports node:module/],
    ['a Node global', 'export const on = process.platform;', /uses Node's global process/],
    ['a computed import', 'export const load = (x: string) => import(x);', /a computed import/],
    ['another package', "export { z } from 'zod';", /main\.ts:1 imports zod: base must load in a browser/],
  ])('finds %s', (_, line, expected) => {
    expect(inBase(line)).toMatch(expected);
  });

  it('names the way to a Node module through another package', () => {
    const faults = { 'packages/base/src/main.ts': "import 'node:path';\nexport const base = 1;\n" };
    expect(problemsWith(faults)).toContain(
      'fusion must load in a browser (packages/fusion/src/index.ts -> packages/fusion/src/main.ts -> ' +
        'packages/base/src/index.ts -> packages/base/src/main.ts)',
    );
  });

  it.each([['./dist/io.js'], [{ types: './src/io.ts', default: './dist/io.js' }]])(
    'follows package.json imports to their source: %o',
    (named) => {
      const report = problemsWith({
        'packages/base/package.json': manifest('base', { imports: { '#io': named } }),
        'packages/base/src/main.ts': "import '#io';\nexport const base = 1;\n",
        'packages/base/src/io.ts': "import 'node:fs';\n",
      });
      expect(report).toMatch(/src\/io\.ts:1 imports node:fs/);
    },
  );

  it('leaves a local name and a property of the same name alone', () => {
    expect(inBase('export const run = (process: () => number) => ({ Buffer: process() }).Buffer;')).toBe('');
  });

  it('finds a package without an entry', () => {
    expect(problemsWith({ 'packages/base/src/index.ts': undefined })).toMatch(/has no entry that a browser could load/);
  });
});
