import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { seededRandom } from '@uniecs/tensor';
import { nodeFileSystem } from '@uniecs/tensor/node';
import { flaws, resume } from './sample-saves.mjs';

/**
 * @typedef {object} KillReport
 * @property {number} kills
 * @property {number} inSave of them, those that left a save unfinished
 * @property {number} steps checkpoints that were saved over all
 * @property {string[]} violations
 */

/** Numbers in the arrays of a save: enough that writing them takes a while. */
const FLOATS = 1_000_000;

/**
 * Kills a process that saves without end, after a random time of up to `withinMs` of saving; then looks at what is left, and starts the next
 * one, which goes on from it. Ends early after `most` violations, by default 20.
 * @param {{ kills: number, seed?: number, withinMs?: number, fault?: 'in-place', most?: number, onKill?: (done: number) => void }} options
 * @returns {Promise<KillReport>}
 */
export async function killAtRandom({ kills, seed = 1, withinMs = 400, fault, most = 20, onKill = () => {} }) {
  const folder = await mkdtemp(join(tmpdir(), 'uniecs-kills-'));
  const random = seededRandom(seed);
  /** @type {KillReport} */
  const report = { kills: 0, inSave: 0, steps: 0, violations: [] };
  try {
    for (; report.kills < kills && report.violations.length < most; report.kills++) {
      const { resumed, saved, error } = await killedAfter(folder, random.integer(withinMs), fault);
      const where = `kill ${report.kills}`;
      if (error !== '') report.violations.push(`${where}: the process failed: ${error}`);
      if (resumed !== report.steps && resumed !== report.steps + 1) {
        report.violations.push(`${where}: went on from step ${resumed} instead of ${report.steps}`);
      }
      const place = { folder, fileSystem: nodeFileSystem };
      const names = await nodeFileSystem.readdir(folder).catch(() => []);
      if (names.some((name) => name.endsWith('.tmp'))) report.inSave++;
      for (const flaw of await flaws(place)) report.violations.push(`${where}: ${flaw}`);
      const last = Math.max(saved, resumed);
      const loaded = await resume(place, FLOATS).catch((/** @type {Error} */ reason) => reason);
      if (loaded instanceof Error) {
        if (last > 0) report.violations.push(`${where}: nothing loads: ${loaded.message}`);
        report.steps = 0;
        continue;
      }
      if (loaded.torn) report.violations.push(`${where}: what loads is torn`);
      if (loaded.step !== last && loaded.step !== last + 1) {
        report.violations.push(`${where}: step ${loaded.step} loads after ${last} was saved`);
      }
      report.steps = loaded.step;
      onKill(report.kills + 1);
    }
    return report;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} folder
 * @param {number} ms
 * @param {string | undefined} fault
 */
async function killedAfter(folder, ms, fault) {
  const saver = join(import.meta.dirname, 'saver.mjs');
  const args = [saver, folder, String(FLOATS), 'endless', ...(fault ? [fault] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let resumed = -1;
  let saved = 0;
  let error = '';
  child.stderr.on('data', (chunk) => {
    error += chunk;
  });
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const ended = new Promise((resolve) => child.on('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, step] = line.split(' ');
    if (word === 'saved') saved = Number(step);
    if (word !== 'ready') continue;
    resumed = Number(step);
    timer = setTimeout(() => child.kill('SIGKILL'), ms);
  }
  await ended;
  clearTimeout(timer);
  return { resumed, saved, error: child.signalCode === 'SIGKILL' ? '' : error };
}
