import { describe, expect, it } from 'vitest';
import { checkHouse } from './check-house.mjs';
import { folder, told, workspace } from './workspace-fixture.mjs';

/** @param {Record<string, string | object | undefined>} faults */
const problemsWith = (faults) => told(checkHouse(workspace(faults)));
/** @param {string} line */
const inMain = (line) => problemsWith({ 'packages/base/src/main.ts': `export const base = 1;\n${line}\n` });
/** @param {string} line */
const inTest = (line) => {
  const source = `import { it, describe } from 'vitest';\nimport './main.js';\n${line}\n`;
  return problemsWith({ 'packages/base/src/main.test.ts': source });
};
// written in halves, so that this file does not hold what the check looks for
const host = ['https://registry', 'npmjs', 'org'].join('.');

describe('check-house', () => {
  it('finds nothing in a workspace without a fault, and has looked', () => {
    const report = checkHouse(workspace());
    expect(told(report)).toBe('');
    expect(report.looked).toEqual({ 'text files': 23, 'code files': 16, tests: 3 });
  });

  it('fails when it looked at nothing', () => {
    expect(told(checkHouse(folder({})))).toMatch(/no text files[\s\S]*no code files[\s\S]*no tests/);
    expect(told(checkHouse(folder({ 'node_modules/x/index.js': 'Math.random()' })))).toMatch(/no code files/);
  });

  it.each([
    ['Math.random', 'export const x = Math.random();', /main\.ts:2 Math\.random/],
    ['Math["random"]', "export const x = Math['random']();", /main\.ts:2 Math\.random/],
    ['a draw of tfjs', 'export const x = tf.randomUniform([2]);', /main\.ts:2 tf\.randomUniform/],
    ['any', 'export const x = (y: any) => y;', /main\.ts:2 `any`/],
    ['as any', 'export const x = base as any;', /main\.ts:2 `any`/],
    ['@ts-ignore', '// @ts-ignore\nexport const x = 1;', /main\.ts:2 @ts-ignore/],
    ['@ts-expect-error', '// @ts-expect-error: no types\nexport const x = 1;', /main\.ts:2 @ts-expect-error/],
    ['export *', "export * from './node.js';", /main\.ts:2 `export \*`/],
    ['export * as', "export * as node from './node.js';", /main\.ts:2 `export \*`/],
    ['a long file', 'export {};\n'.repeat(401), /402 lines/],
  ])('finds %s', (_, line, expected) => {
    expect(inMain(line)).toMatch(expected);
  });

  it('leaves the same words in text and comments alone', () => {
    expect(
      inMain("// Math.random() is any number; see @ts-ignore\nexport const x = 'export * as any; Math.random()';"),
    ).toBe('');
  });

  it.each([
    'it.only',
    'it.skip',
    'it.todo',
    'describe.only',
    'describe.skip',
    'it.each([1]).only',
    'it.concurrent.skip',
  ])('finds %s', (call) => {
    expect(inTest(`${call}('x', () => {});`)).toMatch(/main\.test\.ts:3 (it|describe)\.(only|skip|todo)/);
  });

  it('takes skipIf, and in a test an expected type error, a draw of tfjs and many lines', () => {
    expect(inTest('it.each([]);\n'.repeat(500))).toBe('');
    expect(inTest("it.skipIf(!process.env.DATA)('x', () => {});")).toBe('');
    expect(inTest('// @ts-expect-error: a number is no string\nexport const x: string = 1;')).toBe('');
    expect(inTest('export const x = tf.randomUniform([2]);')).toBe('');
  });

  it('finds an index.ts that does more than name exports', () => {
    const source = "export { base } from './main.js';\nexport const more = 1;\n";
    expect(problemsWith({ 'packages/base/src/index.ts': source })).toMatch(/index\.ts:2 index\.ts is a list/);
  });

  it('finds names that are not kebab-case', () => {
    expect(problemsWith({ 'packages/base/src/fooBar.test.ts': "import './main.js';\n" })).toMatch(
      /a file name is kebab-case/,
    );
    expect(problemsWith({ 'packages/base/src/Big/x.test.ts': "import '../main.js';\n" })).toMatch(
      /folder Big is not kebab/,
    );
  });

  it('finds a source file that nothing uses', () => {
    expect(problemsWith({ 'packages/base/src/old.ts': 'export const old = 1;\n' })).toMatch(
      /packages\/base\/src\/old\.ts neither an entry nor a test reaches it/,
    );
  });

  it.each([
    ['a lock file with an address', 'package-lock.json', { packages: { a: { resolved: `${host}/a/-/a-1.0.0.tgz` } } }],
    ['a lock file with a private address', 'package-lock.json', { packages: { a: { resolved: 'http://10.0.0.1/a' } } }],
    ['a download address', 'docs/install.md', `See ${host.replace('registry', 'files')}/a/-/a-1.0.0.tgz`],
    ['a registry', 'docs/install.md', `npm install --registry ${host}`],
    ['a private registry', 'notes.md', `${['https://npm', 'corp', 'example'].join('.')}/x`],
    ['a setting', '.npmrc', `${'registry'}=http://10.0.0.1`],
    ['a token', '.npmrc', `//10.0.0.1/:${'_auth'}Token=abc`],
  ])('finds %s', (_, file, content) => {
    expect(problemsWith({ [file]: content })).toContain('the address of a package registry');
  });

  it('takes links of the workspace and ordinary addresses', () => {
    const lock = { packages: { 'node_modules/@uniecs/base': { resolved: 'packages/base', link: true } } };
    expect(problemsWith({ 'package-lock.json': lock, 'docs/a.md': 'https://arxiv.org/abs/1706.03762' })).toBe('');
  });
});
