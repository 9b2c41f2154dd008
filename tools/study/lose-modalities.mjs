import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { withoutModality } from '@uniecs/mbeer';

const usage = `usage: node tools/study/lose-modalities.mjs PAIRS OUT --share 0.3 [--seed 7]

Writes a pair file in which a share of the products have lost their image, and as large a share, drawn for itself, their title; one that
would be left with nothing keeps its title. Paths stay as they are: keep OUT beside PAIRS, or name the folder with --images.`;

const { values, positionals } = parseArgs({
  options: { share: { type: 'string' }, seed: { type: 'string', default: '7' } },
  allowPositionals: true,
});
const [from, to] = positionals;
const share = Number(values.share);
const seed = Number(values.seed);
if (from === undefined || to === undefined || positionals.length > 2 || !(share > 0 && share <= 1)) {
  console.error(usage);
  process.exit(2);
}

const lines = readFileSync(from, 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => JSON.parse(line));
const itemOf = (/** @type {Record<string, string>} */ line, /** @type {1 | 2} */ side) => ({
  id: String(line[`item_id_${side}`]),
  ...(line[`item_title_${side}`] ? { title: line[`item_title_${side}`] } : {}),
  ...(line[`item_image_${side}`] ? { image: line[`item_image_${side}`] } : {}),
});
const whole = lines.map((line, i) => ({ line: i + 1, item1: itemOf(line, 1), item2: itemOf(line, 2), tag: line.tag }));
const withoutImages = withoutModality(whole, { modality: 'image', share, seed });
const both = withoutModality(withoutImages.pairs, { modality: 'text', share, seed });
const written = both.pairs.map(({ item1, item2 }, i) => {
  const line = { ...lines[i] };
  for (const [side, item] of /** @type {const} */ ([
    [1, item1],
    [2, item2],
  ])) {
    if (item.image === undefined) delete line[`item_image_${side}`];
    if (item.title === undefined) delete line[`item_title_${side}`];
  }
  return JSON.stringify(line);
});
writeFileSync(to, `${written.join('\n')}\n`);
console.log(JSON.stringify({ pairs: written.length, images: withoutImages.counts, titles: both.counts }));
