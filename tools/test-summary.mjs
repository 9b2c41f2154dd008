/**
 * @typedef {{ status: string, fullName: string }} Assertion
 * @typedef {{ name: string, status: string, startTime: number, endTime: number, assertionResults: Assertion[] }} TestFile
 * @typedef {{ success: boolean, testResults: TestFile[] }} TestReport vitest's JSON report
 */

/**
 * One row a project (`packages/tensor`), the skipped tests by name, and whether all is well: no test failed, and every
 * project ran some.
 * @param {TestReport} report
 * @param {readonly string[]} projects folders, relative to the root, with forward slashes
 * @param {(path: string) => string} show a file's path, relative to the root
 * @returns {{ text: string, ok: boolean }}
 */
export function summarise(report, projects, show) {
  const rows = projects.map((project) => {
    const files = report.testResults.filter(({ name }) => show(name).startsWith(`${project}/`));
    const tests = files.flatMap(({ assertionResults }) => assertionResults);
    /** @param {string} status */
    const count = (status) => tests.filter((test) => test.status === status).length;
    const broken = files.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0);
    const passed = count('passed');
    const failed = count('failed') + broken.length;
    const milliseconds = files.reduce((sum, { startTime, endTime }) => sum + Math.max(0, endTime - startTime), 0);
    return {
      project,
      files: files.length,
      passed,
      failed,
      skipped: tests.length - passed - count('failed'),
      milliseconds,
    };
  });
  const width = Math.max(...projects.map(({ length }) => length), 'tests'.length);
  const lines = rows.map(({ project, files, passed, failed, skipped, milliseconds }) =>
    [
      project.padEnd(width),
      `${passed} passed`.padStart(12),
      `${failed} failed`.padStart(10),
      `${skipped} skipped`.padStart(11),
      `${files} files`.padStart(10),
      `${(milliseconds / 1000).toFixed(1)} s`.padStart(9),
    ].join(''),
  );
  const skippedNames = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => `skipped: ${show(name)}: ${fullName}`),
  );
  const empty = rows.filter(({ passed, failed }) => passed + failed === 0);
  const total = rows.reduce((sum, { passed }) => sum + passed, 0);
  const ok = report.success && total > 0 && empty.length === 0 && rows.every(({ failed }) => failed === 0);
  const verdict = ok ? `all ${total} tests passed` : 'FAILED';
  const notes = empty.map(({ project }) => `${project}: no test ran`);
  return { text: [...lines, ...skippedNames, ...notes, `tests: ${verdict}`].join('\n'), ok };
}
