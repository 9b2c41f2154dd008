import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { seededRandom } from '@uniecs/tensor';
import { writeSafetensors } from '@uniecs/tensor/node';
import { ByteWriter, ParquetWriter, parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NamedEmbeddings } from './embeddings-file.js';
import { readEmbeddings } from './read-embeddings.js';
import { writeEmbeddingsParquet } from './write-parquet.js';
import { writeEmbeddingsSafetensors } from './write-safetensors.js';

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-read-embeddings-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** N items of which every third has no image and every fifth no title. */
function embeddings(count: number, dimension = 7): NamedEmbeddings {
  const random = seededRandom('embeddings');
  const matrix = () => Float32Array.from({ length: count * dimension }, () => random.normal());
  const rows = Array.from({ length: count }, (_, i) => i);
  return {
    ids: rows.map((i) => `item "${i}" ü`),
    model: 'abc',
    embeddings: {
      count,
      dimension,
      fused: matrix(),
      image: matrix(),
      text: matrix(),
      hasImage: rows.map((i) => Number(i % 3 !== 0)),
      hasText: rows.map((i) => Number(i % 5 !== 1)),
    },
  };
}

/** The bytes that numpy.save writes: format 1.0 or 2.0, the header padded to 64 bytes. */
function npy(descr: string, shape: readonly number[], data: ArrayBufferView, { fortran = false, version = 1 } = {}) {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${sizes}), }`;
  const prefix = version === 1 ? 10 : 12;
  const length = Math.ceil((prefix + text.length + 1) / 64) * 64 - prefix;
  const head = Buffer.alloc(prefix);
  head.write('\x93NUMPY', 'latin1');
  head.writeUInt8(version, 6);
  if (version === 1) head.writeUInt16LE(length, 8);
  else head.writeUInt32LE(length, 8);
  const numbers = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([head, Buffer.from(`${text.padEnd(length - 1)}\n`), numbers]);
}

const matrix = (rows: number, columns: number) => {
  const random = seededRandom('matrix');
  return Float32Array.from({ length: rows * columns }, () => Math.fround(random.normal()));
};
const ids = (count: number) => Array.from({ length: count }, (_, i) => `p${i}`);
const lists = (rows: number, columns: number) =>
  ids(rows).map((_, i) => Array.from(matrix(rows, columns).subarray(i * columns, (i + 1) * columns)));

/** A folder of its own with some files. */
async function files(contents: Record<string, string | Uint8Array>): Promise<string> {
  const own = await mkdtemp(at('case-'));
  for (const [name, content] of Object.entries(contents)) await writeFile(join(own, name), content);
  return own;
}

describe('what embed writes is read back to the bit', () => {
  it.each([
    ['items.parquet', writeEmbeddingsParquet, 4100],
    ['items.safetensors', writeEmbeddingsSafetensors, 31],
    ['ITEMS.PARQUET', writeEmbeddingsParquet, 2],
  ] as const)('%s', async (name, write, count) => {
    const content = embeddings(count);
    await write(at(name), content);
    const { hasImage, hasText, ...read } = await readEmbeddings(at(name));
    const { fused, image, text, ...masks } = content.embeddings;
    const zeroed = (data: Float32Array, mask: ArrayLike<number>) =>
      data.map((value, k) => (mask[Math.floor(k / 7)] ? value : 0));
    expect(read).toEqual({
      ids: content.ids,
      dimension: 7,
      fused,
      image: zeroed(image, masks.hasImage),
      text: zeroed(text, masks.hasText),
    });
    expect([Array.from(hasImage ?? []), Array.from(hasText ?? [])]).toEqual([masks.hasImage, masks.hasText]);
  });
});

describe('npy', () => {
  const values = matrix(5, 3);

  it.each([
    ['<f4', values, {}],
    ['<f8', Float64Array.from(values), {}],
    ['<f4', values, { version: 2 }],
    ['<f4', values, { version: 3 }],
  ] as const)('%s is read as it is', async (descr, data, options) => {
    const own = await files({ 'text.npy': npy(descr, [5, 3], data, options), 'ids.txt': ids(5).join('\n') });
    expect(await readEmbeddings(join(own, 'text.npy'))).toEqual({ ids: ids(5), dimension: 3, text: values });
  });

  it('half floats are widened', async () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x0001, 0, 0x8000);
    const own = await files({ 'image.npy': npy('<f2', [2, 3], halves), 'ids.txt': 'a\nb\n' });
    const { image } = await readEmbeddings(join(own, 'image.npy'));
    expect(Array.from(image ?? [])).toEqual([1, -2, 0.333251953125, 2 ** -24, 0, -0]);
  });

  it('column-major numbers are turned', async () => {
    const turned = Float32Array.from({ length: 15 }, (_, k) => values[(k % 5) * 3 + Math.floor(k / 5)] as number);
    const fortran = npy('<f4', [5, 3], turned, { fortran: true });
    const own = await files({ 'text.npy': fortran, 'ids.txt': ids(5).join('\n') });
    expect((await readEmbeddings(join(own, 'text.npy'))).text).toEqual(values);
  });

  it('the views beside it under the same name belong to it, and those of another name do not', async () => {
    const own = await files({
      'clip.image.npy': npy('<f4', [5, 3], values),
      'clip.text.npy': npy(
        '<f4',
        [5, 3],
        values.map((value) => -value),
      ),
      'blip.fused.npy': npy('<f4', [5, 3], values),
      'clip.ids.json': '["p0", 1, "p2", "p3", "p4"]',
      'ids.txt': 'never\nread',
    });
    const read = await readEmbeddings(join(own, 'clip.text.npy'));
    expect(Object.keys(read).sort()).toEqual(['dimension', 'ids', 'image', 'text']);
    expect(read.ids).toEqual(['p0', '1', 'p2', 'p3', 'p4']);
  });

  it.each([
    ['another dtype', npy('<i8', [5, 3], new BigInt64Array(15)), 'unsupported', 'in one of <f2, <f4, <f8, got <i8'],
    ['big-endian numbers', npy('>f4', [5, 3], values), 'unsupported', 'got >f4'],
    ['a vector', npy('<f4', [15], values), 'shape', 'a matrix [N, D], got [15]'],
    ['three axes', npy('<f4', [5, 3, 1], values), 'shape', 'got [5, 3, 1]'],
    ['a width of 0', npy('<f4', [5, 0], new Float32Array(0)), 'shape', 'got [5, 0]'],
    ['too few numbers', npy('<f4', [5, 4], values), 'file', '188 bytes instead of the 208 of <f4 [5, 4]'],
    ['too many numbers', npy('<f4', [5, 2], values), 'file', 'instead of the 168'],
    ['another format', Buffer.from('PK\x03\x04'.padEnd(200)), 'file', 'another beginning'],
    ['nothing', Buffer.alloc(0), 'file', 'another beginning'],
    ['an end in the header', npy('<f4', [5, 3], values).subarray(0, 40), 'file', '40 bytes and a header of 118'],
    ['more rows than ids', npy('<f4', [6, 3], matrix(6, 3)), 'data', '6 rows of text and 5 ids'],
  ])('refuses %s', async (_, bytes, code, complaint) => {
    const own = await files({ 'text.npy': bytes, 'ids.txt': ids(5).join('\n') });
    const error = await readEmbeddings(join(own, 'text.npy')).catch((reason) => reason);
    expect(error.message).toContain(complaint);
    expect(error).toMatchObject({ code });
  });

  it('refuses a name that says no view, views of two widths, and a file that is not there', async () => {
    const own = await files({
      'clip.npy': npy('<f4', [5, 3], values),
      'image.npy': npy('<f4', [5, 3], values),
      'text.npy': npy('<f4', [5, 2], matrix(5, 2)),
      'ids.txt': ids(5).join('\n'),
    });
    await expect(readEmbeddings(join(own, 'clip.npy'))).rejects.toThrow('call it image.npy, text.npy or fused.npy');
    await expect(readEmbeddings(join(own, 'text.npy'))).rejects.toThrow('got image of 3, text of 2');
    await expect(readEmbeddings(join(own, 'fused.npy'))).rejects.toMatchObject({ code: 'file' });
  });
});

describe('ids beside numbers', () => {
  const bytes = npy('<f4', [2, 3], matrix(2, 3));

  it.each([
    ['no file of them', {}, 'file', 'got none of these'],
    ['a blank line', { 'ids.txt': 'a\n\nb\n' }, 'data', 'line 2 blank'],
    ['no list', { 'ids.json': '{"a": 1}' }, 'data', 'a JSON list of ids, got object'],
    ['no JSON', { 'ids.json': '[' }, 'data', 'a JSON list of ids'],
    ['what is no id', { 'ids.json': '["a", 1.5]' }, 'data', '1.5 at place 1'],
    ['too many', { 'ids.txt': 'a\nb\nc' }, 'data', '2 rows of text and 3 ids'],
  ])('refuses %s', async (_, beside, code, complaint) => {
    const own = await files({ 'text.npy': bytes, ...beside });
    const error = await readEmbeddings(join(own, 'text.npy')).catch((reason) => reason);
    expect(error.message).toContain(complaint);
    expect(error).toMatchObject({ code });
  });

  it('lines may end as on Windows', async () => {
    const own = await files({ 'text.npy': bytes, 'ids.txt': 'a\r\nb\r\n' });
    expect((await readEmbeddings(join(own, 'text.npy'))).ids).toEqual(['a', 'b']);
  });

  it('safetensors without ids in their metadata have them beside as well', async () => {
    const own = await files({ 'clip.ids.txt': 'a\nb' });
    const data = matrix(2, 3);
    await writeSafetensors(join(own, 'clip.safetensors'), new Map([['text', { dtype: 'F16', shape: [2, 3], data }]]));
    const { ids: read, text } = await readEmbeddings(join(own, 'clip.safetensors'));
    expect(read).toEqual(['a', 'b']);
    expect(Array.from(text ?? [])).toEqual(Array.from(data, (value) => expect.closeTo(value, 3)));
  });
});

describe('safetensors', () => {
  it.each([
    ['whole numbers', { text: { dtype: 'I32', shape: [2, 1], data: Int32Array.of(1, 2) } }, 'got I32'],
    ['a vector', { text: { dtype: 'F32', shape: [2], data: matrix(2, 1) } }, 'a matrix [N, D], got [2]'],
    ['no view', { embeddings: { dtype: 'F32', shape: [2, 1], data: matrix(2, 1) } }, 'fused, image or text in'],
    [
      'a mask of another length',
      {
        text: { dtype: 'F32', shape: [2, 1], data: matrix(2, 1) },
        has_text: { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 1, 1) },
      },
      'has_text for each of the 2 ids, got 3',
    ],
  ])('refuses %s', async (_, tensors, complaint) => {
    const path = join(await files({}), 'x.safetensors');
    await writeSafetensors(path, new Map(Object.entries(tensors)) as Parameters<typeof writeSafetensors>[1], {
      ids: '["a", "b"]',
    });
    const error = await readEmbeddings(path).catch((reason) => reason);
    expect(error.message).toContain(complaint);
    expect(error).toMatchObject({ code: 'data' });
  });
});

describe('parquet', () => {
  const list = (type: 'FLOAT' | 'DOUBLE' | 'INT32') => [
    { name: 'text', converted_type: 'LIST' as const, repetition_type: 'OPTIONAL' as const, num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED' as const, num_children: 1 },
    { name: 'element', type, repetition_type: 'OPTIONAL' as const },
  ];

  /** A file of ids and text vectors, however wrong. */
  async function parquet(
    rows: readonly unknown[],
    {
      type = 'FLOAT' as 'FLOAT' | 'DOUBLE' | 'INT32',
      codec = 'UNCOMPRESSED' as const,
      id = ids(rows.length) as unknown[],
    } = {},
  ): Promise<string> {
    const bytes = new ByteWriter();
    const number = typeof id[0] === 'bigint';
    const writer = new ParquetWriter({
      writer: bytes,
      schema: [
        { name: 'root', num_children: 2 },
        {
          name: 'id',
          type: number ? 'INT64' : 'BYTE_ARRAY',
          repetition_type: 'OPTIONAL',
          ...(number ? {} : { converted_type: 'UTF8' as const }),
        },
        ...list(type),
      ],
      compressors: { GZIP: (input) => gzipSync(input), LZ4: (input) => input },
    });
    writer.write({
      columnData: [
        { name: 'id', data: id, codec },
        { name: 'text', data: rows as unknown[], codec },
      ],
    });
    writer.finish();
    const path = join(await files({}), 'x.parquet');
    await writeFile(path, new Uint8Array(bytes.getBuffer()));
    return path;
  }

  it.each([
    ['float64, rounded to float32', { type: 'DOUBLE' }],
    ['gzip', { codec: 'GZIP' }],
    ['snappy', { codec: 'SNAPPY' }],
  ])('reads %s', async (_, options) => {
    const path = await parquet(lists(5, 3), options as Parameters<typeof parquet>[1]);
    const { text, dimension, ids: read } = await readEmbeddings(path);
    expect({ text, dimension, ids: read }).toEqual({ text: matrix(5, 3), dimension: 3, ids: ids(5) });
  });

  it('reads whole numbers as ids by their digits', async () => {
    const path = await parquet(lists(2, 3), { id: [15970n, 2n ** 60n] });
    expect((await readEmbeddings(path)).ids).toEqual(['15970', '1152921504606846976']);
  });

  it('a view that no row has is not there', async () => {
    await expect(readEmbeddings(await parquet([null, null]))).rejects.toThrow('fused, image or text in');
  });

  it.each([
    ['lists of whole numbers', () => parquet([[1], [2]], { type: 'INT32' }), 'data', 'lists of INT32'],
    ['lists of two lengths', () => parquet([[1, 2], [3]]), 'data', "lists of 2 numbers in text, got 1 in row 1, 'p1'"],
    ['a list of nothing', () => parquet([[]]), 'data', 'got 0 in row 0'],
    ['a hole in a list', () => parquet([[1, null]]), 'data', "null in row 0, 'p0'"],
    ['a missing id', () => parquet([[1], [2]], { id: ['a', null] }), 'data', 'null in row 1'],
    ['a compression that is not known', () => parquet(lists(2, 3), { codec: 'LZ4' as never }), 'unsupported', 'LZ4'],
  ])('refuses %s', async (_, write, code, complaint) => {
    const error = await readEmbeddings(await write()).catch((reason) => reason);
    expect(error.message).toContain(complaint);
    expect(error).toMatchObject({ code });
  });

  it('refuses a file without ids, and single values', async () => {
    const path = join(await files({}), 'x.parquet');
    const bytes = (columns: Record<string, unknown[]>) =>
      new Uint8Array(
        parquetWriteBuffer({ columnData: Object.entries(columns).map(([name, data]) => ({ name, data })) }),
      );
    await writeFile(path, bytes({ product: ['a'], text: [1.5] }));
    await expect(readEmbeddings(path)).rejects.toThrow('expected a column id in');
    await writeFile(path, bytes({ id: ['a'], text: [1.5] }));
    await expect(readEmbeddings(path)).rejects.toThrow('single values of DOUBLE');
  });

  it('a truncated file and one that is not there are errors about that file', async () => {
    const path = await parquet(lists(50, 3));
    await truncate(path, (await readFile(path)).length - 200);
    await expect(readEmbeddings(path)).rejects.toMatchObject({ code: 'file', details: { path } });
    await expect(readEmbeddings(at('none.parquet'))).rejects.toMatchObject({ code: 'file' });
    await mkdir(at('folder.parquet'));
    await expect(readEmbeddings(at('folder.parquet'))).rejects.toMatchObject({ code: 'file' });
  });
});
