import { describe, expect, it } from 'vitest';
import type { Item, Pair } from '../items.js';
import { dataCard, type PictureFingerprint } from './data-card.js';
import { formatDataCard } from './format-data-card.js';

const item = (id: string, title?: string, image?: string): Item => ({
  id,
  ...(title === undefined ? {} : { title }),
  ...(image === undefined ? {} : { image }),
});
const pairs = (...items: [Item, Item][]): Pair[] =>
  items.map(([item1, item2], i) => ({ line: i + 1, item1, item2, tag: 1 }));
const picture = (sha256: string, hash: bigint, colour = 100): PictureFingerprint => ({
  sha256,
  hash,
  colours: new Array(12).fill(colour),
});

const parts = [
  {
    name: 'train',
    pairs: pairs(
      [item('a', 'Red Shoe', '/a'), item('b', 'red shoe ', '/b')],
      [item('c', 'hat'), item('d', undefined, '/d')],
    ),
  },
  {
    name: 'test',
    pairs: pairs(
      [item('e', 'RED SHOE', '/e'), item('a', 'Red Shoe', '/a')],
      [item('g', 'g', '/g'), item('h', 'h', '/h')],
    ),
  },
];
const fingerprints = new Map([
  ['/a', picture('1', 0b0n)],
  ['/b', picture('2', 0b111n)],
  ['/d', picture('3', 0b0n, 150)],
  ['/e', picture('3', 0b0n, 150)],
  ['/g', picture('5', 0b11111111n)],
]);

describe('dataCard', () => {
  const card = dataCard(parts, { fingerprints, categoryOf: ({ id }) => (id < 'd' ? 'early' : 'late') });

  it('counts pairs, products by modality and category, and pairs of equal titles', () => {
    expect(card.parts).toEqual([
      {
        name: 'train',
        pairs: 2,
        products: 4,
        modalities: { both: 2, imageOnly: 1, textOnly: 1 },
        categories: [
          ['early', 3],
          ['late', 1],
        ],
        equalTitles: 1,
      },
      {
        name: 'test',
        pairs: 2,
        products: 4,
        modalities: { both: 4, imageOnly: 0, textOnly: 0 },
        categories: [
          ['late', 3],
          ['early', 1],
        ],
        equalTitles: 1,
      },
    ]);
  });

  it('finds what is the same within a part and in two: ids, titles, files, and pictures that are almost the same', () => {
    const { ids, titles, pictures, nearPictures } = card.duplicates;
    expect(ids).toEqual({
      within: { train: 0, test: 0 },
      across: [{ parts: ['train', 'test'], count: 1, examples: [['a', 'a']] }],
    });
    expect(titles.within).toEqual({ train: 1, test: 1 });
    expect(titles.across).toEqual([{ parts: ['train', 'test'], count: 1, examples: [['a', 'e']] }]);
    expect(pictures.within).toEqual({ train: 0, test: 0 });
    expect(pictures.across[0]).toMatchObject({
      count: 2,
      examples: [
        ['a', 'a'],
        ['d', 'e'],
      ],
    });
    // a and b are 3 bits apart; d has the hash of a in another colour; g is too far from all.
    expect(nearPictures.within).toEqual({ train: 1, test: 0 });
    expect(nearPictures.across[0]).toMatchObject({ count: 2 });
  });

  it('finds no leak where there is none', () => {
    const clean = dataCard([
      { name: 'x', items: [item('a', 'a')] },
      { name: 'y', items: [item('b', 'b')] },
    ]);
    for (const { across } of Object.values(clean.duplicates))
      expect(across).toEqual([{ parts: ['x', 'y'], count: 0, examples: [] }]);
  });

  it('is written as Markdown in which a category breaks no table', () => {
    const text = formatDataCard(dataCard(parts, { categoryOf: () => 'a|b\n# c' }));
    expect(text).toContain('| a\\|b # c | 4 | 4 |');
    expect(text).toContain('| same title | 1 |');
    expect(text).toContain('| image only | 1 (25.0 %) | 0 (0.0 %) |');
  });
});

it('of several pictures of a product any may be that of another, and its own do not count as alike', () => {
  const several = { ...item('x', 'x', '/a'), moreImages: ['/b', '/g'] };
  const { duplicates } = dataCard(
    [
      { name: 'train', pairs: pairs([several, item('y', 'y', '/d')]) },
      { name: 'test', pairs: pairs([item('z', 'z', '/g'), item('w', 'w')]) },
    ],
    { fingerprints },
  );
  expect(duplicates.nearPictures.within).toEqual({ train: 0, test: 0 });
  expect(duplicates.pictures.across[0]).toMatchObject({ count: 1, examples: [['x', 'z']] });
});
