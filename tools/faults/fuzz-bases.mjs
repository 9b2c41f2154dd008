// Sound files that mutations start from: Parquet and numpy's.
import { gzipSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';

/** Pairs of the small files. */
export const pairs = 4;
export const ids = Array.from({ length: 2 * pairs }, (_, i) => `p${i}`);
export const width = 3;

/** Unit vectors of all products. */
export function vectors() {
  return Float32Array.from(ids.flatMap((_, i) => [Math.cos(i), Math.sin(i), 0]));
}

/**
 * The embeddings as Parquet.
 * @param {'UNCOMPRESSED' | 'SNAPPY' | 'GZIP'} codec
 */
export function parquet(codec) {
  /** @type {(name: string) => import('hyparquet').SchemaElement[]} */
  const list = (name) => [
    { name, converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
  ];
  const writer = new ByteWriter();
  const parquetWriter = new ParquetWriter({
    writer,
    schema: [
      { name: 'root', num_children: 3 },
      { name: 'id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      ...list('image'),
      ...list('text'),
    ],
    codec,
    compressors: { GZIP: (input) => gzipSync(input) },
  });
  const data = vectors();
  const rows = ids.map((_, i) => Array.from(data.subarray(i * width, (i + 1) * width)));
  parquetWriter.write({
    columnData: [
      { name: 'id', data: [...ids] },
      { name: 'image', data: rows },
      { name: 'text', data: rows },
    ],
    rowGroupSize: 5,
  });
  parquetWriter.finish();
  return Buffer.from(writer.getBytes());
}

/**
 * A log of interactions as Parquet: each user has seen three products that follow each other.
 * @param {'UNCOMPRESSED' | 'SNAPPY' | 'GZIP'} codec
 */
export function log(codec) {
  const rows = ids.flatMap((_, user) => [0, 1, 2].map((k) => ({ user, item: ids[(user + k) % ids.length] })));
  const writer = new ByteWriter();
  const parquetWriter = new ParquetWriter({
    writer,
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'user', type: 'INT64', repetition_type: 'REQUIRED' },
      { name: 'item', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    ],
    codec,
    compressors: { GZIP: (input) => gzipSync(input) },
  });
  const columnData = [
    { name: 'user', data: rows.map(({ user }) => BigInt(user)) },
    { name: 'item', data: rows.map(({ item }) => item) },
  ];
  parquetWriter.write({ columnData, rowGroupSize: 10 });
  parquetWriter.finish();
  return Buffer.from(writer.getBytes());
}

/** @param {'<f2' | '<f4' | '<f8'} descr */
export function npy(descr) {
  const bytes = { '<f2': 2, '<f4': 4, '<f8': 8 }[descr];
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${ids.length}, ${width}), }`;
  const head = Buffer.alloc(10);
  head.write('\x93NUMPY\x01', 'latin1');
  head.writeUInt16LE(118, 8);
  const values = vectors();
  const data = Buffer.alloc(values.length * bytes);
  values.forEach((value, i) => {
    if (bytes === 2) data.writeUInt16LE(value > 0 ? 0x3c00 : 0xbc00, i * 2);
    else if (bytes === 4) data.writeFloatLE(value, i * 4);
    else data.writeDoubleLE(value, i * 8);
  });
  return Buffer.concat([head, Buffer.from(`${text.padEnd(117)}\n`), data]);
}
