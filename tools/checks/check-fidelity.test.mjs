import { describe, expect, it } from 'vitest';
import { checkFidelity } from './check-fidelity.mjs';
import { COLUMNS } from './fidelity-table.mjs';
import { folder, told, workspace } from './workspace-fixture.mjs';

const symbol = '[`@uniecs/base base`](../packages/base/src/main.ts)';
const test = '[`main.test.ts`](../packages/base/src/main.test.ts): "runs"';
const header = `|${COLUMNS.join(' | ')} |\n|---|---|---|---|---|---|`;
/** @param {string} id @param {string} code @param {string} by @param {string} status @param {string} reason */
const row = (id, code = symbol, by = test, status = 'as printed', reason = '-') =>
  `| ${id} | it adds | ${code} | ${by} | ${status} | ${reason} |`;
const ids = ['Eq. 19', 'Table 5', 'Figure 6'].flatMap((last) => {
  const [kind, count] = /** @type {[string, string]} */ (/** @type {unknown} */ (last.split(' ')));
  return Array.from({ length: Number(count) }, (_, i) => `${kind} ${i + 1}`);
});
/** @param {string} changed the row of Eq. 3, or several */
const page = (changed) =>
  [header, ...ids.map((id) => (id === 'Eq. 3' ? changed : row(id)))].filter((line) => line !== '').join('\n');
/** @param {string} changed @param {Record<string, string | object | undefined>} [files] */
const problemsWith = (changed, files = {}) =>
  told(checkFidelity(workspace({ 'docs/FIDELITY.md': page(changed), ...files })));

describe('check-fidelity', () => {
  it('finds nothing in a page whose symbols and tests exist, and has looked', () => {
    const report = checkFidelity(workspace({ 'docs/FIDELITY.md': page(row('Eq. 3')) }));
    expect(told(report)).toBe('');
    expect(report.looked).toEqual({ rows: 30, symbols: 30, tests: 30 });
  });

  it('fails without a page, and on one without a table', () => {
    expect(told(checkFidelity(folder({})))).toMatch(/no rows[\s\S]*no symbols[\s\S]*no tests/);
    expect(told(checkFidelity(workspace({ 'docs/FIDELITY.md': '# Fidelity\n' })))).toMatch(/one row for Eq\. 1, got 0/);
  });

  it.each([
    [
      'a symbol that is not exported',
      [row('Eq. 3', '[`@uniecs/base bass`](../packages/base/src/main.ts)')],
      'Eq. 3: @uniecs/base does not export bass',
    ],
    [
      'a symbol that another entry exports',
      [row('Eq. 3', '[`@uniecs/base read`](../packages/base/src/node.ts)')],
      '@uniecs/base does not export read',
    ],
    [
      'a package that does not exist',
      [row('Eq. 3', '[`@uniecs/bass base`](../packages/base/src/main.ts)')],
      '@uniecs/bass is no entry',
    ],
    [
      'a symbol in another file',
      [row('Eq. 3', '[`@uniecs/base base`](../packages/base/src/index.ts)')],
      'index.ts does not declare base',
    ],
    [
      'a symbol in another package',
      [row('Eq. 3', '[`@uniecs/base base`](../packages/loss/src/main.ts)')],
      'main.ts is no source of @uniecs/base',
    ],
    [
      'a source that does not exist',
      [row('Eq. 3', '[`@uniecs/base base`](../packages/base/src/old.ts)')],
      'old.ts does not exist',
    ],
    [
      'a test that does not exist',
      [row('Eq. 3', symbol, '[`main.test.ts`](../packages/base/src/main.test.ts): "walks"')],
      'has no test "walks"',
    ],
    [
      'a test file that does not exist',
      [row('Eq. 3', symbol, '[`a.test.ts`](../packages/base/src/a.test.ts): "runs"')],
      'a.test.ts does not exist',
    ],
    ['a row that names no symbol', [row('Eq. 3', '-')], 'is as printed, but names no symbol'],
    ['a row that names no test', [row('Eq. 3', symbol, '-', 'differs', 'so')], 'is differs, but names no test'],
    ['a status that is none', [row('Eq. 3', symbol, test, 'nearly')], "got 'nearly'"],
    ['a difference without a reason', [row('Eq. 3', symbol, test, 'differs')], 'does not say how or why'],
    ['what is missing without a reason', [row('Eq. 3', '-', '-', 'not yet')], 'does not say how or why'],
    ['a symbol that is no link', [row('Eq. 3', `${symbol}, \`gate\``)], 'nor a dash: `gate`'],
    ['a row that is missing', [], 'expected one row for Eq. 3, got 0'],
    ['a row that stands twice', [row('Eq. 3'), row('Eq. 3')], 'expected one row for Eq. 3, got 2'],
    ['a row with a cell too few', ['| Eq. 3 | it adds | - | - | not yet |'], 'a row of 5 cells'],
  ])('finds %s', (_, rows, expected) => {
    expect(problemsWith(rows.join('\n'))).toContain(expected);
  });

  it('takes what is not built, with a reason, and several links in a cell', () => {
    expect(problemsWith(row('Eq. 3', '-', '-', 'out of reach', 'an online test'))).toBe('');
    expect(problemsWith(row('Eq. 3', `${symbol},<br>${symbol}`, `${test}, ${test}`))).toBe('');
    const node = '[`@uniecs/base/node read`](../packages/base/src/node.ts)';
    expect(problemsWith(row('Eq. 3', node))).toBe('');
  });

  describe('of a test whose title is filled in', () => {
    const source =
      "import { it } from 'vitest';\nit.each(['a', 'b'])('runs %s in $name', () => {});\nit.each(cases)('$name', () => {});\n";
    const files = {
      'packages/base/src/table.test.ts': source,
      'packages/base/src/fixtures/table.json': { cases: [{ name: 'PML: hinge' }] },
    };
    /** @param {string} title */
    const withTitle = (title) =>
      problemsWith(row('Eq. 3', symbol, `[\`table.test.ts\`](../packages/base/src/table.test.ts): "${title}"`), files);

    it('takes values that stand in the file or in its fixture, and the title as it is written', () => {
      for (const title of ['PML: hinge', 'runs a in PML: hinge', 'runs %s in $name']) expect(withTitle(title)).toBe('');
    });

    it('finds values that stand in neither', () => {
      for (const title of ['PML: hedge', 'runs c in PML: hinge', 'runs a in PML: hedge']) {
        expect(withTitle(title)).toContain(`has no test "${title}"`);
      }
    });
  });
});
