import {
  type CatalogueItem,
  coverageMeaning,
  type Embeddings,
  formatSameStyleTable,
  groupsByField,
  groupsByPairs,
  pairEmbeddings,
  sameStyleReport,
  sameStyleTasks,
} from '@uniecs/mbeer';
import { judgeSameStyle } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { readGoodItems, readGoodPairs } from '../data/read-good.js';
import { readEmbeddings } from '../embeddings/read-embeddings.js';
import { exitCodes } from '../exit-code.js';
import { type Io, print, say } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';
import { withModel } from '../with-model.js';
import type { EvaluateFlags } from './evaluate.js';

/** The flags of `uniecs eval --items`: a catalogue, by what its styles are told, and either a model or embeddings. */
export type EvaluateStylesFlags = Pick<
  EvaluateFlags,
  'model' | 'embeddings' | 'fuse' | 'normalize' | 'images' | 'device' | 'embeddingCache' | 'skipBad' | 'json'
> & {
  readonly items: string;
  /** Fields of the items whose equal values are a style. */
  readonly style?: readonly string[];
  /** Pair file whose pairs are of one style. */
  readonly stylePairs?: string;
};

const ks = [5, 10, 50] as const;

/** Judges a model, or embeddings, by SCR@K over a catalogue: image to catalogue, image with title to catalogue. */
export async function evaluateStyles(flags: EvaluateStylesFlags, io: Io): Promise<number> {
  const { items, catalogue } = await (flags.model === undefined
    ? importedCatalogue(flags, flags.embeddings as string, io)
    : embeddedCatalogue(flags, flags.model, io));
  const { groups, style } = await groupsOf(flags, items, io);
  const shown = progress(io, 'judging', 'queries');
  const results = await judgeSameStyle({
    ...{ catalogue, groups, ks, tasks: sameStyleTasks, signal: io.signal },
    onProgress: ({ done, total }) => shown.update(done, total),
  }).finally(shown.end);
  const report = sameStyleReport(results, { groups, ks, style });
  print(io, `${formatSameStyleTable(report)}\n\n${report.groups} styles by ${style}. ${coverageMeaning}`);
  if (flags.json !== undefined) {
    await writeFileAtomic(flags.json, `${JSON.stringify(report, null, 2)}\n`);
    say(io, `report: ${flags.json}`);
  }
  return exitCodes.done;
}

interface JudgedCatalogue {
  readonly items: readonly CatalogueItem[];
  readonly catalogue: Embeddings;
}

function embeddedCatalogue(flags: EvaluateStylesFlags, model: string, io: Io): Promise<JudgedCatalogue> {
  return withModel(model, { ...flags, keep: true }, io, async (embedder) => {
    const items = await readGoodItems(flags.items, io, { images: flags.images, skipBad: flags.skipBad });
    const shown = progress(io, 'embedding', 'items');
    const options = { signal: io.signal, onProgress: shown.update };
    return { items, catalogue: await embedder.embed(items, options).finally(shown.end) };
  });
}

async function importedCatalogue(flags: EvaluateStylesFlags, path: string, io: Io): Promise<JudgedCatalogue> {
  const { images, skipBad, fuse, normalize } = flags;
  const items = await readGoodItems(flags.items, io, { images, skipBad, check: 'fields' });
  const vectors = await readEmbeddings(path);
  const pairs = items.map((item) => ({ line: item.line, item1: item, item2: item, tag: 1 }));
  const { query, tasks } = pairEmbeddings(pairs, vectors, {
    ...(fuse === undefined ? {} : { fuse }),
    ...(normalize === undefined ? {} : { normalize }),
  });
  const missing = sameStyleTasks.find(({ name }) => !tasks.some((task) => task.name === name));
  if (missing) {
    throw new UniecsError({
      ...{ code: 'data', where: 'eval', expected: `image and fused embeddings, for ${missing.name}` },
      ...{ got: 'not both', hint: 'embed both, or add --fuse sum where the fused ones are missing' },
    });
  }
  return { items, catalogue: query };
}

async function groupsOf(
  { style, stylePairs }: EvaluateStylesFlags,
  items: readonly CatalogueItem[],
  io: Io,
): Promise<{ readonly groups: Int32Array; readonly style: string }> {
  if (stylePairs !== undefined) {
    const [pairs = []] = await readGoodPairs([stylePairs], io, { check: 'fields' });
    const { groups, missing } = groupsByPairs(items, pairs);
    if (missing > 0) say(io, `${missing} items of ${stylePairs} are not in the catalogue`);
    return { groups: someOf(groups, `items of the pairs in ${stylePairs}`), style: `the pairs of ${stylePairs}` };
  }
  const fields = style ?? [];
  const groups = groupsByField(items, fields);
  const without = groups.filter((group) => group < 0).length;
  if (without > 0)
    say(io, `${without} of ${items.length} items have no ${fields.join(' and ')}: they are candidates alone`);
  return { groups: someOf(groups, `items with ${fields.join(' and ')}`), style: fields.join(' and ') };
}

/** The groups, unless no item has one. */
function someOf(groups: Int32Array, expected: string): Int32Array {
  if (groups.some((group) => group >= 0)) return groups;
  throw new UniecsError({
    ...{ code: 'data', where: 'eval', expected: `${expected} in the catalogue` },
    ...{ got: 'none', hint: 'compare the names of the fields, or the ids' },
  });
}
