// npm test: installs, builds, runs every test of the repository, and prints one summary.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { shown } from './checks/workspace.mjs';
import { build, runTool } from './run-tool.mjs';
import { ROOT } from './setup.mjs';
import { summarise } from './test-summary.mjs';

/** A test that is fast alone may wait long for one of two busy cores. */
const TIMEOUT_MS = 60_000;
const started = Date.now();
const report = join(ROOT, 'runs', 'test-report.json');

const built = build();
if (built !== 0) process.exit(built);
mkdirSync(join(ROOT, 'runs'), { recursive: true });
rmSync(report, { force: true });
const settings = ['--reporter=default', '--reporter=json', '--outputFile', report, `--testTimeout=${TIMEOUT_MS}`];
const status = runTool('vitest', [
  'run',
  '--config',
  'tools/all-tests.config.mjs',
  ...settings,
  ...process.argv.slice(2),
]);
if (!existsSync(report)) throw new Error(`test: vitest ended with ${status} and wrote no report`);

const projects = [...readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}`), 'tools'];
const { text, ok } = summarise(JSON.parse(readFileSync(report, 'utf8')), projects, (path) => shown(ROOT, path));
console.log(`\n${text} (${((Date.now() - started) / 1000).toFixed(0)} s with installation and build)`);
process.exitCode = ok && status === 0 ? 0 : 1;
