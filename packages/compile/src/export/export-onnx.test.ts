import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { embedding, linear, parameter, quickGelu, seededRandom, transformerBlock } from '@uniecs/tensor';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { type HostTensor, hostTensor, openOnnx, type WeightType } from '../index.js';
import { exportOnnx } from './export-onnx.js';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'export-onnx-'));
afterAll(async () => {
  for (const file of files.values()) await (await file).model.release();
  rmSync(folder, { recursive: true });
});

const random = seededRandom('export');
const [length, width, words] = [5, 12, 103];
const table = embedding({ count: words, size: width, random: random.fork('table') });
const pre = transformerBlock({ width, heads: 2, random: random.fork('pre') });
const post = transformerBlock({ width, heads: 3, norm: 'post', random: random.fork('post') });
const first = parameter([width], () => random.normal());
const wide = linear({ inputSize: width, outputSize: 89, random: random.fork('wide') });
const state = { table, pre, post, first, wide };

/** A class token, a table, masked attention, both norms, a reduction, a reshape over the batch and one constant row for all. */
function encode({ ids, mask }: { ids: tf.Tensor; mask: tf.Tensor }) {
  const batch = ids.shape[0] as number;
  const start = tf.add(tf.zeros([batch, 1, width]), first);
  const tokens = tf.concat([start, table.forward(ids)], 1);
  const all = tf.concat([tf.ones([batch, 1]), mask], 1);
  const mixed = post.forward(pre.forward(tokens, all), all);
  const flat = tf.reshape(mixed, [batch * (length + 1), width]);
  const rows = quickGelu(wide.forward(flat));
  return { mixed, pooled: tf.mean(tf.reshape(rows, [batch, length + 1, 89]), 1), same: tf.ones([batch, 2]) };
}

const inputs = (batch: number) => ({
  ids: { dtype: 'int32', shape: [batch, length], data: new Int32Array(batch * length) } as HostTensor,
  mask: { dtype: 'float32', shape: [batch, length], data: new Float32Array(batch * length) } as HostTensor,
});

function batchOf(rows: number) {
  const draw = seededRandom(rows);
  const ids = tf.tensor2d(
    Int32Array.from({ length: rows * length }, () => draw.integer(words)),
    [rows, length],
    'int32',
  );
  const mask = tf.tensor2d(
    Float32Array.from({ length: rows * length }, (_, i) => Number(i % length < 1 + (i % 4))),
    [rows, length],
  );
  return { ids, mask };
}

const files = new Map<WeightType, ReturnType<typeof makeFile>>();

function exported(weights: WeightType): ReturnType<typeof makeFile> {
  const file = files.get(weights) ?? makeFile(weights);
  files.set(weights, file);
  return file;
}

async function makeFile(weights: WeightType) {
  const made = await exportOnnx(encode, { state, inputs, weights, metadata: { role: 'test' }, name: 'encode' });
  const path = join(folder, `${weights}.onnx`);
  writeFileSync(path, made.bytes);
  return { ...made, model: await openOnnx(path) };
}

async function run(model: Awaited<ReturnType<typeof exported>>['model'], rows: number) {
  const { ids, mask } = batchOf(rows);
  return { expected: encode({ ids, mask }), found: await model.run({ ids: hostTensor(ids), mask: hostTensor(mask) }) };
}

const of = (x: HostTensor | undefined) => tf.tensor(x?.data as Float32Array, [...(x?.shape ?? [])]);

describe('exportOnnx', () => {
  it('gives a file that is the function at every size of its batch, and says so in its shapes', async () => {
    const { inputs: given, outputs, model } = await exported('float32');
    expect(given.map(({ name, shape }) => [name, shape])).toEqual([
      ['ids', ['batch', length]],
      ['mask', ['batch', length]],
    ]);
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['mixed', ['batch', length + 1, width]],
      ['pooled', ['batch', 89]],
      ['same', ['batch', 2]],
    ]);
    expect(model.metadata).toEqual({ role: 'test' });
    for (const rows of [1, 2, 5, 64, 131]) {
      const { expected, found } = await run(model, rows);
      expect(of(found.mixed)).toBeCloseToArray(expected.mixed, { relative: 1e-5, absolute: 1e-5 });
      expect(of(found.pooled)).toBeCloseToArray(expected.pooled, { relative: 1e-5, absolute: 1e-5 });
      expect(of(found.same)).toBeCloseToArray(expected.same);
    }
  });

  it("uses ONNX's own operators alone", async () => {
    const { bytes } = await exported('float32');
    expect(Buffer.from(bytes).includes('com.microsoft')).toBe(false);
  });

  it('computes what depends on no input: no weight is transposed at a call', async () => {
    const weight = parameter([7, 83], () => random.normal());
    const { bytes } = await exportOnnx((x: tf.Tensor) => tf.matMul(x, weight as tf.Tensor2D, false, true), {
      state: weight,
      inputs: (batch) => ({ dtype: 'float32', shape: [batch, 83], data: new Float32Array(batch * 83) }) as HostTensor,
    });
    expect(Buffer.from(bytes).includes('Transpose')).toBe(false);
    expect(Buffer.from(bytes).includes('MatMul')).toBe(true);
  });

  it('in float16 holds large weights in half, within what rounding them does', async () => {
    const [whole, { bytes, model }] = [await exported('float32'), await exported('float16')];
    expect(bytes.length).toBeLessThan(whole.bytes.length);
    const { expected, found } = await run(model, 7);
    expect(of(found.pooled)).toBeCloseToArray(expected.pooled, { relative: 5e-3, absolute: 5e-3 });
    expect(of(found.pooled)).not.toBeCloseToArray(expected.pooled, { relative: 1e-6, absolute: 1e-6 });
  });

  it('in int8 is close, and a row does not depend on its batch mates', async () => {
    const { model } = await exported('int8');
    const { ids, mask } = batchOf(7);
    const expected = encode({ ids, mask });
    const found = await model.run({ ids: hostTensor(ids), mask: hostTensor(mask) });
    const error = tf.norm(tf.sub(of(found.pooled), expected.pooled)).dataSync()[0] as number;
    const size = tf.norm(expected.pooled).dataSync()[0] as number;
    expect(error / size).toBeLessThan(0.03);
    expect(error / size).toBeGreaterThan(1e-5);
    const alone = await model.run({
      ids: hostTensor(tf.slice(ids, [3, 0], [1, length])),
      mask: hostTensor(tf.slice(mask, [3, 0], [1, length])),
    });
    expect(of(alone.pooled)).toBeCloseToArray(tf.slice(of(found.pooled), [3, 0], [1, 89]), {
      relative: 1e-5,
      absolute: 1e-6,
    });
  });

  it('refuses a function whose rows depend on how many there are, and names the operator', async () => {
    const rows = (batch: number) =>
      ({ dtype: 'float32', shape: [batch, 3], data: new Float32Array(batch * 3) }) as HostTensor;
    const mean = exportOnnx((x: tf.Tensor) => tf.div(tf.sum(x, 0), x.shape[0] as number), { state: [], inputs: rows });
    await expect(mean).rejects.toThrow(/every size of its batch.*differ in Div/);
    const square = exportOnnx((x: tf.Tensor) => tf.fill([(x.shape[0] as number) ** 2], 1), { state: [], inputs: rows });
    await expect(square).rejects.toMatchObject({ code: 'unsupported' });
    const branch = exportOnnx((x: tf.Tensor) => ((x.shape[0] as number) % 4 === 1 ? tf.neg(x) : tf.exp(x)), {
      state: [],
      inputs: rows,
    });
    await expect(branch).rejects.toThrow(/differ in/);
  });

  it('refuses weights that float16 cannot hold', async () => {
    const weight = parameter([64, 64], 70_000);
    const made = exportOnnx((x: tf.Tensor) => tf.matMul(x, weight as tf.Tensor2D), {
      state: weight,
      inputs: (batch) => ({ dtype: 'float32', shape: [batch, 64], data: new Float32Array(batch * 64) }) as HostTensor,
      weights: 'float16',
    });
    await expect(made).rejects.toMatchObject({ code: 'numeric' });
  });
});
