import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import {
  type BuiltPair,
  type BuiltPairs,
  type CatalogueItem,
  type DataCard,
  formatDataCard,
  type Item,
  imagesOf,
  splitNames,
} from '@uniecs/mbeer';

/** What a build leaves behind. */
export interface BuildResult {
  readonly built: BuiltPairs;
  readonly items: readonly CatalogueItem[];
  readonly card: DataCard;
  /** Folder that image paths are written relative to. */
  readonly images: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** Writes `train.jsonl`, `val.jsonl`, `test.jsonl`, `items.jsonl`, `card.json`, `card.md` and `manifest.json` into a folder. */
export async function writeBuild(folder: string, { built, items, card, images, manifest }: BuildResult): Promise<void> {
  const path = (item: Item) => {
    const [first, ...more] = imagesOf(item).map((image) => relative(images, image).split(sep).join('/'));
    return first === undefined || more.length === 0 ? first : [first, ...more];
  };
  for (const split of splitNames) {
    const pairs = built.pairs.filter((pair) => pair.split === split);
    const lines = pairs.map(({ item1, item2, users, visual, textual }) => ({
      item_id_1: item1.id,
      item_title_1: item1.title,
      item_image_1: path(item1),
      item_id_2: item2.id,
      item_title_2: item2.title,
      item_image_2: path(item2),
      tag: 1,
      users,
      visual_similarity: visual,
      textual_similarity: textual,
    }));
    await writeFile(join(folder, `${split}.jsonl`), jsonLines(lines));
  }
  const listed = items.map((item) => ({ ...item.metadata, id: item.id, title: item.title, image: path(item) }));
  await writeFile(join(folder, 'items.jsonl'), jsonLines(listed));
  const { pairs, ...counts } = built;
  const histograms = { visual: histogram(pairs, 'visual'), textual: histogram(pairs, 'textual') };
  await writeFile(join(folder, 'card.json'), `${JSON.stringify({ ...card, build: counts, histograms }, null, 2)}\n`);
  await writeFile(join(folder, 'card.md'), `# Data card\n\n${buildFacts(built)}\n${formatDataCard(card)}`);
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify({ version: 1, ...manifest }, null, 2)}\n`);
}

/** The SHA-256 and the size of a file, which is not held in memory. */
export async function fileDigest(file: string): Promise<{ file: string; bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    hash.update(chunk);
  }
  return { file, bytes, sha256: hash.digest('hex') };
}

/** Bins of 0.05 from -1 to 1 that hold something: their lower edge and the pairs in them. */
export function histogram(pairs: readonly BuiltPair[], which: 'visual' | 'textual'): [number, number][] {
  const counts = new Map<number, number>();
  for (const pair of pairs) {
    // A cosine of 1 lies in the last bin; rounding keeps 0.75 out of the bin below it.
    const bin = Math.min(19, Math.floor(pair[which] * 20 + 1e-6));
    counts.set(bin, (counts.get(bin) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a - b).map(([bin, count]) => [bin / 20, count]);
}

function jsonLines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

function buildFacts({ pairs, log, similarity, rejected, productTaken, groups, largestGroup }: BuiltPairs): string {
  const bars = (which: 'visual' | 'textual') =>
    histogram(pairs, which)
      .map(([from, count]) => `| ${which} | ${from.toFixed(2)} to ${(from + 0.05).toFixed(2)} | ${count} |\n`)
      .join('');
  return `## How the pairs were made

| step | count |
|---|---:|
| interactions | ${log.interactions} |
| with a product that is not in the table | ${log.unknownItems} |
| users | ${log.users} |
| of whose products only the first count | ${log.cappedUsers} |
| candidates: pairs that enough users share | ${similarity.candidates} |
| without picture or title | ${similarity.incomplete} |
| pictures not alike enough | ${similarity.visualBelow} |
| titles not alike enough | ${similarity.textualBelow} |
| similar | ${similarity.similar} |
| left out by hand | ${rejected} |
| left out as a product is in a pair already | ${productTaken} |
| pairs | ${pairs.length} |
| groups of products that stay in one split | ${groups} |
| pairs in the largest group | ${largestGroup} |

## Similarities of the pairs

| of | cosine | pairs |
|---|---|---:|
${bars('visual')}${bars('textual')}`;
}
