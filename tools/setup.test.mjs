import { describe, expect, it } from 'vitest';
import { folder } from './checks/workspace-fixture.mjs';
import { npmCommand, staleness } from './setup.mjs';

const entry = { version: '1.0.0', integrity: 'sha512-a' };
const lock = (/** @type {object} */ more) => ({
  packages: { '': {}, 'packages/x': {}, 'node_modules/a': entry, ...more },
});
const installed = (/** @type {object} */ a) => ({ packages: { 'node_modules/a': a } });

describe('staleness', () => {
  it('finds nothing where node_modules is what the lock file asks for', () => {
    const root = folder({
      'package-lock.json': lock({}),
      'node_modules/.package-lock.json': installed(entry),
      'node_modules/a/package.json': {},
    });
    expect(staleness(root)).toBeUndefined();
  });

  it('lets an optional package of another platform be missing, but not be another version', () => {
    const files = { 'package-lock.json': lock({ 'node_modules/a': { ...entry, optional: true } }) };
    expect(staleness(folder({ ...files, 'node_modules/.package-lock.json': { packages: {} } }))).toBeUndefined();
    const other = installed({ ...entry, version: '2.0.0' });
    expect(
      staleness(folder({ ...files, 'node_modules/.package-lock.json': other, 'node_modules/a/package.json': {} })),
    ).toBe('node_modules/a is another version');
  });

  it.each([
    ['nothing installed', {}, 'nothing is installed'],
    [
      'a package that npm has not installed',
      { 'node_modules/.package-lock.json': { packages: {} } },
      'node_modules/a is missing',
    ],
    [
      'a package whose folder is gone',
      { 'node_modules/.package-lock.json': installed(entry) },
      'node_modules/a is missing',
    ],
    [
      'another version',
      {
        'node_modules/.package-lock.json': installed({ ...entry, version: '1.0.1' }),
        'node_modules/a/package.json': {},
      },
      'node_modules/a is another version',
    ],
    [
      'other content under the same version',
      { 'node_modules/.package-lock.json': installed({ ...entry, integrity: 'b' }), 'node_modules/a/package.json': {} },
      'node_modules/a is another version',
    ],
  ])('finds %s', (_, files, expected) => {
    expect(staleness(folder({ 'package-lock.json': lock({}), ...files }))).toBe(expected);
  });

  it('says that the lock file is missing', () => {
    expect(() => staleness(folder({ 'package.json': {} }))).toThrow('expected package-lock.json at the root, got none');
  });
});

describe('npmCommand', () => {
  it('is the npm that runs the script, and npm from the path under another tool', () => {
    const script = '/usr/lib/node_modules/npm/bin/npm-cli.js';
    expect(npmCommand({ npm_execpath: script })).toMatchObject({ command: process.execPath, args: [script] });
    expect(npmCommand({ npm_execpath: '/usr/bin/pnpm.cjs' })).toMatchObject({ command: 'npm', args: [] });
    expect(npmCommand({})).toMatchObject({ command: 'npm', args: [] });
  });
});
