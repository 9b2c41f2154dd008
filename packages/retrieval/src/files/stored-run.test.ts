import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStoredRun } from './stored-run.js';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'uniecs-stored-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

const write = (name: string, content: object) => writeFile(join(out, name), JSON.stringify(content));

describe('a stored run', () => {
  it('has the device of its last start, of its first where no manifest was written, or none', async () => {
    await write('config.json', { version: 1, training: { seed: 3 }, inputs: { train: 'a' } });
    expect(await readStoredRun(out)).toEqual({ settings: { seed: 3 }, inputs: { train: 'a' } });
    await write('config.json', { version: 1, training: { seed: 3 }, device: 'webgpu' });
    expect(await readStoredRun(out)).toEqual({ settings: { seed: 3 }, device: 'webgpu' });
    await write('manifest.json', { version: 1, device: 'cuda' });
    expect((await readStoredRun(out)).device).toBe('cuda');
  });
});
