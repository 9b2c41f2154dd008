import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { metricsLog } from './metrics-log.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-metrics-'));
  path = join(folder, 'metrics.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const line = (type: string, step: number) => ({ type, step });
const text = (...lines: object[]) => lines.map((one) => `${JSON.stringify(one)}\n`).join('');
const content = () => readFile(path, 'utf8');

describe('a log of metrics', () => {
  it('has every line once, also where a disk took a part of several lines that were held', async () => {
    const takes = [1, 0.6, 0.9, 1];
    const log = metricsLog(path, async (to, lines) => {
      const share = takes.shift() ?? 1;
      await appendFile(to, lines.slice(0, Math.floor(share * lines.length)));
      if (share < 1) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    });
    const lines = [1, 2, 3, 4].map((step) => line('step', step));
    const [first, second, third, fourth] = lines as [object, object, object, object];
    await log.append(first);
    await expect(log.append(second)).rejects.toMatchObject({ code: 'file', where: 'train' });
    // The second line and a part of the third are on the disk when this fails.
    await expect(log.append(third)).rejects.toMatchObject({ code: 'file' });
    expect(await content()).toBe(text(first));
    await log.append(fourth);
    expect(await content()).toBe(text(...lines));
    await log.flush();
    expect(await content()).toBe(text(...lines));
  });

  it('cut after a step, ends with what belongs to the checkpoint of that step', async () => {
    const until2 = [line('step', 1), line('step', 2)];
    const at3 = [line('skipped', 3), line('saveFailed', 3), line('validation', 3)];
    const later = [line('step', 4), line('step', 5)];
    const cut = async (written: string, progress: { step: number; validated?: number }) => {
      await writeFile(path, written);
      await metricsLog(path).cutAfter(progress);
      return content();
    };
    const all = text(...until2, ...at3, ...later);
    expect(await cut(all, { step: 3, validated: 3 })).toBe(text(...until2, ...at3));
    expect(await cut(all, { step: 3, validated: 1 })).toBe(text(...until2, line('skipped', 3)));
    expect(await cut(all, { step: 3 })).toBe(text(...until2, line('skipped', 3)));
    expect(await cut(all.slice(0, -1), { step: 9 })).toBe(text(...until2, ...at3, line('step', 4)));
    expect(await cut(`${text(line('step', 1))}no line\n${text(line('step', 2))}`, { step: 2 })).toBe(
      text(line('step', 1)),
    );
    expect(await cut(all, { step: 0 })).toBe('');
  });

  it('is cut at the right byte where it is longer than what is read at a time', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => ({ ...line('step', i + 1), name: 'Größe'.repeat(200) }));
    const kept = text(...lines.slice(0, 2900));
    await writeFile(path, text(...lines));
    expect(Buffer.byteLength(kept)).toBeGreaterThan(3 * 2 ** 20);
    await metricsLog(path).cutAfter({ step: 2900 });
    expect((await content()) === kept).toBe(true);
  });

  it('that is not there yet has nothing to cut, to add or to sync; one that cannot be read is an error', async () => {
    const log = metricsLog(path);
    await log.cutAfter({ step: 3 });
    await log.flush();
    await log.sync();
    await expect(content()).rejects.toThrow('ENOENT');
    await expect(metricsLog(folder).cutAfter({ step: 3 })).rejects.toMatchObject({ code: 'file' });
  });
});
