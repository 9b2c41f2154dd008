import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommand as uniecs } from './testing/run-command.js';

// Seconds alone, many more beside other tests on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** Checkpoints as transformers and open_clip wrote them, of random weights (tools/parity). */
const checkpoint = (name: string) =>
  fileURLToPath(new URL(`../../../tools/parity/fixtures/pretrained/${name}`, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-import-'));
  process.env.XDG_CACHE_HOME = at('cache');
  expect((await uniecs('data', 'generate', '--out', at('data'), '--pairs', '12')).code).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const at = (...parts: string[]) => join(folder, ...parts);

const sources = ['--vision', checkpoint('clip-model'), '--text', checkpoint('bert-masked-bf16'), '--size', 'tiny'];

describe('uniecs import', () => {
  it('makes a model that train starts from without being told its size, and that embed and eval take', async () => {
    const imported = await uniecs('import', ...sources, '--out', at('imported'));
    expect(imported).toMatchObject({ code: 0, err: '' });
    expect(imported.out).toContain('55 tensors taken, none missing, misshapen or unexpected');
    expect(imported.out).toContain('left out: logit_scale (1), text_model (36)');
    expect(imported.out).toContain(`model: ${at('imported')}`);

    const data = ['--train', at('data', 'train.jsonl'), '--val', at('data', 'val.jsonl'), '--image-cache', at('cache')];
    const more = [
      '--init',
      at('imported'),
      '--freeze',
      'encoders',
      '--steps',
      '1',
      '--batch-size',
      '4',
      '--device',
      'cpu',
    ];
    const trained = await uniecs('train', ...data, ...more, '--out', at('trained'));
    expect(trained.code, trained.err).toBe(0);
    const config = async (name: string) => JSON.parse(await readFile(at(name, 'config.json'), 'utf8'));
    expect((await config('trained')).model).toEqual((await config('imported')).model);
    expect((await config('trained')).model.pixels).toMatchObject({ fit: 'cover', filter: 'bicubic' });

    const evaluated = await uniecs('eval', '--model', at('trained'), '--pairs', at('data', 'test.jsonl'));
    expect(evaluated.code, evaluated.err).toBe(0);
    const items = ['--items', at('data', 'catalog.jsonl'), '--out', at('items.parquet')];
    expect((await uniecs('embed', '--model', at('imported'), ...items)).code).toBe(0);
    expect(existsSync(at('items.parquet'))).toBe(true);
  });

  it('fetches a source hf:owner/name from HF_ENDPOINT with HF_TOKEN, once', async () => {
    const source = checkpoint('bert-cased');
    const asked: string[] = [];
    const server = createServer(({ url = '', headers }, response) => {
      asked.push(`${url} ${headers.authorization}`);
      const siblings = readdirSync(source).map((rfilename) => {
        const content = readFileSync(join(source, rfilename));
        const blobId = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
        return { rfilename, size: content.length, blobId };
      });
      if (url.startsWith('/api/models/own/bert/'))
        return void response.end(JSON.stringify({ sha: 'a'.repeat(40), siblings }));
      if (!url.startsWith('/own/bert/')) return void response.writeHead(404).end();
      response.end(readFileSync(join(source, url.split('/').at(-1) as string)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('HF_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    vi.stubEnv('HF_TOKEN', 'mine');
    vi.stubEnv('XDG_CACHE_HOME', at('caches'));
    vi.stubEnv('LOCALAPPDATA', at('caches'));
    const flags = ['--vision', checkpoint('clip-model'), '--size', 'tiny'];
    const first = await uniecs('import', '--text', 'hf:own/bert', ...flags, '--out', at('fetched'));
    expect(first.code, first.err).toBe(0);
    expect(first.err).toContain(join('own--bert', 'a'.repeat(40)));
    expect(asked.length).toBe(1 + readdirSync(source).length);
    expect(asked.every((each) => each.endsWith(' Bearer mine'))).toBe(true);
    const second = await uniecs('import', '--text', 'hf:own/bert@main', ...flags, '--out', at('again'));
    expect(second.code, second.err).toBe(0);
    expect(asked.length).toBe(2 + readdirSync(source).length);
    const none = await uniecs('import', '--text', 'hf:own/none', ...flags, '--out', at('none'));
    expect(none.code).toBe(2);
    expect(none.err).toContain('it does not exist');
    vi.unstubAllEnvs();
    await new Promise((resolve) => server.close(resolve));
  });

  it('says what does not fit, with the names, and writes nothing', async () => {
    const wrong = await uniecs('import', '--text', checkpoint('clip-model'), '--out', at('wrong'));
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toContain("expected a BERT (model_type 'bert')");
    mkdirSync(at('pickle'));
    writeFileSync(at('pickle', 'pytorch_model.bin'), '');
    const pickle = await uniecs('import', '--text', at('pickle'), '--out', at('wrong'));
    expect(pickle.code).toBe(2);
    expect(pickle.err).toContain('python -c "import torch');
    expect((await uniecs('import', '--vision', checkpoint('clip-model'), '--out', at('wrong'))).code).toBe(2);
    expect((await uniecs('import', ...sources, '--image-size', '13', '--out', at('wrong'))).err).toContain('choose 12');
    expect(existsSync(at('wrong'))).toBe(false);
  });
});
