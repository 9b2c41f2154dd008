import { describe, expect, it } from 'vitest';
import { checkPackages } from './check-packages.mjs';
import { folder, manifest, told, workspace } from './workspace-fixture.mjs';

const entry = { types: './dist/index.d.ts', default: './dist/index.js' };
const TFJS = { '@tensorflow/tfjs-core': '^4.22.0' };

/** @param {object} more */
const loss = (more) => {
  const file = manifest('loss', { dependencies: { '@uniecs/base': '^0.1.0' }, ...more });
  return told(checkPackages(workspace({ 'packages/loss/package.json': file })));
};

describe('check-packages', () => {
  it('finds nothing in a workspace without a fault, and has looked', () => {
    const report = checkPackages(workspace());
    expect(told(report)).toBe('');
    expect(report.looked).toEqual({ packages: 3, fields: 36 });
  });

  it('fails when it looked at nothing', () => {
    expect(told(checkPackages(folder({ 'package.json': {} })))).toMatch(/looked at no packages/);
  });

  it.each([
    ['another scope', { name: '@other/loss' }, /name: expected "@uniecs\/loss"/],
    ['another license', { license: 'MIT' }, /license: expected "Apache-2.0"/],
    ['CommonJS', { type: 'commonjs' }, /type: expected "module"/],
    ['side effects', { sideEffects: true }, /sideEffects: expected false/],
    ['other engines', { engines: { node: '>=18' } }, /engines: expected/],
    ['other files', { files: ['src'] }, /files: expected \["dist"\]/],
    ['other scripts', { scripts: { build: 'tsc' } }, /scripts: expected/],
    ['a private package', { private: true }, /private: a package here is published/],
    ['a version that is none', { version: 'next' }, /version: got "next"/],
    ['no description', { description: '' }, /description: expected/],
    ['an unknown field', { main: './dist/index.js' }, /main: not in the template/],
    [
      'a range that leaves the version out',
      { dependencies: { '@uniecs/base': '^0.2.0' } },
      /expected \^0\.1\.0, got \^0\.2\.0/,
    ],
    ['a range of no form', { dependencies: { '@uniecs/base': '*' } }, /expected \^0\.1\.0, got \*/],
    ['no engine', { peerDependencies: {} }, /a library takes it as a peer/],
    ['an engine of its own', { dependencies: TFJS }, /a library takes it as a peer/],
    [
      'a command with the engine as a peer',
      { bin: { loss: './dist/index.js' } },
      /what is run brings it as a dependency/,
    ],
    ['exports without types', { exports: { '.': './dist/index.js' } }, /exports \.: expected/],
    ['types last', { exports: { '.': { default: entry.default, types: entry.types } } }, /exports \.: expected/],
    [
      'no main entry',
      { exports: { './node': { types: './dist/node.d.ts', default: './dist/node.js' } } },
      /no main entry/,
    ],
    ['an entry without its source', { exports: { '.': entry, './cmal': entry } }, /src\/cmal\.ts does not exist/],
  ])('finds %s', (_, more, expected) => {
    expect(loss(more)).toMatch(expected);
  });

  it('finds fields out of order', () => {
    const { name, version, ...rest } = manifest('loss');
    expect(told(checkPackages(workspace({ 'packages/loss/package.json': { version, name, ...rest } })))).toMatch(
      /fields: expected the order name, version/,
    );
  });

  it('takes a command that brings the engine', () => {
    const dependencies = { '@uniecs/base': '^0.1.0', ...TFJS };
    expect(
      loss({ bin: { loss: './bin/loss.js' }, files: ['bin', 'dist'], dependencies, peerDependencies: {} }),
    ).toMatch(/fields: expected the order/);
  });

  it('finds settings that are missing or loosened, and a package without a test', () => {
    const report = told(
      checkPackages(
        workspace({
          'packages/loss/tsconfig.json': { extends: '../../tsconfig.base.json', compilerOptions: { strict: false } },
          'packages/loss/tsup.config.ts': undefined,
          'packages/loss/src/main.test.ts': undefined,
          'packages/fusion/tsconfig.json': { include: ['src'] },
          'packages/base/tsconfig.json': undefined,
        }),
      ),
    );
    expect(report.split('\n')).toEqual([
      'packages/base/package.json tsconfig.json is missing',
      'packages/fusion/package.json tsconfig.json: extends ../../tsconfig.base.json',
      'packages/loss/package.json tsconfig.json: strict is set once, in tsconfig.base.json',
      'packages/loss/package.json tsup.config.ts is missing',
      'packages/loss/package.json has no test',
    ]);
  });

  it('finds a third-party package at two ranges', () => {
    expect(loss({ dependencies: { '@uniecs/base': '^0.1.0', vitest: '^4.0.0' } })).toMatch(
      /vitest: \^4\.0\.0 here, 4\.1\.12 in package\.json/,
    );
  });

  it('finds a folder without a package.json', () => {
    expect(told(checkPackages(workspace({ 'apps/shell/README.md': 'soon' })))).toMatch(
      /apps\/shell has no package\.json/,
    );
  });
});
