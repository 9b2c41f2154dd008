/**
 * What the study of `study.py` needs of a pair folder, in one folder that travels: the photos as they are, one after the other, and the
 * ids of the titles by the tokenizer that a run would train.
 *
 * `node tools/study/prepare.mjs DATA OUT`: DATA holds train.jsonl, val.jsonl and catalog.jsonl. Of the catalogue only products of no pair
 * are taken, as distractors.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTokenizer, trainTokenizer } from '@uniecs/encoders/node';

const [data, out, distractors = '4000'] = process.argv.slice(2);
if (!data || !out) throw new Error('prepare: expected two folders, the data and the output');

/** @param {string} name */
const lines = (name) =>
  readFileSync(join(data, name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** @param {any} pair @param {1 | 2} side */
const item = (pair, side) => ({
  id: String(pair[`item_id_${side}`]),
  title: String(pair[`item_title_${side}`]),
  image: String(pair[`item_image_${side}`]),
});
/** @param {string} name */
const items = (name) => lines(name).flatMap((pair) => [item(pair, 1), item(pair, 2)]);

const [train, val, test] = [items('train.jsonl'), items('val.jsonl'), items('test.jsonl')];
const paired = new Set([...train, ...val, ...test].map(({ id }) => id));
const others = lines('catalog.jsonl')
  .filter(({ id }) => !paired.has(String(id)))
  .slice(0, Number(distractors))
  .map(({ id, title, image }) => ({ id: String(id), title: String(title), image: String(image) }));
const all = [...train, ...val, ...others];

const length = 16;
const tokenizer = loadTokenizer(trainTokenizer(train.map(({ title }) => title)));
const ids = new Int16Array(all.length * length);
ids.set(
  tokenizer.encodeBatch(
    all.map(({ title }) => title),
    length,
  ).ids,
);
const photos = all.map(({ image }) => readFileSync(join(data, image)));

mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'ids.i16'), ids);
writeFileSync(join(out, 'photos.bin'), Buffer.concat(photos));
writeFileSync(
  join(out, 'sizes.u32'),
  Uint32Array.from(photos, (bytes) => bytes.length),
);
const counts = { train: train.length / 2, val: val.length / 2, distractors: others.length };
writeFileSync(join(out, 'about.json'), JSON.stringify({ ...counts, vocabulary: tokenizer.vocabularySize, length }));
console.log(counts, tokenizer.vocabularySize);
