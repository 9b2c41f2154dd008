import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CatalogueItem } from '../items.js';
import { readItems } from '../node/read-items.js';
import type { QueryKind } from './query-kinds.js';
import { queryProducts } from './query-products.js';
import { splitProducts } from './split-products.js';
import { textQueries } from './text-queries.js';

const makers = ['Acme', 'Puma', 'Zeta'];
const types = ['Shirts', 'Backpacks', 'Casual Shoes', 'Rings', 'Dresses'];
const colours = ['Blue', 'Navy Blue', 'Red', 'NA'];
const usages = ['Casual', 'Sports', null];

/** A catalogue in which every attribute has another period. */
const items: CatalogueItem[] = Array.from({ length: 211 }, (_, i) => {
  const type = types[i % 5] as string;
  const noun = type.replace(/es$|s$/, '');
  return {
    id: `p${i}`,
    line: i + 1,
    ...(i % 13 === 0 ? {} : { title: `${makers[i % 3]} ${noun} with ${i % 2 ? 'Zip' : 'Collar'} ${i}` }),
    ...(i % 13 === 0 ? { image: 'x.jpg' } : {}),
    metadata: { articleType: type, baseColour: colours[i % 4] as string, usage: usages[i % 3] as string | null },
  };
});
const seed = 7;
const kindsOf = (names: readonly string[]): QueryKind[] =>
  names.map((name) => ({
    name,
    attributes: name.split(' ').filter((part) => part !== 'word') as QueryKind['attributes'],
    words: name.split(' ').filter((part) => part === 'word').length,
  }));

/** What a query of attributes and words asks for, by looking at every product. */
function matching(kind: string, text: string): string[] {
  const parts = kind.split(' ');
  const fields = { type: 'articleType', colour: 'baseColour', usage: 'usage' } as const;
  return items.flatMap((item) => {
    const values = parts.flatMap((part) =>
      part in fields ? [String(item.metadata[fields[part as keyof typeof fields]]).toLowerCase()] : [],
    );
    const tail = values.join(' ');
    if (!text.endsWith(tail)) return [];
    const words = text
      .slice(0, text.length - tail.length)
      .trim()
      .split(' ')
      .filter(Boolean);
    const title = (item.title ?? '').toLowerCase().split(' ');
    return words.length === parts.filter((part) => part === 'word').length &&
      words.every((word) => title.includes(word))
      ? [item.id]
      : [];
  });
}

describe('textQueries', () => {
  it.each(['type', 'colour type', 'usage type', 'colour usage type', 'word type', 'word word', 'word', 'usage'])(
    'of kind %s ask for exactly the products that match',
    (kind) => {
      const { queries } = textQueries(items, { seed, kinds: kindsOf([kind]), minRelevant: 1 });
      expect(queries.length).toBeGreaterThan(1);
      for (const { text, relevant } of queries) expect(relevant, text).toEqual(matching(kind, text));
    },
  );

  it('say attributes and words as a shopper would', () => {
    const { queries } = textQueries(items, { seed });
    const texts = queries.map(({ text }) => text);
    for (const text of ['backpacks', 'navy blue backpacks', 'casual rings', 'puma shirts', 'acme collar']) {
      expect(texts).toContain(text);
    }
    expect(queries.find(({ text }) => text === 'navy blue backpacks')).toMatchObject({
      id: 'colour type: navy blue backpacks',
      kind: 'colour type',
    });
  });

  it('say neither what a catalogue does not know, nor small words, nor numbers, nor a thing twice', () => {
    const { queries } = textQueries(items, { seed, minRelevant: 1 });
    for (const { text } of queries) {
      expect(text).not.toMatch(/\bna\b|\bnull\b|\bwith\b|^\d|\s\d/);
      expect(text).not.toMatch(/shirt shirts|ring rings|dress dresses|shoe casual shoes/);
    }
  });

  it('have from minRelevant to maxRelevant products, and the summary accounts for every text', () => {
    const limits = { minRelevant: 3, maxRelevant: 30, perKind: 10 };
    const { queries, summary } = textQueries(items, { seed, ...limits });
    for (const { relevant } of queries) {
      expect(relevant.length).toBeGreaterThanOrEqual(3);
      expect(relevant.length).toBeLessThanOrEqual(30);
      expect(new Set(relevant).size).toBe(relevant.length);
    }
    for (const { kind, found, tooFew, tooMany, sameText, left, queries: count, meanRelevant } of summary) {
      const own = queries.filter((query) => query.kind === kind);
      expect(own).toHaveLength(count);
      expect(tooFew + tooMany + sameText + left + count).toBe(found);
      const total = own.reduce((sum, { relevant }) => sum + relevant.length, 0);
      expect(meanRelevant).toBe(count === 0 ? null : total / count);
    }
    expect(summary.find(({ kind }) => kind === 'type')).toMatchObject({ found: 5, tooMany: 5, queries: 0 });
    expect(summary.some(({ left }) => left > 0)).toBe(true);
  });

  it('a text belongs to the first kind that says it', () => {
    // Usage Casual of type Shoes says what type Casual Shoes says.
    const shoes = items.map((item) =>
      item.metadata.articleType === 'Rings' ? { ...item, metadata: { ...item.metadata, articleType: 'Shoes' } } : item,
    );
    const { queries, summary } = textQueries(shoes, { seed, kinds: kindsOf(['type', 'usage type']) });
    expect(queries.filter(({ text }) => text === 'casual shoes').map(({ kind }) => kind)).toEqual(['type']);
    expect(summary[1]?.sameText).toBe(1);
    expect(new Set(queries.map(({ text }) => text)).size).toBe(queries.length);
  });

  it('the same seed draws the same queries in any order of the items, another seed others', () => {
    const texts = (data: readonly CatalogueItem[], own: number) =>
      textQueries(data, { seed: own, perKind: 7, kinds: kindsOf(['colour type', 'word type']) }).queries.map(
        (query) => query.text,
      );
    expect(texts([...items].reverse(), 1)).toEqual(texts(items, 1));
    expect(texts(items, 2)).not.toEqual(texts(items, 1));
    const all = texts(items, 1);
    const fewer = textQueries(items, { seed: 1, perKind: 3, kinds: kindsOf(['colour type']) }).queries;
    expect(fewer.every(({ text }) => all.includes(text))).toBe(true);
  });

  it('of an empty catalogue are none', () => {
    const { queries, summary } = textQueries([], { seed });
    expect(queries).toEqual([]);
    expect(summary).toHaveLength(6);
  });

  it.each([
    ['limits that cross', { minRelevant: 5, maxRelevant: 4 }],
    ['none of a kind', { perKind: 0 }],
    ['two kinds of one name', { kinds: kindsOf(['type', 'type']) }],
    ['a kind that says nothing', { kinds: [{ name: 'x', attributes: [], words: 0 }] }],
    ['words without end', { kinds: [{ name: 'x', attributes: [], words: 4 }] }],
  ])('refuse %s', (_, wrong) => {
    expect(() => textQueries(items, { seed, ...wrong })).toThrow(/^textQueries: expected /);
  });
});

describe('splitProducts', () => {
  const shares = { train: 0.8, val: 0.1, test: 0.1 };

  it('parts share no product, hold all, and have the sizes that were asked for', () => {
    const { train, val, test } = splitProducts(items, { shares, seed });
    expect([train.length, val.length, test.length]).toEqual([169, 21, 21]);
    const ids = [...train, ...val, ...test].map(({ id }) => id);
    expect([...ids].sort()).toEqual(items.map(({ id }) => id).sort());
    expect(new Set(ids).size).toBe(211);
  });

  it('queries over one part know no product of another', () => {
    const parts = splitProducts(items, { shares: { train: 0.6, test: 0.4 }, seed });
    const products = (part: readonly CatalogueItem[]) =>
      new Set(textQueries(part, { seed }).queries.flatMap(({ relevant }) => relevant));
    const [train, test] = [products(parts.train), products(parts.test)];
    expect(train.size).toBeGreaterThan(60);
    expect([...test].filter((id) => train.has(id))).toEqual([]);
    for (const id of test) expect(parts.test.map((item) => item.id)).toContain(id);
  });

  it('the same seed splits alike in any order of the items, another seed otherwise', () => {
    const test = (data: readonly CatalogueItem[], own: number) =>
      splitProducts(data, { shares, seed: own })
        .test.map(({ id }) => id)
        .sort();
    expect(test([...items].reverse(), 1)).toEqual(test(items, 1));
    expect(test(items, 2)).not.toEqual(test(items, 1));
  });

  it.each([{ a: 0.5, b: 0.6 }, { a: 0, b: 1 }, {}, { a: Number.NaN, b: 1 }])('refuses shares %j', (wrong) => {
    expect(() => splitProducts(items, { shares: wrong as Record<string, number>, seed })).toThrow(
      /shares above 0 that are 1 together/,
    );
  });
});

describe('queryProducts', () => {
  const { queries } = textQueries(items, { seed });

  it('draws of each query perQuery relevant products, each once, all where there are fewer', () => {
    const pairs = queryProducts(queries, { seed, perQuery: 5 });
    for (const { id, text, relevant } of queries) {
      const own = pairs.filter(({ queryId }) => queryId === id);
      expect(own).toHaveLength(Math.min(5, relevant.length));
      expect(new Set(own.map(({ productId }) => productId)).size).toBe(own.length);
      for (const pair of own) expect([pair.text, relevant.includes(pair.productId)]).toEqual([text, true]);
    }
  });

  it('the same seed draws the same pairs, another seed others', () => {
    expect(queryProducts(queries, { seed: 1 })).toEqual(queryProducts(queries, { seed: 1 }));
    const products = (own: number) =>
      new Set(queryProducts(queries, { seed: own }).map((pair) => JSON.stringify(pair)));
    expect(products(2)).not.toEqual(products(1));
  });

  it('mixes the queries', () => {
    const order = queryProducts(queries, { seed }).map(({ queryId }) => queryId);
    const neighbours = order.filter((id, i) => id === order[i + 1]).length;
    expect(neighbours).toBeLessThan(order.length / 10);
  });

  it('refuses to draw nothing', () => {
    expect(() => queryProducts(queries, { seed, perQuery: 0 })).toThrow(/perQuery to be a whole number from 1/);
  });
});

const myntra = resolve(import.meta.dirname, '../../../../../shared/data/myntra');

it.skipIf(!existsSync(myntra))(
  'makes thousands of queries of the real catalogue (skipped where ../shared/data/myntra is missing)',
  async () => {
    const { items: products } = await readItems(join(myntra, 'catalog.jsonl'), { check: 'fields' });
    const { queries, summary } = textQueries(products, { seed });
    expect(summary.map(({ kind, found, queries: count }) => [kind, found, count])).toEqual([
      ['type', 138, 96],
      ['colour type', 1656, 1000],
      ['usage type', 238, 174],
      ['colour usage type', 2059, 1000],
      ['word type', 13_921, 1000],
      ['title words', 67_611, 1000],
    ]);
    expect(new Set(queries.flatMap(({ relevant }) => relevant)).size).toBeGreaterThan(25_000);
  },
);
