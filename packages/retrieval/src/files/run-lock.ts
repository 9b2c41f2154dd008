import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { UniecsError } from '@uniecs/tensor';
import { fileError } from './file-error.js';

/** The file that says which process writes to a run folder. */
export const lockFile = 'run.lock';

/** Who holds a run folder. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** When the process was started, in the system's own measure, where it tells: process ids are given again. */
  readonly start?: string;
  readonly id: string;
}

/**
 * Takes a run folder for this process, so that no other one writes to it. The lock of a process of this machine that is gone (killed, say)
 * is taken over.
 *
 * @param file the lock's name, for a folder that has several
 * @returns gives the folder back
 * @throws UniecsError `file` where another process holds it (`isHeld`), naming that, or the lock cannot be written
 */
export async function lockRun(out: string, file: string = lockFile): Promise<() => void> {
  const path = join(out, file);
  const start = processState(process.pid)?.start;
  const since = new Date().toISOString();
  const me: Holder = { pid: process.pid, host: hostname(), since, ...(start ? { start } : {}), id: randomUUID() };
  const mine = `${JSON.stringify(me)}\n`;
  while (!written(path, mine)) {
    let text = contentOf(path);
    if (text !== undefined && holderIn(text) === undefined) {
      // Another process may be about to write it; one that was killed in between never will.
      await setTimeout(100);
      text = contentOf(path);
    }
    if (text === undefined) continue;
    const holder = holderIn(text);
    if (holder && isThere(holder)) throw held(out, path, holder);
    rmSync(path, { force: true });
  }
  return () => {
    if (contentOf(path) === mine) rmSync(path, { force: true });
  };
}

/**
 * `lockRun` for a lock that others hold for moments: tries for half a minute.
 *
 * @throws UniecsError as `lockRun`
 */
export async function lockSoon(out: string, file: string): Promise<() => void> {
  for (let tries = 0; ; tries++) {
    try {
      return await lockRun(out, file);
    } catch (error) {
      if (!isHeld(error) || tries === 300) throw error;
      await setTimeout(100);
    }
  }
}

/** Whether an error of `lockRun` says that another process holds the lock. */
export function isHeld(error: unknown): boolean {
  return UniecsError.isInstance(error) && error.details.pid !== undefined;
}

/** Whether the lock is written; false where there is one already. */
function written(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    const hint = 'check free space, the path and its permissions';
    throw fileError({ where: 'train', action: 'to write', path, hint, cause });
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError({ where: 'train', action: 'to read', path, hint: 'check its permissions', cause });
  }
}

function holderIn(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    return Number.isSafeInteger(holder?.pid) && typeof holder?.host === 'string' ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process is there; on another machine that cannot be known, and counts as there. */
function isThere({ pid, host, start }: Holder): boolean {
  if (host !== hostname()) return true;
  const state = processState(pid);
  if (state) return !state.ended && (start === undefined || state.start === start);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** What Linux tells of a process; undefined elsewhere, and where there is none. */
function processState(pid: number): { readonly start: string; readonly ended: boolean } | undefined {
  try {
    // Behind the name, which stands in brackets and may hold anything: the state, and 19 fields on the start.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { start: `${fields[19]}`, ended: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return undefined;
  }
}

function held(out: string, path: string, { pid, host, since }: Holder): UniecsError {
  return new UniecsError({
    code: 'file',
    where: 'train',
    expected: `${out} to be free`,
    got: `a run of process ${pid} on ${host} that writes to it since ${since}`,
    hint: `wait for its end, or stop it; if that process is gone, delete ${path}`,
    details: { path, pid, host },
  });
}
