import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFile, lockRun } from './run-lock.js';

let out: string;
let path: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'uniecs-lock-'));
  path = join(out, lockFile);
});
afterEach(() => rm(out, { recursive: true, force: true }));

const leave = (holder: object | string) =>
  writeFileSync(path, typeof holder === 'string' ? holder : JSON.stringify(holder));
const since = '2030-01-01T00:00:00.000Z';

describe('a run folder', () => {
  it('is held by one process until it gives it back', async () => {
    const release = await lockRun(out);
    await expect(lockRun(out)).rejects.toMatchObject({
      code: 'file',
      where: 'train',
      got: expect.stringContaining(`a run of process ${process.pid} on ${hostname()}`),
      hint: expect.stringContaining(`delete ${path}`),
    });
    release();
    expect(existsSync(path)).toBe(false);
    (await lockRun(out))();
  });

  it('of a process that was killed is taken over, by one of several', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const { pid } = child;
    leave({ pid, host: hostname(), since });
    await expect(lockRun(out)).rejects.toMatchObject({ got: expect.stringContaining(`process ${pid} on`) });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const taken = await Promise.allSettled([lockRun(out), lockRun(out), lockRun(out)]);
    expect(taken.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(JSON.parse(readFileSync(path, 'utf8')).pid).toBe(process.pid);
  });

  it.skipIf(!existsSync('/proc/self/stat'))('of a process whose number another one has now is taken over', async () => {
    leave({ pid: process.pid, host: hostname(), since, start: '1' });
    (await lockRun(out))();
  });

  it.each([['nothing'], [''], ['{"pid": 1, "ho'], ['null']])(
    'whose lock holds %j, written in part, is taken over',
    async (torn) => {
      leave(torn);
      (await lockRun(out))();
      expect(existsSync(path)).toBe(false);
    },
  );

  it('of a process of another machine stays with it', async () => {
    leave({ pid: 1, host: `${hostname()}-other`, since });
    await expect(lockRun(out)).rejects.toMatchObject({ details: { pid: 1, host: `${hostname()}-other` } });
    expect(existsSync(path)).toBe(true);
  });

  it('that cannot be written to says why', async () => {
    await expect(lockRun(join(out, 'missing'))).rejects.toMatchObject({
      code: 'file',
      got: expect.stringContaining('ENOENT'),
    });
  });
});
