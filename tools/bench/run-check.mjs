import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * Writes the case into its folder for PyTorch and checks that one step of both sides gives the same, in a process of its own.
 * @param {string} folder
 * @param {string} python
 * @param {readonly ('shortcuts' | 'full-passes')[]} modes of the twin; none only writes
 * @returns {Record<string, { groups: Record<string, number>, farthest: import('./parity.mjs').Distance }>}
 */
export function runCheck(folder, python, modes) {
  const script = join(import.meta.dirname, 'check-case.mjs');
  const args = [script, join(folder, 'case.json'), python, modes.join(',')];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`bench: both sides must compute the same before they are timed\n${stderr}`);
  return JSON.parse(/** @type {string} */ (stdout.trim().split('\n').at(-1)));
}
