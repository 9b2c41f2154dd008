import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecords, type TableRow } from './read-records.js';

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-records-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function rowsOf(file: string): Promise<TableRow[]> {
  const rows: TableRow[] = [];
  for await (const row of readRecords(file)) rows.push(row);
  return rows;
}

/** A table of so many rows in groups of so many. */
async function table(rows: number, rowGroupSize: number): Promise<Buffer> {
  const numbers = Array.from({ length: rows }, (_, i) => i);
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'user', data: numbers.map((i) => `u${i}`), type: 'STRING' },
      { name: 'item', data: numbers.map((i) => BigInt(i)), type: 'INT64' },
    ],
    rowGroupSize,
  });
  await writeFile(at('t.parquet'), Buffer.from(buffer));
  return Buffer.from(buffer);
}

describe('the rows of a Parquet table', () => {
  it.each([
    [1, 1],
    [9999, 7000],
    [10_000, 10_000],
    [10_001, 20_000],
    [23_456, 11_000],
  ])('are all there, once and in order: %i rows in groups of %i', async (rows, group) => {
    await table(rows, group);
    const found = await rowsOf(at('t.parquet'));
    expect(found).toHaveLength(rows);
    expect(found.every(({ user, item }, i) => user === `u${i}` && item === i)).toBe(true);
  });

  it('are none of an empty one, and can be left halfway and read again', async () => {
    await table(0, 10);
    expect(await rowsOf(at('t.parquet'))).toEqual([]);
    await table(25_000, 25_000);
    for await (const { user } of readRecords(at('t.parquet'))) if (user === 'u12000') break;
    expect(await rowsOf(at('t.parquet'))).toHaveLength(25_000);
  });

  it('of two files at once do not mix', async () => {
    await table(12_000, 5000);
    await writeFile(at('a.parquet'), await readFile(at('t.parquet')));
    await table(15_000, 15_000);
    const [a, b] = await Promise.all([rowsOf(at('a.parquet')), rowsOf(at('t.parquet'))]);
    expect([a.length, b.length]).toEqual([12_000, 15_000]);
  });

  it('of a file that was cut or is none are refused', async () => {
    const whole = await table(100, 10);
    for (const bytes of [whole.subarray(0, -9), whole.subarray(0, 40), Buffer.from('PAR1 no PAR1'), Buffer.alloc(0)]) {
      await writeFile(at('bad.parquet'), bytes);
      await expect(rowsOf(at('bad.parquet'))).rejects.toMatchObject({ code: 'file', where: 'readRecords' });
    }
  });
});
