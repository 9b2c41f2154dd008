import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors } from '@uniecs/tensor/node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommand as uniecs } from './testing/run-command.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-export-'));
  process.env.XDG_CACHE_HOME = at('cache');
  await uniecs('data', 'generate', '--out', at('data'), '--pairs', '60');
  const files = ['--train', at('data', 'train.jsonl'), '--val', at('data', 'val.jsonl')];
  const flags = ['--steps', '2', '--batch-size', '8', '--device', 'cpu', '--image-cache', 'off'];
  const trained = await uniecs('train', ...files, '--out', at('model'), ...flags);
  expect(trained.err + trained.out).toContain('model: ');
  const exported = await uniecs('export', '--model', at('model'), '--out', at('onnx'));
  expect(exported).toMatchObject({ code: 0 });
  expect(exported.out).toContain('3 files with weights in float32');
  expect(exported.err).toContain('pixels [batch, 64, 64, 3] -> tokens [batch, 65, 128]');
});
afterAll(() => rm(folder, { recursive: true }));

describe('uniecs export', () => {
  it('writes what embed takes in the place of the model, with the same embeddings under the same name', async () => {
    const items = ['--items', at('data', 'catalog.jsonl')];
    for (const model of ['model', 'onnx']) {
      const out = at(`${model}.safetensors`);
      expect(await uniecs('embed', '--model', at(model), ...items, '--out', out)).toMatchObject({ code: 0 });
    }
    const [ours, exported] = await Promise.all(
      ['model', 'onnx'].map((model) => readSafetensors(at(`${model}.safetensors`))),
    );
    expect(exported?.metadata).toEqual(ours?.metadata);
    for (const view of ['fused', 'image', 'text']) {
      const [a, b] = [ours, exported].map((file) => file?.tensors.get(view)?.data as Float32Array);
      const largest = a?.reduce((most, x, i) => Math.max(most, Math.abs(x - (b?.[i] as number))), 0);
      expect(a?.length, view).toBeGreaterThan(1000);
      expect(largest, view).toBeLessThan(1e-5);
    }
  });

  it('writes what eval, index and search take', async () => {
    const pairs = ['--pairs', at('data', 'val.jsonl'), '--json'];
    for (const model of ['model', 'onnx']) {
      expect(await uniecs('eval', '--model', at(model), ...pairs, at(`${model}.json`))).toMatchObject({ code: 0 });
    }
    expect(JSON.parse(await readFile(at('onnx.json'), 'utf8'))).toEqual(
      JSON.parse(await readFile(at('model.json'), 'utf8')),
    );
    const index = ['--items', at('data', 'catalog.jsonl'), '--store', 'exact', '--to', at('index')];
    expect(await uniecs('index', '--model', at('model'), ...index)).toMatchObject({ code: 0 });
    const found = await uniecs('search', '--model', at('onnx'), '--index', at('index'), '--text', 'shirt', '--k', '3');
    expect(found).toMatchObject({ code: 0 });
  });

  it('says what is wrong: a folder that is taken, one that is no model, a damaged file, a device', async () => {
    const again = await uniecs('export', '--model', at('model'), '--out', at('onnx'));
    expect(again.code).toBe(2);
    expect(again.err).toContain('a new or empty folder');
    expect(await uniecs('export', '--model', at('data'), '--out', at('none'))).toMatchObject({ code: 2 });
    const items = ['--items', at('data', 'catalog.jsonl'), '--out', at('x.parquet')];
    const device = await uniecs('embed', '--model', at('onnx'), '--device', 'tfjs:cpu', ...items);
    expect(device.code).toBe(2);
    expect(device.err).toContain('cpu');
    await writeFile(at('onnx', 'fusion.onnx'), 'nothing');
    const damaged = await uniecs('embed', '--model', at('onnx'), ...items);
    expect(damaged.code).toBe(2);
    expect(damaged.err).toContain('SHA-256');
  });
});
