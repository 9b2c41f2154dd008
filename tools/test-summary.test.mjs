import { expect, it } from 'vitest';
import { summarise } from './test-summary.mjs';

/**
 * @param {string} name
 * @param {string[]} statuses
 */
const file = (name, statuses, status = 'passed') => ({
  name: `/root/${name}`,
  status,
  startTime: 1000,
  endTime: 2500,
  assertionResults: statuses.map((each, index) => ({ status: each, fullName: `claim ${index}` })),
});
/** @param {import('./test-summary.mjs').TestFile[]} testResults */
const summary = (testResults, success = true, projects = ['packages/a', 'packages/ab']) =>
  summarise({ success, testResults }, projects, (path) => path.slice('/root/'.length));

it('counts tests by project, and names the skipped ones', () => {
  const { text, ok } = summary([
    file('packages/a/x.test.ts', ['passed', 'passed']),
    file('packages/a/y.test.ts', ['passed', 'skipped']),
    file('packages/ab/z.test.ts', ['passed']),
  ]);
  expect(ok).toBe(true);
  expect(text.split('\n')).toEqual([
    'packages/a     3 passed  0 failed  1 skipped   2 files    3.0 s',
    'packages/ab    1 passed  0 failed  0 skipped   1 files    1.5 s',
    'skipped: packages/a/y.test.ts: claim 1',
    'tests: all 4 tests passed',
  ]);
});

it('fails when a test failed', () => {
  const { text, ok } = summary(
    [file('packages/a/x.test.ts', ['failed']), file('packages/ab/z.test.ts', ['passed'])],
    false,
  );
  expect(ok).toBe(false);
  expect(text).toMatch(/1 failed[\s\S]*tests: FAILED/);
});

it('fails when a test file could not be loaded', () => {
  const { text, ok } = summary([
    file('packages/a/x.test.ts', ['passed']),
    file('packages/a/y.test.ts', [], 'failed'),
    file('packages/ab/z.test.ts', ['passed']),
  ]);
  expect(ok).toBe(false);
  expect(text).toMatch(/packages\/a +1 passed +1 failed/);
});

it('fails when a project ran no test, or nothing ran', () => {
  const one = summary([file('packages/a/x.test.ts', ['passed'])]);
  expect(one.ok).toBe(false);
  expect(one.text).toContain('packages/ab: no test ran');
  expect(summary([file('packages/a/x.test.ts', ['skipped'])], true, ['packages/a']).ok).toBe(false);
  expect(summary([], true).ok).toBe(false);
});
