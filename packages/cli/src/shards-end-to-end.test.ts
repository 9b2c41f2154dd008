import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lossesOf, runCommand as uniecs } from './testing/run-command.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);
const device = ['--device', 'cpu'];
const shard = (...flags: string[]) => uniecs('data', 'shard', ...flags);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-shards-'));
  await uniecs('data', 'generate', '--out', at('data'), '--pairs', '24');
});
afterAll(() => rm(folder, { recursive: true }));

function train(out: string, pairs: string, validation: string, ...flags: string[]) {
  const files = ['--train', pairs, '--val', validation, '--out', at(out)];
  const small = ['--batch-size', '8', '--epochs', '2', '--drop', 'CMAL,CLAL,IMCL', '--image-cache', 'off'];
  return uniecs('train', ...files, ...small, ...device, '--log-format', 'jsonl', ...flags);
}

describe('uniecs data shard', () => {
  it('writes shards that train as the loose files do, to the bit, and are judged, indexed and reported like them', async () => {
    const loose = (name: string) => at('data', `${name}.jsonl`);
    const written = await shard('--pairs', loose('train'), '--per-shard', '10', '--out', at('train'));
    expect(written).toMatchObject({ code: 0, out: `${at('train')}: 24 samples in 3 shards\n` });
    expect(await readdir(at('train'))).toEqual([0, 1, 2].map((n) => `train-00000${n}.tar`));
    expect(await shard('--pairs', loose('val'), '--out', at('val'))).toMatchObject({ code: 0 });
    expect(await shard('--items', loose('catalog'), '--out', at('items'))).toMatchObject({ code: 0 });

    const ofFiles = await train('of-files', loose('train'), loose('val'));
    const ofShards = await train('of-shards', at('train', 'train-{000000..000002}.tar'), at('val', 'val-000000.tar'));
    expect(ofShards).toMatchObject({ code: 0 });
    expect(lossesOf(ofShards)).toHaveLength(6);
    expect(lossesOf(ofShards)).toEqual(lossesOf(ofFiles));
    const weights = (run: string) => readFile(at(run, 'model.safetensors'));
    expect((await weights('of-shards')).equals(await weights('of-files'))).toBe(true);

    const judge = (pairs: string) =>
      uniecs('eval', '--model', at('of-files'), '--pairs', pairs, ...device, '--embedding-cache', at('kept'));
    const judged = await judge(at('val'));
    expect(judged).toMatchObject({ code: 0, out: (await judge(loose('val'))).out });
    // The same content, wherever it lies.
    expect((await judge(loose('val'))).err).toMatch(/embeddings of (\d+) of \1 items were there/);

    const index = ['--model', at('of-files'), '--items', at('items'), '--store', 'exact', '--to', at('index')];
    expect(await uniecs('index', ...index)).toMatchObject({ code: 0 });
    const report = await uniecs('data', 'report', at('train'), at('items'));
    expect(report).toMatchObject({ code: 0 });
    const validated = await uniecs('data', 'validate', at('items', 'catalog-000000.tar'));
    expect(validated).toMatchObject({ code: 0 });
  });

  it('stops at a shard that is cut off or missing, naming it, and at a folder that holds something', async () => {
    expect(await shard('--pairs', at('data', 'val.jsonl'), '--out', at('cut'))).toMatchObject({ code: 0 });
    await truncate(at('cut', 'val-000000.tar'), 5000);
    const cut = await uniecs('data', 'validate', at('cut'));
    expect(cut.code).toBe(2);
    expect(cut.err).toMatch(/val-000000\.tar to be a whole tar/);
    const missing = await uniecs('data', 'validate', at('cut', 'val-{000000..000001}.tar'));
    expect(missing.code).toBe(2);
    const again = await shard('--pairs', at('data', 'val.jsonl'), '--out', at('cut'));
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('1 entries in it') });
    const bad = await shard('--pairs', at('data', 'none.jsonl'), '--out', at('none'));
    expect(bad.code).toBe(2);
    expect(existsSync(at('none'))).toBe(false);
  });
});
