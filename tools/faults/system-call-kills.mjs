import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { nodeFileSystem } from '@uniecs/tensor/node';
import { flaws, resume, save } from './sample-saves.mjs';

/** The system calls of a save; Node makes some of these for itself as well. */
export const SYSTEM_CALLS = [
  'fsync',
  'rename',
  'mkdir',
  'unlink',
  'rmdir',
  'openat',
  'write',
  'read',
  'close',
  'getdents64',
];

/** Numbers in the arrays of a save. */
const FLOATS = 5_000;

/** Whether strace is there and may trace. */
export function canTrace() {
  const { status } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
  return process.platform === 'linux' && status === 0;
}

/**
 * Kills a process at the first, the second, ... system call of each name while it saves, until it ends unharmed; looks at what is
 * left each time.
 * @param {{ names?: readonly string[], fault?: 'in-place', most?: number, onName?: (name: string, kills: number) => void }} [options]
 * @returns {Promise<{ kills: number, violations: string[] }>}
 */
export async function killAtSystemCalls({ names = SYSTEM_CALLS, fault, most = 20, onName = () => {} } = {}) {
  const root = await mkdtemp(join(tmpdir(), 'uniecs-calls-'));
  const start = join(root, 'start');
  // The save at work removes three of these: two old ones, and one of its own step.
  for (const step of [1, 2, 3]) {
    const place = { folder: start, fileSystem: nodeFileSystem };
    await save(place, { step, number: step, length: FLOATS, keepLast: 3, best: 2 });
  }
  let kills = 0;
  /** @type {string[]} */
  const violations = [];
  try {
    for (const name of names) {
      let killed = 0;
      for (let call = 1; violations.length < most; call++) {
        const folder = join(root, `${name}-${call}`);
        await cp(start, folder, { recursive: true });
        const { ended, saved, error } = await killedAt(folder, name, call, fault);
        if (error !== '') throw new Error(`killAtSystemCalls: ${error}`);
        const where = `${name} ${call}`;
        for (const said of await violationsOf(folder, saved)) violations.push(`${where}: ${said}`);
        await rm(folder, { recursive: true });
        if (ended) break;
        killed++;
      }
      kills += killed;
      onName(name, killed);
    }
    return { kills, violations };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/**
 * @param {string} folder
 * @param {boolean} saved
 */
async function violationsOf(folder, saved) {
  const place = { folder, fileSystem: nodeFileSystem };
  const found = await flaws(place);
  const loaded = await resume(place, FLOATS).catch((/** @type {Error} */ reason) => reason);
  if (loaded instanceof Error) return [...found, `nothing loads: ${loaded.message}`];
  if (loaded.torn) found.push('what loads is torn');
  if (loaded.step !== 4 && (saved || loaded.step !== 3)) found.push(`step ${loaded.step} loads`);
  return found;
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {number} call
 * @param {string | undefined} fault
 */
async function killedAt(folder, name, call, fault) {
  const saver = join(import.meta.dirname, 'saver.mjs');
  const args = [saver, folder, String(FLOATS), 'wait', ...(fault ? [fault] : [])];
  // One thread for files, so that each call has its number.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
  const ended = new Promise((resolve) => child.on('close', resolve));
  let saved = false;
  let error = '';
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('saved')) saved = true;
    if (!line.startsWith('ready')) continue;
    error = await traced(child.pid ?? 0, name, call);
    child.stdin.on('error', () => {});
    child.stdin.end('\n');
  }
  await ended;
  return { ended: child.signalCode !== 'SIGKILL', saved, error };
}

/**
 * Attaches strace, which kills the process at that call.
 * @param {number} pid
 * @param {string} name
 * @param {number} call
 * @returns {Promise<string>} why it could not, or nothing
 */
async function traced(pid, name, call) {
  const args = ['-f', '-p', String(pid), '-o', '/dev/null', '-e', `trace=${name}`];
  const strace = spawn('strace', [...args, '-e', `inject=${name}:signal=KILL:when=${call}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  return await new Promise((resolve) => {
    strace.stderr.on('data', (chunk) => {
      text += chunk;
      if (/attached/.test(text)) resolve('');
    });
    strace.on('error', (reason) => resolve(reason.message));
    strace.on('close', () => resolve(`strace ended: ${text}`));
  });
}
