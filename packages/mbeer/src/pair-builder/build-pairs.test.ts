import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import type { CatalogueItem } from '../items.js';
import { type BuildPairsOptions, buildPairs } from './build-pairs.js';
import { countCoInteractions, type Interaction } from './co-interactions.js';
import { parseDecisions } from './decisions.js';
import { matchPairs } from './match-pairs.js';
import { nearDuplicates } from './near-duplicates.js';
import { vectorSimilarity } from './similarity.js';
import { splitNames, splitPairs } from './split-pairs.js';

const ids = (count: number) => Array.from({ length: count }, (_, i) => `p${i}`);

/** A log by chance, popular products more often. */
function randomLog(interactions: number, users: number, products: number, seed: number): Interaction[] {
  const random = seededRandom(seed);
  return Array.from({ length: interactions }, () => ({
    user: `u${random.integer(users)}`,
    item: `p${Math.floor(products * random.uniform() ** 2)}`,
  }));
}

describe('countCoInteractions', () => {
  it('counts as comparing all products of all users does', async () => {
    const log = randomLog(1500, 97, 41, 3);
    const baskets = new Map<string, Set<number>>();
    for (const { user, item } of log) {
      baskets.set(user, (baskets.get(user) ?? new Set()).add(Number(item.slice(1))));
    }
    const expected = [];
    for (let first = 0; first < 41; first++) {
      for (let second = first + 1; second < 41; second++) {
        const users = [...baskets.values()].filter((own) => own.has(first) && own.has(second)).length;
        if (users >= 3) expected.push({ first, second, users });
      }
    }
    const found = await countCoInteractions(log, { items: ids(41), minUsers: 3 });
    expect(expected.length).toBeGreaterThan(20);
    expect(found).toEqual({ candidates: expected, interactions: 1500, unknownItems: 0, users: 97, cappedUsers: 0 });
  });

  it('takes the first products of a user up to the cap, leaves unknown ones out, and says both', async () => {
    const of = (user: string, ...items: number[]) => items.map((i) => ({ user, item: `p${i}` }));
    const log = [...of('a', 3, 3, 1, 9, 2, 0), ...of('b', 1, 3), ...of('c', 3, 1, 2)];
    expect(await countCoInteractions(log, { items: ids(5), minUsers: 1, maxItemsPerUser: 2 })).toEqual({
      candidates: [{ first: 1, second: 3, users: 3 }],
      interactions: 11,
      unknownItems: 1,
      users: 3,
      cappedUsers: 2,
    });
  });

  it('refuses options out of range', async () => {
    await expect(countCoInteractions([], { items: [], minUsers: 0 })).rejects.toMatchObject({ code: 'argument' });
    await expect(countCoInteractions([], { items: [], maxItemsPerUser: 1 })).rejects.toMatchObject({
      code: 'argument',
    });
  });
});

describe('matchPairs', () => {
  it('takes the pair with most users first, then the more similar, then the earlier, each product once', () => {
    const pair = (first: number, second: number, users: number, visual: number) => ({
      first,
      second,
      users,
      visual,
      textual: 0.8,
    });
    const pairs = [
      pair(0, 1, 2, 0.9),
      pair(1, 2, 5, 0.8),
      pair(0, 3, 2, 0.8),
      pair(3, 4, 2, 0.95),
      pair(5, 6, 2, 0.9),
      pair(5, 7, 2, 0.9),
    ];
    const chosen = [pairs[1], pairs[3], pairs[4]];
    expect(matchPairs(pairs)).toEqual(chosen);
    expect(matchPairs([...pairs].reverse())).toEqual(chosen);
  });
});

describe('splitPairs', () => {
  it('keeps what hangs together in one split, and meets the shares as closely as groups allow', () => {
    const pairs = Array.from({ length: 200 }, (_, i) => ({ first: 2 * i, second: 2 * i + 1 }));
    const together = Array.from({ length: 60 }, (_, i): [number, number] => [2 * i, 2 * (i + 60) + 1]);
    const shares = { train: 0.7, val: 0.1, test: 0.2 };
    const { splits, groups, largestGroup, groupOf } = splitPairs(pairs, { products: 401, together, shares, seed: 7 });
    for (const [a, b] of together) {
      expect(splits[Math.floor(a / 2)]).toBe(splits[Math.floor(b / 2)]);
      expect(groupOf[a]).toBe(groupOf[b]);
    }
    expect([groups, largestGroup]).toEqual([140, 2]);
    expect(splitNames.map((name) => splits.filter((each) => each === name).length)).toEqual([140, 20, 40]);
    expect(splitPairs(pairs, { products: 401, together, shares, seed: 8 }).splits).not.toEqual(splits);
    const wrong = { train: 0.7, val: 0.1, test: 0.1 };
    expect(() => splitPairs(pairs, { products: 401, together, shares: wrong, seed: 7 })).toThrow(/add up to 1/);
  });
});

describe('nearDuplicates', () => {
  it('finds what comparing every hash with every other finds', () => {
    const random = seededRandom(5);
    const bits = () => BigInt(random.integer(2 ** 31)) * 2n ** 33n + BigInt(random.integer(2 ** 31));
    const flip = (hash: bigint, times: number) => {
      let changed = hash;
      for (let i = 0; i < times; i++) changed ^= 1n << BigInt(random.integer(64));
      return changed;
    };
    const hashes = Array.from({ length: 50 }, bits).flatMap((hash) => [0, 1, 2, 3, 4, 6].map((k) => flip(hash, k)));
    const apart = (a: bigint, b: bigint) => (a ^ b).toString(2).replaceAll('0', '').length;
    const expected = [];
    for (let b = 0; b < hashes.length; b++) {
      for (let a = 0; a < b; a++) if (apart(hashes[a] as bigint, hashes[b] as bigint) <= 3) expected.push(`${a} ${b}`);
    }
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(expected.length).toBeGreaterThan(150);
    const found = nearDuplicates(hashes, 3);
    expect(found.map((pair) => pair.join(' ')).sort()).toEqual(expected.sort());
  });

  it('pairs equal hashes with the first that is alike, and skips what has none', () => {
    expect(nearDuplicates([9n, undefined, 9n, 9n, 8n], 0)).toEqual([
      [0, 2],
      [0, 3],
    ]);
    const parity = (a: number, b: number) => a % 2 === b % 2;
    expect(nearDuplicates([9n, 9n, 9n, 9n], 1, parity)).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });
});

describe('vectorSimilarity', () => {
  it('is the cosine of each view, undefined where a product has no such vector', () => {
    const image = Float32Array.from([3, 0, 1, 1, 0, 2]);
    const text = Float32Array.from([0, 5, 1, 0, 0, 1]);
    const found = vectorSimilarity(['b', 'a', 'none', 'c'], {
      ids: ['a', 'b', 'c'],
      dimension: 2,
      image,
      text,
      hasText: [1, 1, 0],
    });
    expect(found.visual(0, 1)).toBeCloseTo(Math.SQRT1_2, 6);
    expect(found.textual(0, 1)).toBe(0);
    expect(found.visual(1, 3)).toBe(0);
    expect([found.visual(0, 2), found.textual(1, 3)]).toEqual([undefined, undefined]);
    const nan = { ids: ['a', 'b'], dimension: 1, image: Float32Array.of(Number.NaN, 1), text: Float32Array.of(1, 1) };
    expect(() => vectorSimilarity(['a', 'b'], nan).visual(0, 1)).toThrow(/finite/);
  });
});

describe('buildPairs', () => {
  const items = ids(8).map(
    (id, i): CatalogueItem => ({ id, title: `title ${i}`, line: i + 1, metadata: { style: i % 4 } }),
  );
  const log = (['p0 p1', 'p2 p3', 'p4 p5', 'p1 p2', 'p6 p7'] as const).flatMap((two, i) =>
    Array.from({ length: 9 - i }, (_, k) => two.split(' ').map((item) => ({ user: `${i} ${k}`, item }))).flat(),
  );
  const build = (more: Partial<BuildPairsOptions> = {}) =>
    buildPairs({
      items,
      log,
      seed: 7,
      similarity: async () => ({
        visual: (first, second) => (first === 4 && second === 5 ? 0.74 : 0.75),
        textual: (first, second) => (first === 6 && second === 7 ? undefined : 0.9),
      }),
      ...more,
    });
  const names = ({ pairs }: Awaited<ReturnType<typeof build>>) =>
    pairs.map(({ item1, item2 }) => `${item1.id} ${item2.id}`);

  it('keeps co-interacted products that reach both thresholds, each once, and says what became of the rest', async () => {
    const built = await build();
    expect(names(built)).toEqual(['p0 p1', 'p2 p3']);
    expect(built.similarity).toEqual({ candidates: 5, incomplete: 1, visualBelow: 1, textualBelow: 0, similar: 3 });
    expect(built).toMatchObject({ rejected: 0, productTaken: 1, unusedDecisions: 0 });
    // p1 and p2 are similar, though in no pair: both pairs are of one group.
    expect(built).toMatchObject({ groups: 1, largestGroup: 2 });
    expect(new Set(built.pairs.map(({ split }) => split)).size).toBe(1);
  });

  it('leaves rejected pairs out before products are taken, and keeps accepted ones alone where asked', async () => {
    const decisions = [
      { item1: 'p1', item2: 'p0', decision: 'reject' },
      { item1: 'p3', item2: 'p2', decision: 'accept' },
      { item1: 'p0', item2: 'p7', decision: 'accept' },
    ] as const;
    expect(names(await build({ decisions }))).toEqual(['p2 p3']);
    expect(names(await build({ decisions: decisions.slice(0, 1), thresholds: { visual: 0, textual: 0 } }))).toEqual([
      'p2 p3',
      'p4 p5',
    ]);
    const accepted = await build({ decisions, acceptedOnly: true });
    expect(names(accepted)).toEqual(['p2 p3']);
    expect(accepted).toMatchObject({ rejected: 2, unusedDecisions: 1 });
    await expect(build({ decisions: [{ item1: 'x', item2: 'p0', decision: 'accept' }] })).rejects.toThrow(/'x'/);
  });

  it.each([
    ['style', { groupField: 'style' }],
    ['title', { items: items.map((item, i) => ({ ...item, title: i === 5 ? ' TITLE 0' : `title ${i}` })) }],
    ['picture', { samePictures: async () => [[0, 4]] as const }],
  ])('keeps pairs of one %s in one split', async (_, more) => {
    const loose = { log: log.filter(({ user }) => !user.startsWith('3')), thresholds: { visual: 0, textual: 0 } };
    expect(await build(loose)).toMatchObject({ groups: 3, largestGroup: 1 });
    const { pairs } = await build({ ...loose, ...more });
    const splitOf = Object.fromEntries(pairs.map(({ item1, split }) => [item1.id, split]));
    expect(splitOf.p0).toBe(splitOf.p4);
  });
});

describe('parseDecisions', () => {
  it('reads decisions and refuses anything else', () => {
    const decisions = [{ item1: 'a', item2: 'b', decision: 'accept' }];
    expect(parseDecisions(JSON.stringify({ version: 1, decisions }))).toEqual(decisions);
    const both = [...decisions, { item1: 'b', item2: 'a', decision: 'reject' }];
    for (const wrong of [
      '',
      '[]',
      'null',
      '{"version":2,"decisions":[]}',
      '{"version":1,"decisions":[{"item1":"a"}]}',
    ]) {
      expect(() => parseDecisions(wrong)).toThrow(expect.objectContaining({ code: 'data' }));
    }
    expect(() => parseDecisions(JSON.stringify({ version: 1, decisions: both }))).toThrow(/accept and reject/);
  });
});
