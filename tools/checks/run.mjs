import { join } from 'node:path';
import { checkFidelity } from './check-fidelity.mjs';
import { checkFloors } from './check-floors.mjs';
import { checkHouse } from './check-house.mjs';
import { checkPackages } from './check-packages.mjs';
import { checkResults } from './check-results.mjs';

/** @type {Record<string, (root: string) => import('./workspace.mjs').Report>} */
const CHECKS = {
  floors: checkFloors,
  packages: checkPackages,
  house: checkHouse,
  fidelity: checkFidelity,
  results: checkResults,
};
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in CHECKS));
if (unknown !== undefined) {
  console.error(`check: expected ${Object.keys(CHECKS).join(', ')} or nothing, got ${unknown}`);
  process.exit(2);
}

const root = join(import.meta.dirname, '..', '..');
for (const name of asked.length > 0 ? asked : Object.keys(CHECKS)) {
  const report = CHECKS[name]?.(root);
  if (!report) continue;
  const looked = Object.entries(report.looked).map(([what, count]) => `${count} ${what}`);
  for (const { file, line, message } of report.problems) console.log(`${file}${line ? `:${line}` : ''}  ${message}`);
  const verdict = report.problems.length === 0 ? 'ok' : `${report.problems.length} problems`;
  console.log(`${report.name}: ${verdict} (${looked.join(', ')})`);
  if (report.problems.length > 0) process.exitCode = 1;
}
