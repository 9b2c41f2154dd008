import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostileFiles } from './hostile-files.mjs';

/**
 * @typedef {object} FuzzReport
 * @property {number} files mutated files that were read
 * @property {number} hostile files that were made by hand
 * @property {number} read of all, those that were taken as sound
 * @property {number} refused of all, those with a typed error or a named problem
 * @property {string[]} violations
 */

/** Most bytes that a file may add to the process's peak: a picture of 25 million pixels, decoded, in a few copies. */
export const MOST_BYTES = 512 * 2 ** 20;

/**
 * Has a child process read hostile files and mutated files of a format. Whatever it reads must be taken as sound or refused with a typed
 * error, in bounded time and memory. A child that crashes, hangs or takes too much is a violation; the next goes on after that file. Ends early
 * after `most` violations, by default 20.
 * @param {{ format: string, files: number, seed?: number, secondsPerFile?: number, fault?: 'crash' | 'hang' | 'memory' | 'untyped', most?: number }} options
 * @returns {Promise<FuzzReport>}
 */
export async function fuzzFiles({ format, files, seed = 1, secondsPerFile = 60, fault, most = 20 }) {
  const hostile = hostileFiles(format);
  /** @type {FuzzReport} */
  const report = { files: 0, hostile: fault ? 0 : hostile.length, read: 0, refused: 0, violations: [] };
  const nameOf = (/** @type {number} */ number) =>
    number < 0 ? `${format}, ${hostile[-1 - number]?.name}` : `${format}, seed ${seed}, file ${number}`;
  let from = fault ? 0 : -hostile.length;
  while (from < files && report.violations.length < most) {
    const ended = await child({ format, seed, from, to: files, fault, mostBytes: MOST_BYTES }, secondsPerFile);
    for (const { number, violation } of ended.told) {
      report.violations.push(number === undefined ? `${format}: ${violation}` : `${nameOf(number)}: ${violation}`);
    }
    if (ended.counts) {
      report.read += ended.counts.read;
      report.refused += ended.counts.refused;
      from = files;
    } else if (ended.at === undefined) {
      report.violations.push(`${format}: nothing could be read: ${ended.how}`);
      break;
    } else {
      report.violations.push(`${nameOf(ended.at)}: ${ended.how}`);
      from = ended.at + 1;
    }
    report.files = Math.max(0, Math.min(from, files));
  }
  return report;
}

/**
 * @param {Record<string, unknown>} what
 * @param {number} secondsPerFile
 * @returns {Promise<{ told: { number?: number, violation: string }[], counts?: { read: number, refused: number }, at?: number, how: string }>}
 */
async function child(what, secondsPerFile) {
  const folder = await mkdtemp(join(tmpdir(), 'uniecs-fuzz-'));
  try {
    const args = [folder, JSON.stringify(what)];
    // What JavaScript may take is bounded here, so that a file that asks for more is found.
    const execArgv = ['--max-old-space-size=512'];
    const one = fork(join(import.meta.dirname, 'fuzz-child.mjs'), args, {
      execArgv,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    /** @type {{ number?: number, violation: string }[]} */
    const told = [];
    /** @type {{ read: number, refused: number } | undefined} */
    let counts;
    one.on('message', (/** @type {any} */ message) => {
      if (message.counts) counts = message.counts;
      else told.push(message);
    });
    let said = '';
    one.stderr?.on('data', (chunk) => {
      said = (said + chunk).slice(-2000);
    });
    const at = () =>
      readFile(join(folder, 'at'), 'utf8').then(
        (text) => (text.trim() === '' ? undefined : Number(text)),
        () => undefined,
      );
    let [last, since, hung] = [await at(), performance.now(), false];
    const watch = setInterval(async () => {
      const now = await at();
      if (now !== last) [last, since] = [now, performance.now()];
      else if (performance.now() - since > 1000 * secondsPerFile) {
        hung = true;
        one.kill('SIGKILL');
      }
    }, 250);
    const [code, signal] = await new Promise((resolve) => one.on('close', (...ended) => resolve(ended)));
    clearInterval(watch);
    const how = hung
      ? `not done after ${secondsPerFile} s`
      : `the process ended with ${signal ?? code}: ${said.trim().split('\n').slice(-3).join(' | ')}`;
    const place = await at();
    return { told, how, ...(counts ? { counts } : {}), ...(place === undefined ? {} : { at: place }) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
