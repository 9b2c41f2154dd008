import { execFileSync } from 'node:child_process';
import { rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import sharp from 'sharp';
import { Header } from 'tar';

/**
 * @typedef {object} HostileFile
 * @property {string} name
 * @property {(path: string, base: Buffer) => Promise<unknown>} write `base` is a sound file of the format
 */

/**
 * Files of a format that are made to do harm: none of them may be taken as sound.
 * @param {string} format
 * @returns {HostileFile[]}
 */
export function hostileFiles(format) {
  return Object.entries({ ...makers[format], ...(image.includes(format) ? images : {}) }).map(([name, make]) => ({
    name,
    write: async (path, base) => {
      await rm(path, { force: true });
      const made = await make(path, base);
      if (made !== undefined) await writeFile(path, made);
    },
  }));
}

/** @typedef {(path: string, base: Buffer) => Promise<Buffer | string | undefined> | Buffer | string} Maker */

const image = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'];

/**
 * @param {string} header
 * @param {number} data bytes after it
 * @param {bigint} length
 */
function safetensors(header, data = 0, length = BigInt(Buffer.byteLength(header))) {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length);
  return Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(data)]);
}

/** @param {Record<string, [shape: unknown, begin: number, end: number]>} tensors */
function tensorHeader(tensors) {
  const entries = Object.entries(tensors).map(([name, [shape, begin, end]]) => [
    name,
    { dtype: 'F32', shape, data_offsets: [begin, end] },
  ]);
  return JSON.stringify({ __metadata__: { ids: '["p0"]' }, ...Object.fromEntries(entries) });
}

/**
 * A tar whose first header says something else.
 * @param {Buffer} base
 * @param {object} fields
 */
function changedHeader(base, fields) {
  const out = Buffer.from(base);
  const { path = '', size = 0 } = new Header(base, 0);
  new Header({ path, size, type: 'File', ...fields }).encode(out.subarray(0, 512));
  return out;
}

/** @param {number} size */
function longName(size) {
  const head = Buffer.alloc(512);
  new Header({ path: '././@LongLink', size, type: 'NextFileHasLongPath' }).encode(head);
  return Buffer.concat([head, Buffer.alloc(size, 'x')]);
}

/** @param {string} record */
function paxHeader(record) {
  const text = Buffer.from(`${record.length + (record.length < 95 ? 4 : 5)} ${record}\n`);
  const head = Buffer.alloc(512);
  new Header({ path: 'PaxHeader/a', size: text.length, type: 'ExtendedHeader' }).encode(head);
  return Buffer.concat([head, text, Buffer.alloc((512 - (text.length % 512)) % 512)]);
}

/** @param {string} text */
function npy(text) {
  const head = Buffer.alloc(12);
  head.write('\x93NUMPY\x02', 'latin1');
  head.writeUInt32LE(text.length + 1, 8);
  return Buffer.concat([head, Buffer.from(`${text}\n`)]);
}

/**
 * @param {string} type
 * @param {Buffer} data
 */
function chunk(type, data) {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length);
  out.write(type, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/**
 * A PNG that announces a size, with whatever chunks between.
 * @param {number} width
 * @param {number} height
 * @param {Buffer[]} between
 */
function png(width, height, ...between) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const pixels = chunk('IDAT', deflateSync(Buffer.alloc(100_000)));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...between,
    pixels,
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/**
 * A copy with some bytes at a place that a pattern marks.
 * @param {Buffer} base
 * @param {Buffer | string} after
 * @param {number} offset
 * @param {number[]} bytes
 */
function patched(base, after, offset, bytes) {
  const at = base.indexOf(after, 0, 'latin1');
  if (at < 0) throw new Error('no such place in the sound file');
  const out = Buffer.from(base);
  out.set(bytes, at + offset);
  return out;
}

const pair = {
  item_id_1: 'p0',
  item_title_1: 'a',
  item_image_1: 'images/a.png',
  item_id_2: 'p1',
  item_title_2: 'b',
  tag: 1,
};
const item = { id: 'p0', title: 'a', image: 'images/a.png' };

/**
 * Lines with an image that is not below the folder, and lines that are none.
 * @param {Record<string, unknown>} good
 * @param {string} field of the image
 * @returns {Record<string, Maker>}
 */
function lines(good, field) {
  const line = (/** @type {Record<string, unknown>} */ changes) => JSON.stringify({ ...good, ...changes });
  return {
    'a path with ..': () => line({ [field]: 'images/../../outside.png' }),
    'an absolute path': () => line({ [field]: '/etc/passwd' }),
    'a path of another system': () => line({ [field]: 'C:\\windows\\win.ini' }),
    'a path with NUL': () => line({ [field]: 'images/a.png\0.txt' }),
    'a symbolic link out of the folder': async (path) => {
      const link = join(dirname(path), 'images', 'link.png');
      await rm(link, { force: true });
      await symlink('/etc/passwd', link);
      return line({ [field]: 'images/link.png' });
    },
    'a line of 200 MB': async (path) => {
      await writeFile(path, `${line({})}\n`);
      await truncate(path, 200e6);
      return undefined;
    },
    'nesting of 400,000': () => '['.repeat(400_000),
    'the same key twice, one of them bad': () => `${line({}).slice(0, -1)},"${field}":7}`,
    'the same line twice': () => `${line({})}\n${line({})}`,
    'bytes that are not UTF-8': () => Buffer.concat([Buffer.from(line({})), Buffer.from([0xff, 0xfe, 0x0a])]),
    'a picture that never ends': async (path) => {
      const pipe = join(dirname(path), 'images', 'pipe.png');
      await rm(pipe, { force: true });
      execFileSync('mkfifo', [pipe]);
      return line({ [field]: 'images/pipe.png' });
    },
    nothing: () => '',
  };
}

/** @type {Record<string, Record<string, Maker>>} */
const makers = {
  safetensors: {
    'a header of 100 MB': async (path) => {
      await writeFile(path, safetensors('{', 0, 100_000_000n));
      await truncate(path, 100_000_100);
      return undefined;
    },
    'a header of 2^63 - 1': () => safetensors('{}', 0, 2n ** 63n - 1n),
    'a header of nested lists': () => safetensors(`{"a":${'['.repeat(5_000_000)}`),
    'a name twice': () => {
      const header = tensorHeader({ text: [[1, 3], 0, 12], image: [[1, 3], 12, 24] });
      return safetensors(header.replace('"image"', '"text"'), 24);
    },
    'tensors that overlap': () => safetensors(tensorHeader({ text: [[1, 3], 0, 12], image: [[1, 3], 8, 20] }), 20),
    'a hole': () => safetensors(tensorHeader({ text: [[1, 3], 0, 12], image: [[1, 3], 16, 28] }), 28),
    'a shape that overflows': () => safetensors(tensorHeader({ text: [[2 ** 31, 2 ** 31, 2 ** 31], 0, 12] }), 12),
    'a shape of 1,000,000 sizes': () => safetensors(tensorHeader({ text: [Array(1_000_000).fill(1), 0, 4] }), 4),
    'an end before the beginning': () => safetensors(tensorHeader({ text: [[1, 3], 12, 0] }), 12),
    '30,000 empty tensors': () => {
      /** @type {[string, [unknown, number, number]][]} */
      const names = Array.from({ length: 30_000 }, (_, i) => [`t${i}`, [[0], 0, 0]]);
      return safetensors(tensorHeader(Object.fromEntries(names)));
    },
  },
  npy: {
    'a header of 4 GB': (_, base) => {
      const out = Buffer.from(base);
      out[6] = 2;
      out.writeUInt32LE(0xffffffff, 8);
      return out;
    },
    '2^40 rows': () => npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 3), }"),
    'no rows of 10^15 columns': () => npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 1000000000000000), }"),
    'sizes of 60,000 digits': () =>
      npy(`{'descr': '<f4', 'fortran_order': False, 'shape': (${'9'.repeat(60_000)}, 3), }`),
    'a pickle': () => npy("{'descr': '|O', 'fortran_order': False, 'shape': (8, 3), }"),
  },
  parquet: {
    'metadata of 2 GB': (_, base) => {
      const out = Buffer.from(base);
      out.writeUInt32LE(0x7fffffff, out.length - 8);
      return out;
    },
    'pages that swell to 600 MB': () => {
      const writer = new ByteWriter();
      const bomb = gzipSync(Buffer.alloc(600 * 2 ** 20));
      const parquetWriter = new ParquetWriter({
        writer,
        schema: [
          { name: 'root', num_children: 1 },
          { name: 'id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
        ],
        codec: 'GZIP',
        compressors: { GZIP: () => bomb },
      });
      parquetWriter.write({
        columnData: [{ name: 'id', data: Array.from({ length: 8 }, (_, i) => `p${i} ${'x'.repeat(i)}`) }],
      });
      parquetWriter.finish();
      return Buffer.from(writer.getBytes());
    },
  },
  'ids of npy': {
    'nesting of 400,000': () => '['.repeat(400_000),
    'no list': () => '{"length": 8}',
  },
  tar: {
    'a member of 2^40 bytes': (_, base) => changedHeader(base, { size: 2 ** 40 }),
    'a member outside': (_, base) => changedHeader(base, { path: '../../etc/passwd' }),
    'a symbolic link': (_, base) => changedHeader(base, { type: 'SymbolicLink', linkpath: '/etc/passwd', size: 0 }),
    'a long name of 4 MB': (_, base) => Buffer.concat([longName(4 << 20), base]),
    'a pax size of 300 digits': (_, base) => Buffer.concat([paxHeader(`size=${'9'.repeat(300)}`), base]),
    'a negative pax size': (_, base) => Buffer.concat([paxHeader('size=-512'), base]),
    'zeros of 1 GB before its end': async (path, base) => {
      await writeFile(path, base.subarray(0, 512));
      await truncate(path, 2 ** 30);
      return undefined;
    },
    '200,000 members of one name': (_, base) => {
      const [head, size] = [base.subarray(0, 512), new Header(base, 0).size ?? 0];
      const one = Buffer.concat([head, base.subarray(512, 512 + Math.ceil(size / 512) * 512)]);
      return Buffer.concat([...Array.from({ length: 200_000 }, () => one), Buffer.alloc(1024)]);
    },
  },
  pairs: lines(pair, 'item_image_1'),
  items: lines(item, 'image'),
  fashion200k: {
    'a path with ..': () => '../a/a.png\t0.5\ta dress\n',
    'an absolute path': () => '/etc/passwd\t0.5\ta dress\n',
    'a line of 200 MB': async (path) => {
      await writeFile(path, 'women/a/a.png\t0.5\ta dress\n');
      await truncate(path, 200e6);
      return undefined;
    },
  },
  fashioniq: {
    'nesting of 400,000': () => '['.repeat(400_000),
    'a list of 200 MB': async (path) => {
      await writeFile(path, '[');
      await truncate(path, 200e6);
      return undefined;
    },
    'an id with ..': () => JSON.stringify([{ candidate: '../p0', target: 'p1', captions: ['a', 'b'] }]),
  },
  jpeg: {
    '65,500 x 65,500 pixels': (_, base) => patched(base, '\xff\xc0', 5, [0xff, 0xdc, 0xff, 0xdc]),
    '3,000 scans of 24 million pixels': async () => {
      const flat = sharp({ create: { width: 4900, height: 4900, channels: 3, background: '#808080' } });
      const file = await flat.jpeg({ progressive: true }).toBuffer();
      const last = file.lastIndexOf(Buffer.from([0xff, 0xda]));
      const scan = file.subarray(last, file.length - 2);
      return Buffer.concat([file.subarray(0, last), ...Array(3000).fill(scan), Buffer.from([0xff, 0xd9])]);
    },
  },
  png: {
    '100,000 x 100,000 pixels': () => png(100_000, 100_000),
    'one row more than 25 million pixels': () => png(5000, 5001),
    'a text that swells to 400 MB': () =>
      png(
        100_000,
        100_000,
        chunk('zTXt', Buffer.concat([Buffer.from('a\0\0'), deflateSync(Buffer.alloc(400 * 2 ** 20))])),
      ),
  },
  webp: { '16,383 x 16,383 pixels': (_, base) => patched(base, '\x9d\x01\x2a', 3, [0xff, 0x3f, 0xff, 0x3f]) },
  gif: {
    '30,000 x 30,000 pixels': (_, base) => {
      const size = [0x30, 0x75, 0x30, 0x75];
      // The decoder goes by the frame: its size stands after the control block.
      const out = patched(base, '\x21\xf9\x04', 13, size);
      out.set(size, 6);
      return out;
    },
  },
  tiff: {
    '100,000 x 100,000 pixels': (_, base) => tiffTags(base, { 256: 100_000, 257: 100_000, 278: 100_000 }),
    '2^32 - 1 rows': (_, base) => tiffTags(base, { 257: 0xffffffff }),
  },
  avif: {
    '60,000 x 60,000 pixels': (_, base) => patched(base, 'ispe', 8, [0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]),
  },
};

/** @type {Record<string, Maker>} */
const images = {
  'a drawing': () => '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
  'a drawing that swells': () => {
    const entities = Array.from({ length: 9 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`);
    return `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY e0 "lol">${entities.join('')}]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&e9;</text></svg>`;
  },
  'a drawing of a million pieces': () => {
    const levels = Array.from({ length: 6 }, (_, i) => `<g id="g${i + 1}">${`<use href="#g${i}"/>`.repeat(10)}</g>`);
    return `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><defs><rect id="g0" width="9" height="9"/>${levels.join('')}</defs><use href="#g6"/></svg>`;
  },
  'a document': () => '%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n',
  'zeros of 300 MB': async (path) => {
    await writeFile(path, '');
    await truncate(path, 300e6);
    return undefined;
  },
  'a pipe': async (path) => {
    execFileSync('mkfifo', [path]);
    return undefined;
  },
  'a device without end': async (path) => {
    await symlink('/dev/zero', path);
    return undefined;
  },
  nothing: () => '',
};

/**
 * A little-endian TIFF with other values of tags.
 * @param {Buffer} base
 * @param {Record<number, number>} values
 */
function tiffTags(base, values) {
  const out = Buffer.from(base);
  const directory = out.readUInt32LE(4);
  for (let i = 0; i < out.readUInt16LE(directory); i++) {
    const at = directory + 2 + 12 * i;
    const value = values[out.readUInt16LE(at)];
    if (value === undefined) continue;
    out.writeUInt16LE(4, at + 2);
    out.writeUInt32LE(value, at + 8);
  }
  return out;
}
