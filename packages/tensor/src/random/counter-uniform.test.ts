import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import { correlationScore, pairUniformityScore, uniformityScore } from '../testing/statistics.js';
import '../testing/to-be-close-to-array.js';
import { counterLimit, counterUniform } from './counter-uniform.js';
import { seededRandom } from './seeded-random.js';

type Key = readonly [number, number];
/** Numbers for every row and place: a random function under test. */
type Draw = (key: Key, rows: readonly number[], site: number, places: number) => ArrayLike<number>;

const draw: Draw = (key, rows, site, places) =>
  tf.tidy(() =>
    counterUniform({ key: tf.tensor1d([...key]), rows: tf.tensor1d([...rows]), site }, [
      rows.length,
      places,
    ]).dataSync(),
  );

/** The same function in integers, one number at a time. */
const drawInIntegers: Draw = (key, rows, site, places) => {
  const p = 1021;
  const words = [0, 1, 2, 3, 4, 5, 6, 7];
  type Words = [number, number];
  const digits = (x: number): Words => [x % p, Math.floor(x / p)];
  const rounds = ([left, right]: Words, keys: readonly number[]): Words => {
    for (const key of keys) {
      const keyed = (right + key) % p;
      [left, right] = [right, (left + keyed ** 3) % p];
    }
    return [left, right];
  };
  const shifted = (x: number, by: number) => Math.floor(x / 2 ** by);
  const xor = (x: number, y: number) => (x ^ y) >>> 0;
  const times = (x: number, y: number) => (((shifted(x, 16) * y) % 65536) * 65536 + (x % 65536) * y) % 2 ** 32;
  const bits = (stream: number, index: number, word: number) => {
    let x = index * 24 + stream * 8 + word;
    for (const factor of [0x7feb352d, 0x846ca68b, 0x9e3779b1]) x = times(xor(x, shifted(x, 16)), factor);
    return xor(x, shifted(x, 15));
  };
  const factor = (stream: number, index: number, word: number) => {
    const drawn = bits(stream, index, word);
    return (1 + (Math.floor(drawn / 2) % 45)) * (drawn % 2 === 1 ? 1 : -1);
  };
  const seeds = key.flatMap((word) => rounds(digits(word), [331, 877, 331, 877]));
  return rows.flatMap((row) => {
    const start = rounds(digits(row), [...seeds, ...seeds]);
    const ofRow = words.map((word) => {
      const keys = [0, 1, 2, 3 + site].map((stream) => bits(0, stream, word) % p);
      return rounds(start, keys)[1] - 510;
    });
    return Array.from({ length: places }, (_, place) => {
      const ofPlace = words.map((word) => factor(1, Math.floor(place / 256), word) * factor(2, place % 256, word));
      const sum = ofRow.reduce((total, each, word) => total + each * (ofPlace[word] as number), 0);
      return (((sum % 65536) + 65536) % 65536) / 65536;
    });
  });
};

const rowIds = (n: number, first = 0) => Array.from({ length: n }, (_, i) => first + i);

/** Statistical flaws of a draw: every score is a few units at most for independent uniform numbers. */
function findFlaws(draw: Draw, height = 61, width = 131): string[] {
  const flaws: string[] = [];
  const note = (name: string, score: number) => {
    if (!(Math.abs(score) < 5)) flaws.push(`${name}: ${score.toFixed(1)}`);
  };
  const positions: { key: Key; site: number; first: number }[] = [
    { key: [7, 1], site: 0, first: 0 },
    { key: [7, 1], site: 1, first: 0 },
    { key: [7, 1], site: 2, first: 0 },
    { key: [7, 2], site: 0, first: 0 },
    { key: [8, 1], site: 0, first: 0 },
    { key: [1, 7], site: 0, first: 0 },
    { key: [7, 7], site: 0, first: 0 },
    { key: [0, 0], site: 0, first: 0 },
    { key: [7, 1], site: 0, first: height },
  ];
  const draws = positions.map(({ key, site, first }) => {
    const flat = draw(key, rowIds(height, first), site, width);
    return (row: number, column: number) => flat[row * width + column] as number;
  });
  const collect = (rows: number, columns: number, f: (row: number, column: number) => number) => {
    const values = new Float64Array(rows * columns);
    for (let i = 0; i < values.length; i++) values[i] = f(Math.floor(i / columns), i % columns);
    return values;
  };
  const wrap = (x: number) => x - Math.floor(x);

  draws.forEach((u, index) => {
    const at = (name: string) => `${name} at ${JSON.stringify(positions[index])}`;
    const all = collect(height, width, u);
    note(at('uniformity'), uniformityScore(all));
    for (const [name, dr, dc] of [
      ['columns', 0, 1],
      ['columns', 0, 2],
      ['rows', 1, 0],
      ['rows', 2, 0],
      ['diagonals', 1, 1],
    ] as const) {
      const here = collect(height - dr, width - dc, u);
      const there = collect(height - dr, width - dc, (r, c) => u(r + dr, c + dc));
      note(at(`correlation of ${name}`), correlationScore(here, there));
      note(at(`pairs of ${name}`), pairUniformityScore(here, there));
      note(at(`difference of ${name}`), uniformityScore(here.map((x, i) => wrap(x - (there[i] as number)))));
    }
    const square = collect(height, height, u);
    note(
      at('correlation with its transpose'),
      correlationScore(
        square,
        collect(height, height, (r, c) => u(c, r)),
      ),
    );
    const mixed = collect(height - 1, width - 1, (r, c) => wrap(u(r, c) - u(r, c + 1) - u(r + 1, c) + u(r + 1, c + 1)));
    note(at('mixed difference'), uniformityScore(mixed));
    // Means of rows and columns spread as means of independent numbers do: chi-square with one degree of freedom each.
    const spread = (outer: number, inner: number, f: (i: number, j: number) => number) => {
      const parts = rowIds(outer).map((i) => {
        const mean = rowIds(inner).reduce((sum, j) => sum + f(i, j), 0) / inner;
        return 12 * inner * (mean - 0.5) ** 2;
      });
      return (parts.reduce((a, b) => a + b, 0) - outer) / Math.sqrt(2 * outer);
    };
    note(at('spread of row means'), spread(height, width, u));
    note(
      at('spread of column means'),
      spread(width, height, (c, r) => u(r, c)),
    );
    // Numbers among n that came before: n draws of 2^16 values leave 2^16 (1 - (1 - 2^-16)^n) of them distinct.
    const repeats = all.length - new Set(all).size;
    const expected = all.length - 65536 * (1 - (1 - 1 / 65536) ** all.length);
    note(at('repeated numbers'), (repeats - expected) / Math.sqrt(expected));
    const columns = rowIds(width).map((c) =>
      rowIds(height)
        .map((r) => u(r, c))
        .join(),
    );
    note(at('identical columns'), new Set(columns).size === width ? 0 : Number.POSITIVE_INFINITY);
    const rows = rowIds(height).map((r) =>
      rowIds(width)
        .map((c) => u(r, c))
        .join(),
    );
    note(at('identical rows'), new Set(rows).size === height ? 0 : Number.POSITIVE_INFINITY);
  });
  const whole = draws.map((u) => collect(height, width, u));
  whole.forEach((a, i) => {
    whole.slice(i + 1).forEach((b, j) => {
      const name = `${JSON.stringify(positions[i])} and ${JSON.stringify(positions[i + 1 + j])}`;
      note(`correlation of ${name}`, correlationScore(a, b));
      note(`pairs of ${name}`, pairUniformityScore(a, b));
    });
  });
  return flaws;
}

it.each([
  { key: [0, 0], rows: rowIds(3), site: 0, shape: [3, 5, 7] },
  { key: [20261120 % counterLimit, 199999], rows: [5, 3, 1042440, 1020, 1021], site: 17, shape: [5, 11] },
  { key: [counterLimit - 1, counterLimit - 1], rows: [counterLimit - 1], site: counterLimit - 1, shape: [1, 2, 1, 3] },
  { key: [1, 2], rows: [4, 4], site: 1, shape: [2] },
] as const)(
  'equals integer arithmetic to the bit: key $key, site $site, shape $shape',
  ({ key, rows, site, shape }) => {
    const u = counterUniform({ key: tf.tensor1d([...key]), rows: tf.tensor1d([...rows]), site }, shape);
    expect(u.shape).toEqual([...shape]);
    const places = u.size / rows.length;
    expect(Array.from(u.dataSync())).toEqual(drawInIntegers(key, rows, site, places));
  },
);

it('equals integer arithmetic to the bit over a long row', () => {
  expect(Array.from(draw([3, 5], [9], 2, 20_011))).toEqual(drawInIntegers([3, 5], [9], 2, 20_011));
});

it('takes residues exactly: the quotients of all whole numbers below 2^21, rounded as float32 rounds', () => {
  const wrong: number[] = [];
  const reciprocal = Math.fround(1 / 1021);
  for (let x = 0; x < 2 ** 21; x++) {
    // Up to one unit in the last place more or less, as a GPU may have it.
    const quotient = Math.fround(Math.fround(x + 0.5) * reciprocal);
    const slack = quotient * 2 ** -23;
    const expected = Math.floor(x / 1021);
    if (Math.floor(quotient - slack) !== expected || Math.floor(quotient + slack) !== expected) wrong.push(x);
  }
  expect(wrong).toEqual([]);
});

it("a row's numbers depend on its id, not on its place in the batch", () => {
  const some = draw([7, 1], [42, 7, 100], 3, 13) as Float32Array;
  const others = draw([7, 1], [100, 5], 3, 13) as Float32Array;
  expect(others.slice(0, 13)).toBeCloseToArray(some.slice(26), { relative: 0, absolute: 0 });
});

it('a place in a row keeps its number when the row grows', () => {
  const [short, long] = [draw([7, 1], [5], 0, 11), draw([7, 1], [5], 0, 29)] as [Float32Array, Float32Array];
  expect(long.slice(0, 11)).toBeCloseToArray(short, { relative: 0, absolute: 0 });
});

describe('statistics', () => {
  it('finds nothing in counterUniform', () => {
    expect(findFlaws(draw)).toEqual([]);
  });

  it.each([
    ['at the same place of successive blocks', 256],
    ['at places that move along by one from block to block', 257],
  ])('finds nothing in counterUniform %s', (_, stride) => {
    const strided: Draw = (key, rows, site, places) => {
      const all = draw(key, rows, site, places * stride);
      return Float32Array.from({ length: rows.length * places }, (_, i) => all[i * stride] as number);
    };
    expect(findFlaws(strided, 29, 31)).toEqual([]);
  });

  const byPlace =
    (f: (key: Key, row: number, site: number, place: number) => number): Draw =>
    (key, rows, site, places) =>
      rows.flatMap((row) => Array.from({ length: places }, (_, place) => f(key, row, site, place)));
  const streams = new Map<string, number[]>();
  const good = (key: Key, row: number, site: number, place: number) => {
    const name = `${key}/${site}/${row}`;
    let stream = streams.get(name);
    if (!stream) {
      const random = seededRandom(name);
      stream = Array.from({ length: 131 }, () => Math.floor(random.uniform() * 65536) / 65536);
      streams.set(name, stream);
    }
    return stream[place] as number;
  };

  it('finds nothing in streams of seededRandom: the harness accepts what is good', () => {
    expect(findFlaws(byPlace(good))).toEqual([]);
  });

  it.each<[string, (key: Key, row: number, site: number, place: number) => number, string]>([
    ['row and place added, not mixed', (k, r, s, p) => (good(k, r, s, 0) + good(k, 1e6, s, p)) % 1, 'mixed difference'],
    [
      'a golden-ratio sequence',
      (k, r, s, p) => (good(k, 0, s, 0) + (r * 131 + p) * 0.6180339887) % 1,
      'difference of columns',
    ],
    ['the site ignored', (k, r, _, p) => good(k, r, 0, p), 'correlation of {"key":[7,1],"site":0'],
    ['the step ignored', (k, r, s, p) => good([k[0], 0], r, s, p), 'correlation of {"key":[7,1],"site":0'],
    [
      'the key symmetric',
      (k, r, s, p) => good([Math.min(...k), Math.max(...k)], r, s, p),
      'correlation of {"key":[7,1],"site":0',
    ],
    ['rows of the next batch repeated', (k, r, s, p) => good(k, r % 61, s, p), 'correlation of'],
    ['row and place symmetric', (k, r, s, p) => good(k, Math.min(r, p), s, Math.max(r, p)), 'transpose'],
    ['8 bits', (...at) => Math.floor(good(...at) * 256) / 256, 'repeated numbers'],
    ['two equal columns', (k, r, s, p) => good(k, r, s, p === 100 ? 9 : p), 'identical columns'],
    ['two equal rows', (k, r, s, p) => good(k, r === 50 ? 9 : r, s, p), 'identical rows'],
    ['a bias towards 0', (...at) => good(...at) ** 1.15, 'uniformity'],
    [
      'too even: every row a full grid',
      (k, r, s, p) => ((p * 52 + Math.floor(131 * good(k, r, s, 0))) % 131) / 131,
      'spread of row means',
    ],
  ])('finds %s', (_, broken, flaw) => {
    expect(findFlaws(byPlace(broken)).join('\n')).toContain(flaw);
  });
});

it('refuses a position or a size beyond the range in which the arithmetic is exact', () => {
  const run =
    (site: number, shape: number[], key = 2, rows = 1) =>
    () =>
      counterUniform({ key: tf.zeros([key]), rows: tf.zeros([rows]), site }, shape);
  expect(run(counterLimit, [1, 2])).toThrow('counterUniform: expected a site from 0 to 1042440, got 1042441');
  expect(run(0.5, [1, 2])).toThrow('expected a site');
  expect(run(-1, [1, 2])).toThrow('expected a site');
  expect(run(0, [1, 1024, 1024])).toThrow('expected a row size from 0 to 1042441, got 1048576');
  expect(run(0, [1, 2], 3)).toThrow('counterUniform: expected key of shape [2], got [3]');
  expect(run(0, [3, 2])).toThrow('counterUniform: expected rows of shape [3], got [1]');
});

it('leaks nothing', async () => {
  await expectNoTensorLeak(() => {
    const [key, rows] = [tf.tensor1d([1, 2]), tf.tensor1d([0, 1])];
    for (const t of [counterUniform({ key, rows, site: 0 }, [2, 5]), key, rows]) t.dispose();
  });
});
