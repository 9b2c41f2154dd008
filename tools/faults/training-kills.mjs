import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { generateCatalogue } from '@uniecs/mbeer/node';
import { checkpointFiles, verifyCheckpoint } from '@uniecs/retrieval';
import { seededRandom } from '@uniecs/tensor';

/**
 * @typedef {object} TrainingKills
 * @property {number} kills
 * @property {number} [seed]
 * @property {number} [withinMs] of a kill after the first checkpoint
 * @property {'unsaved-start'} [fault] what to plant
 * @property {number} [most] violations, of which it ends early; default 20
 * @property {(done: number) => void} [onKill]
 */

/**
 * Kills a training run at random times and lets it go on, until it was killed that often: every other time between its beginning and its
 * first step, else after its first checkpoint. It must always go on, or start anew where it had not begun. Every checkpoint that a kill
 * leaves must verify and hold, to the bit, what a run that nobody disturbs has at that step; so must the weights in the end. A run that
 * ends before it is killed makes place for a new one.
 * @param {TrainingKills} options
 * @returns {Promise<{ kills: number, early: number, runs: number, checkpoints: number, violations: string[] }>}
 */
export async function killTraining({ kills, seed = 1, withinMs = 2500, fault, most = 20, onKill = () => {} }) {
  const root = await mkdtemp(join(tmpdir(), 'uniecs-training-'));
  const random = seededRandom(seed);
  /** @type {string[]} */
  const violations = [];
  const done = { kills: 0, early: 0, runs: 0, checkpoints: 0 };
  try {
    const catalogue = join(root, 'catalogue');
    const sizes = { pairs: { train: 16, val: 6, test: 1 }, distractors: 0, seed: 3, imageSize: 24 };
    await generateCatalogue({ directory: catalogue, ...sizes });
    const whole = join(root, 'whole');
    const { ended: reference, startMs } = await trained(catalogue, whole, 100);
    if (reference !== '') throw new Error(`killTraining: the run that is not killed failed: ${reference}`);
    const expected = await digests(whole);
    for (; done.kills < kills && violations.length < most; done.runs++) {
      const out = join(root, `run-${done.runs}`);
      for (let ended = false; !ended && done.kills < kills && violations.length < most; ) {
        const isEarly = done.kills % 2 === 0;
        const kill = isEarly
          ? { from: 'begin', ms: random.integer(Math.ceil(startMs)) }
          : { from: 'checkpoint', ms: random.integer(withinMs) };
        const { ended: error } = await trained(catalogue, out, 2, kill, fault);
        if (isEarly && error === 'killed') done.early++;
        const where = `run ${done.runs}, kill ${done.kills}`;
        if (error !== 'killed' && error !== '') violations.push(`${where}: ${error}`);
        ended = error !== 'killed';
        if (!ended) onKill(++done.kills);
        for (const [name, digest] of await digests(out)) {
          done.checkpoints++;
          if (digest !== expected.get(name))
            violations.push(`${where}: ${name} is not what it is undisturbed: ${digest}`);
        }
        const weights = await Promise.all([out, whole].map((folder) => digestOf(join(folder, 'model.safetensors'))));
        if (ended && weights[0] !== weights[1]) violations.push(`${where}: the weights are not those undisturbed`);
      }
      await rm(out, { recursive: true, force: true });
    }
    return { ...done, violations };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/**
 * The SHA-256 of each checkpoint's arrays by the name of its step; why it does not verify, where it does not.
 * @param {string} out
 * @returns {Promise<Map<string, string>>}
 */
async function digests(out) {
  const folder = join(out, 'checkpoints');
  const names = await readdir(folder).catch(() => []);
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const name of names.filter((name) => /^step-[\d-]+$/.test(name))) {
    const { flaw } = await verifyCheckpoint(join(folder, name));
    const step = name.slice(0, 'step-00000000'.length);
    found.set(step, flaw ?? (await digestOf(join(folder, name, checkpointFiles.state))));
  }
  return found;
}

/** @param {string} path */
async function digestOf(path) {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes === undefined ? 'none' : createHash('sha256').update(bytes).digest('hex');
}

/**
 * Starts a run or goes on with it.
 * @param {string} catalogue
 * @param {string} out
 * @param {number} keepLast
 * @param {{ from: string, ms: number }} [kill] so long after the first line that begins so
 * @param {string} [fault]
 * @returns {Promise<{ ended: string, startMs: number }>} nothing where it ended well, `killed`, or its complaint; and the time from its
 *   beginning to its first step
 */
async function trained(catalogue, out, keepLast, kill, fault) {
  const args = [join(import.meta.dirname, 'trainer.mjs'), catalogue, out, String(keepLast), ...(fault ? [fault] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let error = '';
  child.stderr.on('data', (chunk) => {
    error += chunk;
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let begin = 0;
  let startMs = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('begin')) begin = performance.now();
    if (line.startsWith('step')) startMs ||= performance.now() - begin;
    if (kill && line.startsWith(kill.from)) timer ??= setTimeout(() => child.kill('SIGKILL'), kill.ms);
  }
  await ended;
  clearTimeout(timer);
  if (child.signalCode === 'SIGKILL') return { ended: 'killed', startMs };
  return { ended: child.exitCode === 0 ? '' : error, startMs };
}
