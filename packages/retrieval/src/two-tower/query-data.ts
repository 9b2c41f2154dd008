import { createHash } from 'node:crypto';
import {
  type AttributeFields,
  type CatalogueItem,
  type KindSummary,
  splitProducts,
  type TextQuery,
  textQueries,
} from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { type ImagesDigest, imagesDigest } from '../data/images-digest.js';
import { itemMark } from '../data/item-mark.js';

/** The parts of a catalogue: fitted on, chosen on, reported on. */
export type CatalogueSplit = 'train' | 'validation' | 'test';

/** The parts in their order. */
export const catalogueSplits: readonly CatalogueSplit[] = ['train', 'validation', 'test'];

/** Products of a part, and the queries whose relevant products are all among them. */
export interface QuerySet {
  readonly products: readonly CatalogueItem[];
  readonly queries: readonly TextQuery[];
  readonly summary: readonly KindSummary[];
}

/** The three parts; no product is in two of them. */
export type QueryData = Readonly<Record<CatalogueSplit, QuerySet>>;

/** How a catalogue becomes queries and products. */
export interface QueryDataOptions {
  /** Of the parts and the queries; default 7. It is not the seed of training, so all runs have the same data. */
  readonly seed?: number;
  /**
   * Ids of the products to validate and to test on, those of the pairs of a benchmark say; all others are trained on. Default a tenth of
   * the products each, drawn.
   */
  readonly heldOut?: Readonly<Record<'validation' | 'test', Iterable<string>>>;
  /** Default `articleType`, `baseColour` and `usage`. */
  readonly fields?: AttributeFields;
  /** Queries of a kind to train on, at most; default 5,000. */
  readonly trainQueriesPerKind?: number;
}

/**
 * Parts a catalogue by product and makes the text queries of each part by itself (`textQueries`). What is judged has its defaults: 2 to 200
 * relevant products, at most 1,000 queries of a kind. What is trained on has no upper limit of relevant products, since the queries that a
 * small part of a catalogue can be judged by ("watches") have many in a large one.
 *
 * @throws UniecsError `data` where a part has no query, `argument` for a field that no product has, a product that is held out twice, or
 *   one that is not in the catalogue
 */
export function queryData(items: readonly CatalogueItem[], options: QueryDataOptions = {}): QueryData {
  const { seed = 7, heldOut, fields = usualFields, trainQueriesPerKind = 5000 } = options;
  checkFields(items, fields);
  const parts = heldOut ? heldOutParts(items, heldOut) : drawnParts(items, seed);
  const judged = { seed, fields };
  const trained = { ...judged, perKind: trainQueriesPerKind, maxRelevant: Math.max(2, parts.train.length) };
  const of = (split: CatalogueSplit): QuerySet => {
    const products = parts[split];
    const made = textQueries(products, split === 'train' ? trained : judged);
    if (made.queries.length === 0) throw noQueries(split, products.length, fields);
    return { products, ...made };
  };
  return { train: of('train'), validation: of('validation'), test: of('test') };
}

/** A short name of the content of query data, with what is in it. */
export type QueryDigest = Readonly<
  Record<
    CatalogueSplit,
    { readonly products: number; readonly queries: number; readonly kinds: readonly KindSummary[] }
  >
> & {
  /** Over ids, titles, which products have an image, and the queries with their relevant products. */
  readonly sha256: string;
  readonly images: ImagesDigest;
};

/** The digest of query data. Reads every picture once. */
export async function queryDigest(data: QueryData): Promise<QueryDigest> {
  const hash = createHash('sha256');
  for (const split of catalogueSplits) {
    const { products, queries } = data[split];
    for (const product of products) hash.update(JSON.stringify(itemMark(product)));
    for (const { id, text, relevant } of queries) hash.update(JSON.stringify([id, text, relevant]));
  }
  const counts = (split: CatalogueSplit) => {
    const { products, queries, summary } = data[split];
    return { products: products.length, queries: queries.length, kinds: summary };
  };
  const items = catalogueSplits.flatMap((split) => data[split].products);
  const images = await imagesDigest(items.map((item) => ({ line: 0, item1: item, item2: item, tag: 1 })));
  const parts = { train: counts('train'), validation: counts('validation'), test: counts('test') };
  return { ...parts, sha256: hash.digest('hex'), images };
}

type Parts = Readonly<Record<CatalogueSplit, readonly CatalogueItem[]>>;

function drawnParts(items: readonly CatalogueItem[], seed: number): Parts {
  return splitProducts(items, { shares: { train: 0.8, validation: 0.1, test: 0.1 }, seed });
}

function heldOutParts(items: readonly CatalogueItem[], heldOut: NonNullable<QueryDataOptions['heldOut']>): Parts {
  const splitOf = new Map<string, 'validation' | 'test'>();
  const known = new Set(items.map(({ id }) => id));
  for (const split of ['validation', 'test'] as const) {
    for (const id of heldOut[split]) {
      const other = splitOf.get(id);
      if (other !== undefined && other !== split) throw wrongId(id, 'held out once', 'in validation and in test');
      if (!known.has(id)) throw wrongId(id, 'in the catalogue', `in ${split} alone`);
      splitOf.set(id, split);
    }
  }
  const of = (split: CatalogueSplit) => items.filter(({ id }) => (splitOf.get(id) ?? 'train') === split);
  return { train: of('train'), validation: of('validation'), test: of('test') };
}

function wrongId(id: string, expected: string, got: string): UniecsError {
  return new UniecsError({
    code: 'argument',
    where: 'queryData',
    expected: `product '${id}' to be ${expected}`,
    got,
    hint: 'validate and test on products of the catalogue, each in one of them',
    details: { id },
  });
}

/** What the fields are called unless they are named. */
const usualFields: AttributeFields = { type: 'articleType', colour: 'baseColour', usage: 'usage' };

/** A misspelt field would leave out its queries without a word. */
function checkFields(items: readonly CatalogueItem[], fields: AttributeFields): void {
  const missing = Object.values(fields).find((name) => !items.some(({ metadata }) => name in metadata));
  if (missing === undefined) return;
  const known = new Set(items.flatMap(({ metadata }) => Object.keys(metadata)));
  throw new UniecsError({
    code: 'argument',
    where: 'queryData',
    expected: `products with the field '${missing}'`,
    got: `none, but fields ${[...known].join(', ') || 'of no name'}`,
    hint: 'name the fields that say type, colour and usage',
    details: { field: missing },
  });
}

function noQueries(split: CatalogueSplit, products: number, fields: AttributeFields): UniecsError {
  const names = Object.values(fields);
  return new UniecsError({
    code: 'data',
    where: 'queryData',
    expected: `text queries with at least two relevant products among those of ${split}`,
    got: `none from ${products} products, their titles and their fields ${names.join(', ')}`,
    hint: 'name the fields that the catalogue has, or take a larger catalogue',
  });
}
