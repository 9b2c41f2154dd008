import type { CatalogueItem, Pair } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import type { Split } from '../ablation/grid-folder.js';
import type { Bar } from '../report/bar-table.js';
import { figure3Page } from './figure3-page.js';
import type { Reproduced } from './reproduced.js';
import { checkReproductionFolder, writeReproduction } from './reproduction-folder.js';
import { dataDigest, type ReproductionManifest, reproductionManifest } from './reproduction-manifest.js';

/** What Figure 3 is made with. */
export interface Figure3Options {
  readonly out: string;
  /** The pairs of the benchmark; their pictures are not looked at. */
  readonly evaluation: readonly Pair[];
  readonly split: Split;
  /** What is known of the products, by id. */
  readonly catalogue: readonly CatalogueItem[];
  /** SHA-256 of the catalogue's file. */
  readonly catalogueSha256: string;
  /** The field that holds a product's category; default `articleType`. */
  readonly category?: string;
}

/** The content of `figure3.json`. */
export interface Figure3Report {
  readonly version: 1;
  readonly what: 'figure3';
  /** The field. */
  readonly category: string;
  /** Products of the pairs by category, each once, the most frequent first. */
  readonly counts: readonly Bar[];
  /** Products of the pairs. */
  readonly products: number;
  /** Of those: not in the catalogue, or without the field there. */
  readonly unknown: number;
  readonly warnings: readonly string[];
  readonly manifest: ReproductionManifest;
}

/**
 * Figure 3: how many products of the benchmark are of each category, by a catalogue that knows them.
 *
 * @throws UniecsError `data` where the catalogue knows none of the products, or no product has the field (naming those that there are)
 */
export async function reproduceFigure3(options: Figure3Options): Promise<Reproduced<Figure3Report>> {
  const { out, evaluation, split, catalogue, catalogueSha256, category = 'articleType' } = options;
  await checkReproductionFolder(out);
  const ids = [...new Set(evaluation.flatMap(({ item1, item2 }) => [item1.id, item2.id]))];
  const known = new Map(catalogue.map((item) => [item.id, item]));
  const found = ids.flatMap((id) => known.get(id) ?? []);
  const categories = found.map(({ metadata }) => metadata[category] ?? undefined).filter((one) => one !== undefined);
  if (categories.length === 0) throw nothingKnown(found, ids.length, category);
  const tally = new Map<string, number>();
  for (const one of categories) tally.set(String(one), (tally.get(String(one)) ?? 0) + 1);
  const counts = [...tally].map(([name, count]) => ({ name, count }));
  counts.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  const unknown = ids.length - categories.length;
  const report: Figure3Report = {
    version: 1,
    what: 'figure3',
    category,
    counts,
    products: ids.length,
    unknown,
    warnings: unknown > 0 ? [`${unknown} of ${ids.length} products have no ${category} in the catalogue.`] : [],
    manifest: reproductionManifest({
      split,
      data: { evaluation: await dataDigest(evaluation, false) },
      options: { category, catalogue: { items: catalogue.length, sha256: catalogueSha256 } },
    }),
  };
  const files = await writeReproduction(out, 'figure3', report, figure3Page(report));
  return { report, files };
}

function nothingKnown(found: readonly CatalogueItem[], products: number, category: string): UniecsError {
  const fields = [...new Set(found.flatMap(({ metadata }) => Object.keys(metadata)))];
  return new UniecsError({
    code: 'data',
    where: 'reproduce',
    expected: `a catalogue with the field ${category} of the ${products} products`,
    got:
      found.length === 0
        ? 'one that knows none of them'
        : `the fields ${fields.join(', ') || 'id, title and image alone'}`,
    hint: found.length === 0 ? 'pass the catalogue that the pairs are of' : 'name the field that holds the category',
  });
}
