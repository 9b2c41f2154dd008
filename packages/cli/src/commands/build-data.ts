import { readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  buildPairs,
  type CatalogueItem,
  imagesOf,
  nearPictures,
  type PairDecision,
  parseDecisions,
  type SplitName,
  type SplitShares,
  splitNames,
} from '@uniecs/mbeer';
import { pictureFingerprints } from '@uniecs/mbeer/node';
import { UniecsError } from '@uniecs/tensor';
import { readProducts } from '../build/read-products.js';
import { type NamedSimilarity, type SimilarityFlags, similarityOf } from '../build/similarity-source.js';
import { fileDigest, writeBuild } from '../build/write-build.js';
import { categoryBy, dataFacts } from '../data/data-facts.js';
import { readInteractions } from '../data/read-interactions.js';
import { wholeFolder } from '../data/whole-folder.js';
import { exitCodes } from '../exit-code.js';
import { type Io, print } from '../terminal/io.js';

/** The flags of `uniecs data build`. */
export interface BuildDataFlags extends SimilarityFlags {
  readonly products: string;
  readonly interactions: string;
  readonly out: string;
  readonly images?: string;
  readonly userColumn?: string;
  readonly itemColumn?: string;
  readonly minUsers: number;
  readonly maxItemsPerUser: number;
  readonly visual: number;
  readonly textual: number;
  readonly group?: string;
  readonly category?: string;
  readonly decisions?: string;
  readonly acceptedOnly?: boolean;
  readonly shares: SplitShares;
  readonly seed: number;
  readonly skipBad?: boolean;
}

/** Builds same-style pairs from a product table and a log of interactions; the folder appears whole or not at all. */
export async function runBuildData(flags: BuildDataFlags, io: Io): Promise<number> {
  const out = resolve(flags.out);
  await wholeFolder(out, 'data build', async (partial) => {
    const decisions = flags.decisions === undefined ? [] : await readDecisions(flags.decisions);
    await buildInto(partial, flags, decisions, io);
  });
  print(io, `data card: ${join(out, 'card.md')}`);
  print(io, `image paths are relative to ${resolve(flags.images ?? dirname(flags.products))}: give that as --images`);
  return exitCodes.done;
}

async function buildInto(
  partial: string,
  flags: BuildDataFlags,
  decisions: readonly PairDecision[],
  io: Io,
): Promise<void> {
  const { products, interactions, minUsers, maxItemsPerUser, visual, textual, shares, seed, group } = flags;
  const images = resolve(flags.images ?? dirname(products));
  const scratch = join(partial, 'products.jsonl');
  // Vectors stand for the pictures, which need not be there then.
  const check = flags.embeddings === undefined ? 'images' : 'fields';
  const items = await readProducts(products, io, { images, check, skipBad: flags.skipBad, scratch });
  await rm(scratch, { force: true });
  requireField(group, items, '--group');
  requireField(flags.category, items, '--category');
  let by: NamedSimilarity['by'] = {};
  const built = await buildPairs({
    items,
    log: readInteractions(interactions, { user: flags.userColumn, item: flags.itemColumn }),
    minUsers,
    maxItemsPerUser,
    thresholds: { visual, textual },
    seed,
    shares,
    decisions,
    acceptedOnly: flags.acceptedOnly ?? false,
    signal: io.signal,
    ...(group === undefined ? {} : { groupField: group }),
    similarity: async (compared) => {
      const found = await similarityOf(flags, items, compared, io);
      by = found.by;
      return found.similarity;
    },
    samePictures: async (similar) => {
      const places = [...similar];
      const pictures = places.flatMap((place) =>
        imagesOf(items[place] as CatalogueItem).map((path) => ({ place, path })),
      );
      const prints = await pictureFingerprints(
        pictures.map(({ path }) => path),
        { signal: io.signal },
      );
      const placeOf = (index: number) => (pictures[index] as (typeof pictures)[number]).place;
      return nearPictures(pictures.map(({ path }) => prints.get(path))).map(([a, b]) => [placeOf(a), placeOf(b)]);
    },
  });
  if (built.pairs.length === 0) throw noPairs(built.similarity.candidates, built.similarity.similar);
  const parts = splitNames.map((name: SplitName) => ({
    name,
    pairs: built.pairs.filter(({ split }) => split === name).map((pair, i) => ({ ...pair, line: i + 1, tag: 1 })),
  }));
  const card = await dataFacts(parts, io, flags.category === undefined ? undefined : categoryBy(flags.category, items));
  const inputs = [products, interactions, ...(flags.decisions === undefined ? [] : [flags.decisions])];
  const { pairs, ...counts } = built;
  const manifest = {
    inputs: await Promise.all(inputs.map(fileDigest)),
    images,
    similarity: by,
    settings: {
      minUsers,
      maxItemsPerUser,
      visual,
      textual,
      group,
      shares,
      seed,
      acceptedOnly: flags.acceptedOnly ?? false,
    },
    counts,
  };
  await writeBuild(partial, { built, items, card, images, manifest });
  for (const { name, pairs } of parts) print(io, `${join(flags.out, `${name}.jsonl`)}: ${pairs.length} pairs`);
  print(io, `${join(flags.out, 'items.jsonl')}: ${items.length} items`);
}

async function readDecisions(file: string): Promise<PairDecision[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw fault('file', `a decisions file ${file}`, cause.message, 'check the path');
  });
  return parseDecisions(text);
}

function requireField(
  field: string | undefined,
  items: readonly { readonly metadata: Readonly<Record<string, unknown>> }[],
  flag: string,
): void {
  if (field === undefined || items.some(({ metadata }) => Object.hasOwn(metadata, field))) return;
  const got = Object.keys(items[0]?.metadata ?? {}).join(', ') || 'none';
  throw fault('data', `a field ${field} in the product table, for ${flag}`, got, 'name a field that it has');
}

function noPairs(candidates: number, similar: number): UniecsError {
  const hint = 'lower --min-users or the thresholds, or check that both files name products alike';
  return fault('data', 'at least one pair', `${candidates} candidates, ${similar} of them similar`, hint);
}

function fault(code: 'data' | 'file', expected: string, got: string, hint: string): UniecsError {
  return new UniecsError({ code, where: 'data build', expected, got, hint });
}
