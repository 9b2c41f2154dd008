import '@tensorflow/tfjs-backend-cpu';
import { chmodSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CheckpointInfo, listCheckpoints, loadCheckpoint, writeCheckpoint } from './checkpoints.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-checkpoints-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const fingerprint = JSON.stringify({ settings: { batchSize: 4, seed: 7 }, pairs: 10 });
const read = (variable: tf.Variable) => ({ data: variable.dataSync() as Float32Array });

/** Variables of odd values: every bit pattern must come back. */
function state(seed: number, shapes: Record<string, number[]> = { weight: [3, 5], bias: [5], step: [] }) {
  const random = seededRandom(seed);
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const values = randomArray(random, shape);
      values[0] = name === 'bias' ? -0 : (values[0] as number) * 1e-40;
      return [name, tf.variable(tf.tensor(values, shape))] as const;
    }),
  );
}
const valuesOf = (variables: ReadonlyMap<string, tf.Variable>) =>
  [...variables.values()].map((variable) => [...new Uint8Array((variable.dataSync() as Float32Array).slice().buffer)]);

const write = (variables: ReadonlyMap<string, tf.Variable>, info: Partial<CheckpointInfo> = {}) =>
  writeCheckpoint(folder, variables, read, { step: 1, fingerprint, ...info });

async function refusal(promise: Promise<unknown>): Promise<UniecsError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(UniecsError.isInstance(error), String(error)).toBe(true);
  return error as UniecsError;
}

describe('checkpoints', () => {
  it('come back to the bit, with the counters', async () => {
    const [saved, loaded] = [state(1), state(2)];
    const info: CheckpointInfo = { step: 12, best: { value: 0.25, step: 9 }, validated: 9, fingerprint };
    const path = await write(saved, info);
    expect(path).toBe(join(folder, 'step-00000012.safetensors'));
    const before = tf.memory().numTensors;
    expect(await loadCheckpoint(folder, loaded, fingerprint)).toEqual(info);
    expect(tf.memory().numTensors).toBe(before);
    expect(valuesOf(loaded)).toEqual(valuesOf(saved));
  });

  it('are kept to the last two, by step', async () => {
    expect(await listCheckpoints(folder)).toEqual([]);
    expect(await listCheckpoints(join(folder, 'none'))).toEqual([]);
    for (const step of [2, 9, 10, 100]) await write(state(1), { step });
    expect(await listCheckpoints(folder)).toEqual([10, 100]);
    writeFileSync(join(folder, 'step-1.safetensors'), 'another file');
    await write(state(1), { step: 101 });
    expect((await readdir(folder)).sort()).toEqual([
      'step-00000100.safetensors',
      'step-00000101.safetensors',
      'step-1.safetensors',
    ]);
    expect((await loadCheckpoint(folder, state(2), fingerprint)).step).toBe(101);
  });

  it('that are truncated or damaged are refused by name, with nothing changed', async () => {
    const path = await write(state(1));
    const whole = readFileSync(path);
    for (const length of [0, 7, 60, whole.length - 1]) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      const variables = state(2);
      const before = valuesOf(variables);
      const error = await refusal(loadCheckpoint(folder, variables, fingerprint));
      expect(error.code).toBe('file');
      expect(error.message).toContain(path);
      expect(valuesOf(variables)).toEqual(before);
      expect((await readFile(path)).length).toBe(length);
    }
  });

  it('of another model or other settings are refused, saying what differs, with nothing changed', async () => {
    await write(state(1));
    const cases: [Record<string, number[]>, string, string][] = [
      [{ weight: [3, 4], bias: [5], step: [] }, fingerprint, 'weight [3,5] instead of [3,4]'],
      [{ weight: [3, 5], bias: [5], step: [], more: [1] }, fingerprint, 'more [missing] instead of [1]'],
      [{ weight: [3, 5], bias: [5] }, fingerprint, 'other names'],
      [
        { weight: [3, 5], bias: [5], step: [] },
        JSON.stringify({ settings: { batchSize: 8, seed: 7 }, pairs: 11 }),
        'settings.batchSize 4 instead of 8 and 1 more',
      ],
    ];
    for (const [shapes, wanted, said] of cases) {
      const variables = state(2, shapes);
      const before = valuesOf(variables);
      const error = await refusal(loadCheckpoint(folder, variables, wanted));
      expect(error.code).toBe('data');
      expect(error.got).toContain(said);
      expect(valuesOf(variables)).toEqual(before);
    }
  });

  it('that are none are said to be none, and a weights file is no checkpoint', async () => {
    expect((await refusal(loadCheckpoint(folder, state(1), fingerprint))).got).toContain('none');
    const path = await write(state(1));
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.toString('latin1').replace('"run"', '"sun"'), 'latin1');
    expect((await refusal(loadCheckpoint(folder, state(1), fingerprint))).got).toContain('without the counters');
  });

  it('are not written from arrays that hold NaN or infinity; older ones stay', async () => {
    const variables = state(1);
    await write(variables, { step: 1 });
    const before = await readFile(join(folder, 'step-00000001.safetensors'));
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
      (variables.get('bias') as tf.Variable).assign(tf.tensor1d([1, 2, 3, 4, wrong]));
      expect(await refusal(write(variables, { step: 2 }))).toMatchObject({
        code: 'numeric',
        details: { name: 'bias' },
      });
    }
    expect(await readdir(folder)).toEqual(['step-00000001.safetensors']);
    expect(await readFile(join(folder, 'step-00000001.safetensors'))).toEqual(before);
  });

  it('fail clearly where the folder cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    const failing = writeCheckpoint(join(folder, 'file'), state(1), read, { step: 1, fingerprint });
    expect(await refusal(failing)).toMatchObject({ code: 'file', where: 'writeCheckpoint' });
  });

  it.skipIf(process.getuid?.() === 0)('in a folder that cannot be read are not taken for none', async () => {
    chmodSync(folder, 0o000);
    try {
      expect((await refusal(listCheckpoints(folder))).code).toBe('file');
    } finally {
      chmodSync(folder, 0o700);
    }
  });
});
