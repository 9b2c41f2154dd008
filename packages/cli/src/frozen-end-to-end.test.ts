import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommand as uniecs } from './testing/run-command.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

function train(out: string, ...flags: string[]) {
  const files = ['--train', at('data', 'train.jsonl'), '--val', at('data', 'val.jsonl'), '--out', at(out)];
  return uniecs(
    'train',
    ...files,
    '--batch-size',
    '8',
    '--drop',
    'CMAL,CLAL,IMCL',
    '--device',
    'cpu',
    '--image-cache',
    'off',
    ...flags,
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-frozen-'));
  await uniecs('data', 'generate', '--out', at('data'), '--pairs', '60');
  expect(await train('start', '--steps', '1')).toMatchObject({ code: 0 });
});
afterAll(() => rm(folder, { recursive: true }));

describe('uniecs train --freeze encoders', () => {
  it('makes token features first, says how large they are, and makes none the next time', async () => {
    const flags = ['--init', at('start'), '--freeze', 'encoders', '--feature-cache', at('features'), '--steps', '2'];
    const first = await train('first', ...flags);
    expect(first).toMatchObject({ code: 0 });
    expect(first.err).toMatch(/token features of (\d+) of \1 pictures and titles are made first: [\d.]+ MB in/);
    expect(first.err).toMatch(/token features (\d+)\/\1 /);
    expect((await readdir(at('features'))).map((name) => name.split('-')[0])).toEqual(['image', 'text']);
    const second = await train('second', ...flags, '--log-format', 'jsonl');
    expect(second).toMatchObject({ code: 0 });
    expect(second.err).toContain('are kept from before');
    expect(second.err).not.toContain('"type":"features"');
  });
});
