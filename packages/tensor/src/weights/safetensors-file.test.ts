import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UniecsError } from '../errors.js';
import type { FileTensor } from './file-tensor.js';
import { parseSafetensors, serializeSafetensors } from './safetensors.js';
import { readOpenFile, readSafetensors, readSafetensorsHeader, writeSafetensors } from './safetensors-file.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-safetensors-'));
  path = join(folder, 'model.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

const tensors = new Map<string, FileTensor>([
  ['odd', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) }],
  ['w', { dtype: 'F32', shape: [2, 1], data: Float32Array.of(1.5, -2) }],
  ['half', { dtype: 'BF16', shape: [1], data: Float32Array.of(0.5) }],
  ['long', { dtype: 'I64', shape: [], data: BigInt64Array.of(-5n) }],
  ['empty', { dtype: 'F64', shape: [0], data: new Float64Array(0) }],
]);

const refused = async (promise: Promise<unknown>) => {
  const error = await promise.catch((error: unknown) => error);
  if (!UniecsError.isInstance(error)) throw new Error(`no UniecsError: ${error}`);
  return error;
};

it('writes the bytes of serializeSafetensors and reads what parseSafetensors reads', async () => {
  await writeSafetensors(path, tensors, { a: 'b' });
  const bytes = await readFile(path);
  expect(new Uint8Array(bytes)).toEqual(serializeSafetensors(tensors, { a: 'b' }));
  const file = await readSafetensors(path);
  expect(file).toEqual(parseSafetensors(bytes));
  for (const [name, tensor] of tensors) expect(file.tensors.get(name)).toEqual(tensor);
  expect(file.metadata).toEqual({ a: 'b' });
  expect(await readdir(folder)).toEqual(['model.safetensors']);
});

it('reads the tensors that are asked for alone, and dtypes and shapes of all without any', async () => {
  await writeSafetensors(path, tensors);
  const some = await readSafetensors(path, { only: (name) => name === 'w' || name === 'half' });
  expect(new Map(some.tensors)).toEqual(new Map([...tensors].filter(([name]) => name === 'w' || name === 'half')));
  const header = await readSafetensorsHeader(path);
  expect([...header.keys()].sort()).toEqual([...tensors.keys()].sort());
  for (const [name, { dtype, shape }] of tensors) expect(header.get(name)).toEqual({ dtype, shape });
  await truncate(path, (await readFile(path)).length - 1);
  expect((await refused(readSafetensorsHeader(path))).code).toBe('file');
  expect((await refused(readSafetensors(path, { only: () => false }))).code).toBe('file');
});

it('refuses every truncation, naming the path and the reason', async () => {
  await writeSafetensors(path, tensors);
  const { length } = await readFile(path);
  for (const cut of [length - 1, length - 20, 100, 9, 8, 7, 0]) {
    await truncate(path, cut);
    const error = await refused(readSafetensors(path));
    expect(error.code, `${cut} bytes`).toBe('file');
    expect(error.message).toContain(`readSafetensors: expected ${path} to be a whole safetensors file, got `);
    expect(error.details).toMatchObject({ path, reason: expect.stringContaining(cut < 9 ? 'too few' : '') });
  }
});

it('refuses a missing file, a folder, and a header over the cap', async () => {
  const missing = await refused(readSafetensors(path));
  expect(missing).toMatchObject({ code: 'file', details: { path } });
  expect(missing.got).toContain('ENOENT');
  expect((await refused(readSafetensors(folder))).code).toBe('file');
  await writeSafetensors(path, tensors);
  expect((await refused(readSafetensors(path, { maxHeaderBytes: 100 }))).got).toContain('more than the cap of 100');
});

it('takes no memory for a size that the file does not have', async () => {
  const header = JSON.stringify({ a: { dtype: 'U8', shape: [2 ** 50], data_offsets: [0, 2 ** 50] } });
  const bytes = Buffer.alloc(8 + header.length);
  bytes.writeBigUInt64LE(BigInt(header.length));
  bytes.write(header, 8);
  await writeFile(path, bytes);
  expect((await refused(readSafetensors(path))).got).toContain('data up to byte 1125899906842624 of 0 (truncated)');
});

it('a tensor that cannot be saved leaves the old file and no temporary one', async () => {
  await writeSafetensors(path, tensors);
  const before = await readFile(path);
  const short = new Map(tensors).set('w', { dtype: 'F32', shape: [3], data: new Float32Array(2) });
  expect((await refused(writeSafetensors(path, short))).code).toBe('shape');
  const large = new Map(tensors).set('half', { dtype: 'F16', shape: [1], data: Float32Array.of(1e6) });
  expect((await refused(writeSafetensors(path, large))).code).toBe('data');
  expect(await readFile(path)).toEqual(before);
  expect(await readdir(folder)).toEqual(['model.safetensors']);
});

it('says so when the file gets shorter while it is read', async () => {
  await writeSafetensors(path, tensors);
  const file = await open(path, 'r+');
  try {
    const stat = async () => {
      const whole = await file.stat();
      await file.truncate(whole.size - 2);
      return whole;
    };
    const shrinking = { stat, read: file.read.bind(file) } as unknown as Parameters<typeof readOpenFile>[0];
    const error = await refused(readOpenFile(shrinking, 1000, { where: 'readSafetensors', path }));
    expect(error.details.reason).toMatch(/^an end of file at byte \d+ while reading$/);
  } finally {
    await file.close();
  }
});
