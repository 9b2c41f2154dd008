import '@tensorflow/tfjs-backend-cpu';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { run } from '@uniecs/cli';
import { exportOnnx, openOnnx } from '@uniecs/compile';
import { decodeImage } from '@uniecs/encoders/node';
import { negativesLine, parseNegatives } from '@uniecs/mbeer';
import {
  pairSample,
  readFashion200k,
  readFashionIq,
  readItems,
  readLines,
  readPairs,
  writeShards,
} from '@uniecs/mbeer/node';
import { negativePairs, pairsDigest } from '@uniecs/retrieval';
import { parameter, parseSafetensors, seededRandom, serializeSafetensors } from '@uniecs/tensor';
import { readSafetensors } from '@uniecs/tensor/node';
import sharp from 'sharp';
import { ids, log, npy, pairs, parquet, vectors, width } from './fuzz-bases.mjs';

/**
 * @typedef {object} Format
 * @property {string} file its name in the folder that the reader works in
 * @property {(folder: string) => Promise<Buffer[]>} bases sound files; what they need beside them is written into the folder
 * @property {(path: string) => Promise<boolean>} read whether a file was taken as sound; a typed error is thrown, or bad lines are named
 */

/** Pairs that negatives were mined from. */
const mined = Array.from({ length: pairs }, (_, i) => {
  const item = (/** @type {number} */ side) => ({ id: /** @type {string} */ (ids[2 * i + side]), title: `shoe ${i}` });
  return { line: i + 1, item1: item(0), item2: item(1), tag: 1 };
});

/** @param {string} folder */
async function pairFile(folder) {
  const lines = Array.from({ length: pairs }, (_, i) => ({
    ...{ item_id_1: ids[2 * i], item_title_1: `red shoe ${i}`, item_image_1: 'images/a.png' },
    ...{ item_id_2: ids[2 * i + 1], item_title_2: `blue shoe ${i}`, item_image_2: 'images/a.png', tag: 1 },
  }));
  await picture(folder);
  return Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n'));
}

/** @param {string} folder */
async function picture(folder) {
  await mkdir(join(folder, 'images'), { recursive: true });
  const png = await sharp({ create: { width: 3, height: 2, channels: 3, background: '#f00' } })
    .png()
    .toBuffer();
  await writeFile(join(folder, 'images', 'a.png'), png);
}

/**
 * Embeddings as the command judges them.
 * @param {string} path
 */
function evaluated(path) {
  return ran(['eval', '--embeddings', path, '--pairs', join(path, '..', 'pairs.jsonl'), '--normalize']);
}

/**
 * Whether a command took its files. Its exit code is 2 for bad input; what nobody foresaw says so.
 * @param {readonly string[]} argv
 */
async function ran(argv) {
  let said = '';
  const stderr = {
    write: (/** @type {string} */ text) => {
      said += text;
    },
  };
  const code = await run(argv, { stdout: { write: () => {} }, stderr, signal: new AbortController().signal });
  if (code === 0 || code === 2) return code === 0;
  throw new Error(`exit code ${code}: ${said.trim()}`);
}

/** @param {string} folder */
async function besideEmbeddings(folder) {
  await writeFile(join(folder, 'pairs.jsonl'), await pairFile(folder));
  await writeFile(join(folder, 'ids.json'), JSON.stringify(ids));
}

/** @param {(picture: import('sharp').Sharp) => import('sharp').Sharp} as */
function image(as) {
  const [width, height] = [33, 21];
  const noise = Buffer.from(Array.from({ length: width * height * 3 }, (_, i) => (i * 7919) % 251));
  return as(sharp(noise, { raw: { width, height, channels: 3 } })).toBuffer();
}

/**
 * @param {string} ending
 * @param {readonly ((picture: import('sharp').Sharp) => import('sharp').Sharp)[]} ways
 * @returns {Format}
 */
function imageFormat(ending, ways) {
  return {
    file: `image.${ending}`,
    bases: async (folder) => {
      await writeFile(join(folder, 'one.jsonl'), JSON.stringify({ id: 'a', image: `image.${ending}` }));
      return Promise.all(ways.map(image));
    },
    read: async (path) => {
      // Both decoders: that of the encoders, and that of data files.
      const { problems } = await readItems(join(path, '..', 'one.jsonl'));
      const pixels = await decodeImage(path, 8);
      if (pixels.length !== 8 * 8 * 3) throw new Error(`${pixels.length} bytes`);
      if (problems.length > 0) throw new Error(`decodes, and is bad at once: ${problems[0]?.reason}`);
      return true;
    },
  };
}

/** @type {Record<string, Format>} */
export const formats = {
  safetensors: {
    file: 'x.safetensors',
    bases: async (folder) => {
      await besideEmbeddings(folder);
      const matrix = (/** @type {Float32Array} */ data) => ({
        dtype: /** @type {const} */ ('F32'),
        shape: [ids.length, width],
        data,
      });
      const ones = {
        dtype: /** @type {const} */ ('U8'),
        shape: [ids.length],
        data: new Uint8Array(ids.length).fill(1),
      };
      const tensors = new Map(Object.entries({ image: matrix(vectors()), text: matrix(vectors()), has_image: ones }));
      const other = new Map([
        [
          'layer.weight',
          { dtype: /** @type {const} */ ('I64'), shape: [2, 3], data: BigInt64Array.from([1n, 2n, 3n, 4n, 5n, 6n]) },
        ],
      ]);
      return [
        Buffer.from(serializeSafetensors(tensors, { ids: JSON.stringify(ids) })),
        Buffer.from(serializeSafetensors(other, {})),
      ];
    },
    read: async (path) => {
      const good = await evaluated(path);
      await readSafetensors(path);
      parseSafetensors(await readFile(path));
      return good;
    },
  },
  parquet: {
    file: 'x.parquet',
    bases: async (folder) => {
      await besideEmbeddings(folder);
      return [parquet('UNCOMPRESSED'), parquet('SNAPPY'), parquet('GZIP')];
    },
    read: evaluated,
  },
  interactions: {
    file: 'log.parquet',
    bases: async (folder) => {
      const items = ids.map((id) => JSON.stringify({ id, title: `shoe ${id}`, image: 'a.png' }));
      await writeFile(join(folder, 'items.jsonl'), items.join('\n'));
      await writeFile(join(folder, 'ids.json'), JSON.stringify(ids));
      await writeFile(join(folder, 'image.npy'), npy('<f4'));
      await writeFile(join(folder, 'text.npy'), npy('<f4'));
      return [log('UNCOMPRESSED'), log('SNAPPY'), log('GZIP')];
    },
    read: async (path) => {
      const folder = join(path, '..');
      const out = join(folder, 'built');
      await rm(out, { recursive: true, force: true });
      const vectors = ['--embeddings', join(folder, 'image.npy'), '--visual', '-1', '--textual', '-1'];
      const files = ['--products', join(folder, 'items.jsonl'), '--interactions', path, '--out', out];
      return ran(['data', 'build', ...files, ...vectors]);
    },
  },
  onnx: {
    file: 'model.onnx',
    bases: async () => {
      const random = seededRandom('onnx');
      const weight = parameter([11, 13], () => random.normal());
      const { bytes } = await exportOnnx(
        (/** @type {import('@tensorflow/tfjs-core').Tensor2D} */ x) => tf.tanh(tf.matMul(x, weight)),
        {
          state: weight,
          inputs: (batch) => ({
            dtype: /** @type {const} */ ('float32'),
            shape: [batch, 11],
            data: new Float32Array(batch * 11),
          }),
          ...{ metadata: { role: 'test' }, name: 'tanh' },
        },
      );
      return [Buffer.from(bytes)];
    },
    read: async (path) => {
      await (await openOnnx(path)).release();
      return true;
    },
  },
  npy: {
    file: 'image.npy',
    bases: async (folder) => {
      await besideEmbeddings(folder);
      return [npy('<f4'), npy('<f8'), npy('<f2')];
    },
    read: evaluated,
  },
  'ids of npy': {
    file: 'ids.json',
    bases: async (folder) => {
      await besideEmbeddings(folder);
      await writeFile(join(folder, 'image.npy'), npy('<f4'));
      return [Buffer.from(JSON.stringify(ids))];
    },
    read: (path) => evaluated(join(path, '..', 'image.npy')),
  },
  pairs: {
    file: 'pairs.jsonl',
    bases: async (folder) => [await pairFile(folder)],
    read: async (path) => {
      const { problems, lines } = await readPairs(path);
      return problems.length === 0 && lines > 0;
    },
  },
  'hard negatives': {
    file: 'negatives.jsonl',
    bases: async () => {
      const header = {
        format: 'uniecs hard negatives',
        version: 1,
        pairs: pairsDigest(mined),
        scoredBy: {},
        rules: {},
      };
      const lines = mined.map(({ line, item1, item2 }) => ({
        ...{ task: 'vt->vt', line, query: item1.id, positive: item2.id, positiveScore: 0.5 },
        negatives: [{ line: (line % pairs) + 1, id: ids[(2 * line + 1) % ids.length], score: 0.25, rank: 1 }],
      }));
      return [Buffer.from([header, ...lines].map((line) => negativesLine(/** @type {any} */ (line))).join(''))];
    },
    read: async (path) => {
      const file = await parseNegatives(readLines(path, 'fuzz'), path);
      return negativePairs(file, mined).negatives.length === pairs;
    },
  },
  items: {
    file: 'items.jsonl',
    bases: async (folder) => {
      await picture(folder);
      const lines = ids.map((id) => ({ id, title: `shoe ${id}`, image: 'images/a.png', price: 12.5, sale: true }));
      return [Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n'))];
    },
    read: async (path) => {
      const { problems, lines } = await readItems(path);
      return problems.length === 0 && lines > 0;
    },
  },
  tar: {
    file: 'shard.tar',
    bases: async (folder) => {
      await pairFile(folder);
      const lines = Array.from({ length: pairs }, (_, i) => ({
        ...{ item_id_1: ids[2 * i], item_title_1: `red shoe ${i}`, item_image_1: 'images/a.png', tag: 1 },
        ...{ item_id_2: ids[2 * i + 1], item_title_2: `blue shoe ${i}` },
      }));
      await writeFile(join(folder, 'shard.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
      const read = await readPairs(join(folder, 'shard.jsonl'));
      const [shard = ''] = await writeShards(read.pairs.map(pairSample), { folder, name: `base-${randomUUID()}` });
      return [await readFile(shard)];
    },
    read: async (path) => {
      const { problems, lines } = await readPairs(path);
      return problems.length === 0 && lines > 0;
    },
  },
  fashion200k: {
    file: 'labels/dress_test_detect_all.txt',
    bases: async (folder) => {
      await picture(folder);
      await mkdir(join(folder, 'labels'), { recursive: true });
      const lines = ids.map((_, i) => `images/${i}/a.png\t0.${i}\ta red dress ${i >> 1}\n`);
      return [Buffer.from(lines.join(''))];
    },
    read: async (path) => {
      const { problems } = await readFashion200k(join(path, '..', '..'), { categories: ['dress'] });
      return problems.length === 0;
    },
  },
  fashioniq: {
    file: 'captions/cap.dress.val.json',
    bases: async (folder) => {
      for (const part of ['captions', 'image_splits']) await mkdir(join(folder, part), { recursive: true });
      await writeFile(join(folder, 'image_splits', 'split.dress.val.json'), JSON.stringify(ids));
      const captions = ids.slice(1).map((target) => ({ target, candidate: ids[0], captions: ['is red', 'longer'] }));
      return [Buffer.from(JSON.stringify(captions))];
    },
    read: async (path) => {
      const { problems } = await readFashionIq(join(path, '..', '..'), { categories: ['dress'] });
      return problems.length === 0;
    },
  },
  jpeg: imageFormat('jpg', [
    (one) => one.jpeg(),
    (one) => one.jpeg({ progressive: true }),
    (one) => one.grayscale().jpeg(),
  ]),
  png: imageFormat('png', [
    (one) => one.png(),
    (one) => one.png({ progressive: true }),
    (one) => one.png({ palette: true }),
  ]),
  webp: imageFormat('webp', [(one) => one.webp(), (one) => one.webp({ lossless: true })]),
  gif: imageFormat('gif', [(one) => one.gif()]),
  tiff: imageFormat('tif', [
    (one) => one.tiff({ compression: 'none' }),
    (one) => one.tiff({ compression: 'lzw' }),
    (one) => one.tiff({ compression: 'deflate', tile: true }),
    (one) => one.tiff({ compression: 'jpeg' }),
  ]),
  avif: imageFormat('avif', [(one) => one.avif({ effort: 0 })]),
};
