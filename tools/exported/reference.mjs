// Runs the three parts of an exported folder on drawn inputs and keeps inputs and outputs in JSON, for check.py and check-web.mjs.
// node tools/exported/reference.mjs FOLDER REFERENCE.json [ROWS]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const packages = join(import.meta.dirname, '..', '..', 'packages');
const { openExported } = await import(pathToFileURL(join(packages, 'retrieval/dist/index.js')).href);
const { seededRandom } = await import(pathToFileURL(join(packages, 'tensor/dist/index.js')).href);

const [folder, out, count = '3'] = process.argv.slice(2);
if (!folder || !out) throw new Error('usage: node tools/exported/reference.mjs FOLDER REFERENCE.json [ROWS]');
const rows = Number(count);
const draw = seededRandom('exported');
const opened = await openExported(folder);
const { image, text } = opened.manifest;
/** @param {'float32' | 'int32'} dtype @param {number[]} shape @param {(i: number) => number} value */
const make = (dtype, shape, value) => {
  const length = shape.reduce((product, n) => product * n, 1);
  const values = Array.from({ length }, (_, i) => value(i));
  return { dtype, shape, data: dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values) };
};
const titles = [rows, text.maxLength];
const used = Array.from({ length: rows }, (_, row) => 1 + ((row * 5) % text.maxLength));
const inputs = {
  pixels: make('float32', [rows, image.size, image.size, 3], () => draw.normal()),
  ids: make('int32', titles, () => draw.integer(opened.tokenizer.vocabularySize)),
  mask: make('float32', titles, (i) => Number(i % text.maxLength < (used[Math.floor(i / text.maxLength)] ?? 0))),
};
const { tokens: image_tokens } = await opened.model('image-tokens').run({ pixels: inputs.pixels });
const { tokens: text_tokens } = await opened.model('text-tokens').run({ ids: inputs.ids, mask: inputs.mask });
const has_image = make('float32', [rows], (row) => Number(row % 3 !== 1));
const has_text = make('float32', [rows], (row) => Number(row % 3 !== 2));
const fused = { image_tokens, text_tokens, text_mask: inputs.mask, has_image, has_text };
const { embedding } = await opened.model('fusion').run(fused);
const runs = {
  'image-tokens': { inputs: { pixels: inputs.pixels }, outputs: { tokens: image_tokens } },
  'text-tokens': { inputs: { ids: inputs.ids, mask: inputs.mask }, outputs: { tokens: text_tokens } },
  fusion: { inputs: fused, outputs: { embedding } },
};
/** @param {string} _ @param {any} value */
const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(/** @type {Float32Array} */ (value)) : value);
writeFileSync(out, JSON.stringify(runs, plain));
await opened.dispose();
