import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttributeFields, CatalogueItem } from '@uniecs/mbeer';
import { generateCatalogue, readItems, requireValid } from '@uniecs/mbeer/node';

/** The generated catalogue's fields for what queries ask by. */
export const generatedFields: AttributeFields = { type: 'kind', colour: 'colour', usage: 'audience' };

/** A generated catalogue in a temporary folder, for tests of one file. */
export interface QueryCatalogue {
  /** A folder of the test's own; `remove` takes it away. */
  readonly folder: string;
  readonly items: readonly CatalogueItem[];
  remove(): Promise<void>;
}

/** Generates so many products, an even number, with pictures of 16 x 16. */
export async function queryCatalogue(products = 120): Promise<QueryCatalogue> {
  const folder = await mkdtemp(join(tmpdir(), 'uniecs-two-tower-'));
  const { files } = await generateCatalogue({
    directory: join(folder, 'catalogue'),
    pairs: { train: products / 2, val: 0, test: 0 },
    distractors: 0,
    seed: 5,
    imageSize: 16,
  });
  const { items } = requireValid(await readItems(files.catalog, { check: 'fields' }));
  return { folder, items, remove: () => rm(folder, { recursive: true, force: true }) };
}
