import '@tensorflow/tfjs-backend-cpu';
import { chmodSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import { type FileSystem, nodeFileSystem } from '@uniecs/tensor/node';
import { randomArray } from '@uniecs/tensor/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckpointInfo } from './checkpoint-info.js';
import { verifyCheckpoint } from './checkpoint-manifest.js';
import { clearCheckpoints, listCheckpoints, loadCheckpoint } from './checkpoints.js';
import { type CheckpointOptions, writeCheckpoint } from './write-checkpoint.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-checkpoints-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const fingerprint = JSON.stringify({ settings: { batchSize: 4, seed: 7 }, pairs: 10 });
const read = (variable: tf.Variable) => ({ data: variable.dataSync() as Float32Array | Int32Array });

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

const write = (
  variables: ReadonlyMap<string, tf.Variable>,
  info: Partial<CheckpointInfo> = {},
  options?: CheckpointOptions,
) => writeCheckpoint(folder, variables, read, { step: 1, fingerprint, ...info }, options);
const load = (variables = state(2), wanted = fingerprint) => loadCheckpoint(folder, variables, wanted);
const latest = () => readFileSync(join(folder, 'latest'), 'utf8');

async function refusal(promise: Promise<unknown>): Promise<UniecsError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(UniecsError.isInstance(error), String(error)).toBe(true);
  return error as UniecsError;
}

describe('checkpoints', () => {
  it('come back to the bit, with the record, known fields and others', async () => {
    const [saved, loaded] = [state(1), state(2)];
    const info: CheckpointInfo = {
      step: 12,
      fingerprint,
      best: { value: 0.25, step: 9 },
      validated: 9,
      sampler: { epoch: 3, batch: 0 },
      random: { seed: 7, dropout: 12 },
      patience: { left: 2, '10': ['a', null, true, -0.1], none: undefined },
    };
    const path = await write(saved, info);
    expect(path).toBe(join(folder, 'step-00000012'));
    expect((await readdir(path)).sort()).toEqual(['manifest.json', 'state.safetensors']);
    const before = tf.memory().numTensors;
    expect(await load(loaded)).toEqual({ info: JSON.parse(JSON.stringify(info)), path, skipped: [] });
    expect(tf.memory().numTensors).toBe(before);
    expect(valuesOf(loaded)).toEqual(valuesOf(saved));
    const manifest = JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ version: 1, files: { 'state.safetensors': { bytes: expect.any(Number) } } });
  });

  it('hold whole numbers as well', async () => {
    const counts = (...values: number[]) => new Map([['counts', tf.variable(tf.tensor1d(values, 'int32'))]]);
    await write(counts(1, -2, 2 ** 30 + 1));
    const loaded = counts(0, 0, 0);
    await load(loaded);
    expect([...(loaded.get('counts') as tf.Variable).dataSync()]).toEqual([1, -2, 2 ** 30 + 1]);
    const flags = new Map([['flags', tf.variable(tf.tensor1d([true], 'bool'))]]);
    expect((await refusal(write(flags, { step: 2 }))).code).toBe('unsupported');
  });

  it('are kept to the last two, by step, and the best one', async () => {
    expect(await listCheckpoints(folder)).toEqual([]);
    expect(await listCheckpoints(join(folder, 'none'))).toEqual([]);
    for (const step of [2, 9, 10, 100]) await write(state(1), { step });
    expect(await listCheckpoints(folder)).toEqual([10, 100]);
    writeFileSync(join(folder, 'step-1'), 'another file');
    for (const step of [101, 102, 103]) await write(state(1), { step, best: { value: 1, step: 100 } });
    expect((await readdir(folder)).sort()).toEqual([
      'latest',
      'step-00000100',
      'step-00000102',
      'step-00000103',
      'step-1',
    ]);
    expect(latest()).toBe('step-00000103\n');
    expect((await load()).info.step).toBe(103);
    await write(state(1), { step: 104, best: { value: 1, step: 100 } }, { keepLast: 1, keepBest: false });
    expect(await listCheckpoints(folder)).toEqual([104]);
  });

  it('of a step that is saved again take a new folder before the old one goes', async () => {
    await write(state(1), { step: 7 });
    const path = await write(state(3), { step: 7, validated: 7 }, { keepLast: 1 });
    expect(path).toBe(join(folder, 'step-00000007-2'));
    expect((await readdir(folder)).sort()).toEqual(['latest', 'step-00000007-2']);
    expect(latest()).toBe('step-00000007-2\n');
    const loaded = state(2);
    expect((await load(loaded)).info.validated).toBe(7);
    expect(valuesOf(loaded)).toEqual(valuesOf(state(3)));
    expect(await write(state(1), { step: 7 })).toBe(join(folder, 'step-00000007-3'));
  });

  it('that are damaged are named, and the one before is used; the next save removes them', async () => {
    const files = ['state.safetensors', 'manifest.json'];
    for (const file of files) {
      for (const damage of ['truncated', 'flipped', 'missing', 'emptied']) {
        await rm(folder, { recursive: true });
        await write(state(1), { step: 1 });
        await write(state(3), { step: 2 });
        const path = join(folder, 'step-00000002', file);
        const whole = readFileSync(path);
        if (damage === 'truncated') truncateSync(path, whole.length - 2);
        else if (damage === 'emptied') truncateSync(path, 0);
        else if (damage === 'missing') await rm(path);
        else writeFileSync(path, flipped(whole));
        const loaded = state(2);
        const result = await load(loaded);
        expect(result, `${file} ${damage}`).toMatchObject({ info: { step: 1 }, path: join(folder, 'step-00000001') });
        expect(result.skipped).toEqual([
          { path: join(folder, 'step-00000002'), reason: expect.stringContaining(file) },
        ]);
        expect(valuesOf(loaded)).toEqual(valuesOf(state(1)));
        await clearCheckpoints(folder, result);
        expect(latest()).toBe('step-00000001\n');
        await write(state(1), { step: 2 });
        expect(latest()).toBe('step-00000002-2\n');
        expect((await load()).skipped).toEqual([]);
        expect(await readdir(folder)).not.toContain('step-00000002');
      }
    }
  });

  it('of which none verifies are refused, each with its reason, with nothing changed', async () => {
    const paths = [await write(state(1), { step: 1 }), await write(state(1), { step: 2 })];
    for (const path of paths) truncateSync(join(path, 'state.safetensors'), 60);
    const variables = state(2);
    const before = valuesOf(variables);
    const error = await refusal(load(variables));
    expect(error.code).toBe('file');
    for (const path of paths) expect(error.got).toContain(`${path} (state.safetensors has 60 of `);
    expect(valuesOf(variables)).toEqual(before);
  });

  it('behind the one that a run went on from are no longer of its past: its next save removes them', async () => {
    for (const step of [4, 6, 8]) await write(state(1), { step }, { keepLast: 3 });
    await write(state(1), { step: 5 });
    expect(await listCheckpoints(folder)).toEqual([4, 5]);
  });

  it('that a killed process left unfinished are no checkpoints, and go with the next save or start', async () => {
    const path = await write(state(1), { step: 1 });
    const left = join(folder, 'step-00000002.0123456789ab.tmp');
    const leave = async () => {
      await cp(path, left, { recursive: true });
      writeFileSync(join(folder, 'latest.0123456789ab.tmp'), 'step-0');
    };
    await leave();
    expect(await listCheckpoints(folder)).toEqual([1]);
    const loaded = await load();
    expect(loaded.info.step).toBe(1);
    await clearCheckpoints(folder, loaded);
    expect((await readdir(folder)).sort()).toEqual(['latest', 'step-00000001']);
    await leave();
    await write(state(1), { step: 2 });
    expect((await readdir(folder)).sort()).toEqual(['latest', 'step-00000001', 'step-00000002']);
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
      const error = await refusal(load(variables, wanted));
      expect(error.code).toBe('data');
      expect(error.got).toContain(said);
      expect(valuesOf(variables)).toEqual(before);
    }
  });

  it('load whatever the order of the keys in the fingerprint', async () => {
    await write(state(1));
    const loaded = state(2);
    await load(loaded, JSON.stringify({ pairs: 10, settings: { seed: 7, batchSize: 4 } }));
    expect(valuesOf(loaded)).toEqual(valuesOf(state(1)));
  });

  it('that are none are said to be none', async () => {
    expect(await refusal(load())).toMatchObject({ code: 'file', got: 'none' });
    await mkdir(join(folder, 'step-00000001'));
    expect((await refusal(load())).got).toContain('manifest.json: missing');
    writeFileSync(join(folder, 'step-00000002'), 'a file');
    expect((await refusal(load())).got).toContain('ENOTDIR');
    await rename(await write(state(1), { step: 3 }), join(folder, 'elsewhere'));
    expect((await refusal(load())).code).toBe('file');
  });

  it('of another version are refused by it', async () => {
    const path = join(await write(state(1)), 'manifest.json');
    const { sha256: _, ...content } = JSON.parse(await readFile(path, 'utf8'));
    const { createHash } = await import('node:crypto');
    const later = { ...content, version: 2 };
    const sha256 = createHash('sha256').update(JSON.stringify(later)).digest('hex');
    writeFileSync(path, JSON.stringify({ ...later, sha256 }));
    expect(await refusal(load())).toMatchObject({ code: 'unsupported', got: 'version 2' });
  });

  it('are not written from arrays or a record that hold NaN or infinity; older ones stay', async () => {
    const variables = state(1);
    const path = await write(variables, { step: 1 });
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const best = { value: wrong, step: 1 };
      const record = await refusal(write(variables, { step: 2, best }));
      expect(record).toMatchObject({ code: 'numeric', details: { name: "the record's value" } });
      const spoilt = state(1);
      (spoilt.get('bias') as tf.Variable).assign(tf.tensor1d([1, 2, 3, 4, wrong]));
      expect(await refusal(write(spoilt, { step: 2 }))).toMatchObject({ code: 'numeric', details: { name: 'bias' } });
    }
    expect((await readdir(folder)).sort()).toEqual(['latest', 'step-00000001']);
    expect((await verifyCheckpoint(path)).flaw).toBeUndefined();
  });

  it('that are read back otherwise than they were written are no checkpoints: the save fails, older ones stay', async () => {
    await write(state(1), { step: 1 });
    for (const file of ['state.safetensors', 'manifest.json']) {
      const error = await refusal(write(state(3), { step: 2 }, { keepLast: 1, fileSystem: flipping(file) }));
      expect(error).toMatchObject({ code: 'file', where: 'writeCheckpoint' });
      expect(error.got).toContain(`${file} is not what its SHA-256 says`);
      expect((await readdir(folder)).sort()).toEqual(['latest', 'step-00000001']);
      expect((await load()).info.step).toBe(1);
    }
  });

  it('are written whole by a system that takes a few bytes at a time', async () => {
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      open: async (path, flags) => {
        const file = await nodeFileSystem.open(path, flags);
        return {
          stat: () => file.stat(),
          read: (bytes, offset, length, position) => file.read(bytes, offset, Math.min(length, 7), position),
          write: (bytes, offset, length) => file.write(bytes, offset, Math.min(length, 5)),
          sync: () => file.sync(),
          close: () => file.close(),
        };
      },
    };
    await write(state(1), {}, { fileSystem });
    const loaded = state(2);
    await loadCheckpoint(folder, loaded, fingerprint, { fileSystem });
    expect(valuesOf(loaded)).toEqual(valuesOf(state(1)));
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

  it('that the system refuses to read are not passed over for older ones', async () => {
    await write(state(1), { step: 1 });
    await write(state(1), { step: 2 });
    const refusing: FileSystem = {
      ...nodeFileSystem,
      open: (path, flags) =>
        path.includes('step-00000002')
          ? Promise.reject(Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' }))
          : nodeFileSystem.open(path, flags),
    };
    const error = await refusal(loadCheckpoint(folder, state(2), fingerprint, { fileSystem: refusing }));
    expect(error).toMatchObject({ code: 'file', got: 'EACCES: permission denied' });
  });
});

/** Bytes with one bit changed. */
function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = copy.length >> 1;
  copy[at] = (copy[at] as number) ^ 4;
  return copy;
}

/** Writes one bit of a file otherwise than it was told to. */
function flipping(name: string): FileSystem {
  return {
    ...nodeFileSystem,
    open: async (path, flags) => {
      const file = await nodeFileSystem.open(path, flags);
      if (flags === 'r' || !path.endsWith(name)) return file;
      return {
        stat: () => file.stat(),
        read: (...where) => file.read(...where),
        write: (bytes, offset, length) => file.write(flipped(bytes.subarray(offset, offset + length)), 0, length),
        sync: () => file.sync(),
        close: () => file.close(),
      };
    },
  };
}
