import { textQueries } from '@uniecs/mbeer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogueSplits, queryData, queryDigest } from './query-data.js';
import { generatedFields as fields, type QueryCatalogue, queryCatalogue } from './testing/query-catalogue.js';

let catalogue: QueryCatalogue;
beforeAll(async () => {
  catalogue = await queryCatalogue(240);
});
afterAll(() => catalogue.remove());

describe('queryData', () => {
  it('leaks nothing: no product is in two parts, and no query knows a product of another part', () => {
    const data = queryData(catalogue.items, { fields });
    const ids = catalogueSplits.flatMap((split) => data[split].products.map(({ id }) => id));
    expect(new Set(ids).size).toBe(catalogue.items.length);
    expect(ids).toHaveLength(catalogue.items.length);
    for (const split of catalogueSplits) {
      const own = new Set(data[split].products.map(({ id }) => id));
      const { queries } = data[split];
      expect(queries.length).toBeGreaterThan(3);
      expect(queries.flatMap(({ relevant }) => relevant).filter((id) => !own.has(id))).toEqual([]);
    }
    expect(data.train.products.length).toBe(192);
  });

  it('holds out the products that it is told to: what is fitted sees the others alone, those of no pair among them', () => {
    const ids = catalogue.items.map(({ id }) => id);
    const heldOut = { validation: ids.slice(10, 70), test: ids.slice(70, 140) };
    const data = queryData(catalogue.items, { fields, heldOut });
    const idsOf = (split: 'train' | 'validation' | 'test') => data[split].products.map(({ id }) => id);
    expect(idsOf('validation')).toEqual(heldOut.validation);
    expect(idsOf('test')).toEqual(heldOut.test);
    expect(idsOf('train')).toEqual([...ids.slice(0, 10), ...ids.slice(140)]);
  });

  it('trains on queries with any number of relevant products, and judges as textQueries does', () => {
    const held = catalogue.items.map(({ id }) => id);
    const data = queryData(catalogue.items, {
      ...{ fields, trainQueriesPerKind: 3 },
      heldOut: { validation: held.slice(0, 20), test: held.slice(20, 60) },
    });
    const counts = new Map<string, number>();
    for (const { kind } of data.train.queries) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBe(3);
    expect(data.train.summary.every(({ tooMany }) => tooMany === 0)).toBe(true);
    expect(data.test).toEqual({
      products: catalogue.items.slice(20, 60),
      ...textQueries(catalogue.items.slice(20, 60), { seed: 7, fields }),
    });
  });

  it('refuses a product that is held out twice or is none of the catalogue, and fields without queries', () => {
    const [first] = catalogue.items.map(({ id }) => id) as [string];
    const of = (validation: string[], test: string[]) => () =>
      queryData(catalogue.items, { fields, heldOut: { validation, test } });
    expect(of([first], [first])).toThrow(`queryData: expected product '${first}' to be held out once`);
    expect(of(['nowhere'], [])).toThrow("expected product 'nowhere' to be in the catalogue");
    expect(of([first], ['none of it'])).toThrow(/in the catalogue, got in test alone/);
    expect(() => queryData(catalogue.items, { fields: { ...fields, usage: 'audence' } })).toThrow(
      "queryData: expected products with the field 'audence', got none, but fields brand, kind, audience, colour, pattern, price",
    );
    expect(() => queryData(catalogue.items.slice(0, 3), { fields })).toThrow(
      /text queries .* their fields kind, colour/,
    );
  });
});

it('a digest tells other products, titles, queries and parts apart', async () => {
  const data = queryData(catalogue.items, { fields });
  const digest = await queryDigest(data);
  expect(digest.train).toMatchObject({ products: 192, queries: data.train.queries.length });
  expect(digest.images).toMatchObject({ files: 240, unreadable: 0 });
  const renamed = catalogue.items.map((item, i) => (i === 7 ? { ...item, title: `${item.title} x` } : item));
  const shas = await Promise.all(
    [queryData(renamed, { fields }), queryData(catalogue.items, { fields, seed: 8 })].map(
      async (other) => (await queryDigest(other)).sha256,
    ),
  );
  expect(new Set([digest.sha256, ...shas]).size).toBe(3);
  expect(await queryDigest(queryData(catalogue.items, { fields }))).toEqual(digest);
});
