import { seededRandom, UniecsError } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import type { Embeddings, Matrix } from '../embeddings.js';
import { type Task, tasks } from '../tasks.js';
import type { NegativeRules } from './eligible-negatives.js';
import { type MineOptions, mineNegatives } from './mine-negatives.js';

const [count, dimension] = [53, 7];

/** Unit vectors, every fifth item without its image; every eleventh row is that of row 0, so that scores tie. */
function side(label: string): Embeddings {
  const random = seededRandom(label);
  const matrix = () => {
    const data = new Float32Array(count * dimension);
    for (let row = 0; row < count; row++) {
      const own = data.subarray(row * dimension, (row + 1) * dimension);
      for (let k = 0; k < dimension; k++) own[k] = row % 11 === 0 && row > 0 ? (data[k] as number) : random.normal();
      const norm = Math.hypot(...own);
      if (row % 11 !== 0 || row === 0) for (let k = 0; k < dimension; k++) own[k] = (own[k] as number) / norm;
    }
    return data;
  };
  return {
    count,
    dimension,
    fused: matrix(),
    image: matrix(),
    text: matrix(),
    hasImage: Uint8Array.from({ length: count }, (_, i) => Number(i % 5 !== 2)),
    hasText: new Uint8Array(count).fill(1),
  };
}
const [query, candidate] = [side('query'), side('candidate')];
/** Rows 4 and 9 are of one product on the candidate side; the query of 20 is of the product of candidate 30. */
const products = {
  query: Array.from({ length: count }, (_, i) => (i === 20 ? 130 : 200 + i)),
  candidate: Array.from({ length: count }, (_, i) => (i === 9 ? 104 : 100 + i)),
};
const taskOf = (name: string) => tasks.find((task) => task.name === name) as Task;

/** The definition, in float64, without blocks, heaps and bounds. */
function oracle(task: Task, rules: NegativeRules, fused = { query, candidate }) {
  const { count: most = 3, rangeMin = 0, rangeMax = 100, minScore = -2, maxScore = 2 } = rules;
  const { absoluteMargin = -9, relativeMargin } = rules;
  const score = (i: number, j: number) => {
    let sum = 0;
    for (let k = 0; k < dimension; k++) {
      const a = fused.query[task.query][i * dimension + k] as number;
      sum += a * (fused.candidate[task.candidate][j * dimension + k] as number);
    }
    return Math.fround(sum);
  };
  const rows = Array.from({ length: count }, (_, i) => i);
  const has = (of: Embeddings, view: string, i: number) => view !== 'image' || of.hasImage[i] === 1;
  return rows
    .filter((i) => has(query, task.query, i) && has(candidate, task.candidate, i))
    .map((row) => {
      const p = score(row, row);
      const ranked = rows
        .filter((j) => j !== row && has(candidate, task.candidate, j))
        .filter((j) => ![products.query[row], products.candidate[row]].includes(products.candidate[j]))
        .map((j) => ({ row: j, score: score(row, j) }))
        .sort((a, b) => b.score - a.score || a.row - b.row)
        .map((each, i) => ({ ...each, rank: i + 1 }));
      const eligible = ranked.filter(
        ({ rank, score }) =>
          rank > rangeMin &&
          rank <= rangeMax &&
          score >= minScore &&
          score <= maxScore &&
          score <= p - absoluteMargin &&
          (relativeMargin === undefined || score <= p - relativeMargin * Math.abs(p)),
      );
      return { row, positiveScore: p, eligible, negatives: eligible.slice(0, most) };
    });
}
const mine = (task: Task, options: Partial<MineOptions> = {}) =>
  mineNegatives({ query, candidate, task, products, ...options });
const plain = (found: ReturnType<typeof oracle>) => found.map(({ eligible, ...rest }) => rest);

/** A product summed in float32 from the last number to the first: as wrong as one may be. */
const floats = ({ rows, columns, data }: Matrix, other: Matrix) => {
  const out = new Float32Array(rows * other.rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < other.rows; j++) {
      let sum = 0;
      for (let k = columns - 1; k >= 0; k--) {
        const product = Math.fround((data[i * columns + k] as number) * (other.data[j * columns + k] as number));
        sum = Math.fround(sum + product);
      }
      out[i * other.rows + j] = sum;
    }
  }
  return out;
};

const rules: [string, NegativeRules][] = [
  ['as they are by default', {}],
  ['a range', { rangeMin: 2, rangeMax: 6, count: 9 }],
  ['a range of one', { rangeMin: 4, rangeMax: 5 }],
  ['more asked for than there are', { count: 1000, rangeMax: 1000 }],
  ['scores from and to', { minScore: 0.1, maxScore: 0.6, count: 7 }],
  ['an absolute margin', { absoluteMargin: 0.2, count: 5 }],
  ['a relative margin', { relativeMargin: 0.3, count: 5 }],
  [
    'all at once',
    { rangeMin: 1, rangeMax: 20, minScore: -0.5, maxScore: 0.9, absoluteMargin: 0.1, relativeMargin: 0.1 },
  ],
];

describe('mineNegatives', () => {
  it.each(rules)('finds what the definition says in every task: %s', async (_, rule) => {
    for (const task of tasks) {
      const expected = plain(oracle(task, rule));
      expect(await mine(task, rule)).toEqual(expected);
      for (const blockSize of [1, 7, 1000]) expect(await mine(task, { ...rule, blockSize })).toEqual(expected);
      expect(await mine(task, { ...rule, scores: floats })).toEqual(expected);
    }
  });

  it('needs its bound: by the float32 scores alone the order is another one', async () => {
    // Three candidates whose scores float32 sums cannot tell apart, or tell apart wrongly.
    const wide = (values: number[]) => Float32Array.from(values);
    const embeddings = (rows: number[][]): Embeddings => {
      const data = wide(rows.flat());
      const ones = new Uint8Array(rows.length).fill(1);
      const [fused, image, text] = [data, data, data];
      return { count: rows.length, dimension: 3, fused, image, text, hasImage: ones, hasText: ones };
    };
    const one = 2 ** -12;
    const q = embeddings([
      [1, one, one],
      [1, 0, 0],
      [1, 0, 0],
      [1, 0, 0],
    ]);
    const c = embeddings([
      [1, 0, 0],
      [1, one, 0],
      [1, one, one],
      [1, 0, 0],
    ]);
    const options = { query: q, candidate: c, task: taskOf('vt->vt'), count: 1, rangeMax: 1 };
    const exact = await mineNegatives(options);
    // 1 + 2^-24 and 1 + 2^-23: the first rounds to 1 in float32, and is below the second.
    expect(exact[0]?.negatives).toEqual([{ row: 2, score: Math.fround(1 + 2 ** -23), rank: 1 }]);
    const coarse = (a: Matrix, b: Matrix) => floats(a, b).map((x) => Math.min(x, 1));
    expect(await mineNegatives({ ...options, scores: coarse })).toEqual(exact);
  });

  it('of all identical candidates takes the lowest rows, and of one pair none', async () => {
    const same = { ...candidate, fused: new Float32Array(count * dimension).fill(dimension ** -0.5) };
    const [first, , , fourth] = await mine(taskOf('t->vt'), { candidate: same });
    expect(first?.negatives.map(({ row }) => row)).toEqual([1, 2, 3]);
    expect(fourth?.negatives.map(({ row, rank }) => [row, rank])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    const single = (of: Embeddings): Embeddings => ({
      ...of,
      count: 1,
      fused: of.fused.subarray(0, dimension),
      image: of.image.subarray(0, dimension),
      text: of.text.subarray(0, dimension),
      hasImage: [1],
      hasText: [1],
    });
    const [only] = await mineNegatives({ query: single(query), candidate: single(candidate), task: taskOf('v->v') });
    expect(only?.negatives).toEqual([]);
  });

  it('draws from the eligible ones without replacement, by seed, task and query alone', async () => {
    const rule = { sampling: 'random', count: 4, rangeMax: 12 } as const;
    const task = taskOf('vt->vt');
    const found = await mine(task, rule);
    const drawn = new Set<number>();
    for (const { row, negatives } of found) {
      const { eligible } = oracle(task, rule).find((each) => each.row === row) ?? { eligible: [] };
      expect(eligible).toEqual(expect.arrayContaining([...negatives]));
      expect(new Set(negatives.map((each) => each.row)).size).toBe(4);
      expect(negatives.map(({ rank }) => rank)).toEqual(negatives.map(({ rank }) => rank).sort((a, b) => a - b));
      for (const { rank } of negatives) drawn.add(rank);
    }
    expect(drawn.size).toBe(12);
    expect(await mine(task, { ...rule, blockSize: 5 })).toEqual(found);
    expect(await mine(task, { ...rule, seed: 8 })).not.toEqual(found);
  });

  it.each<[string, Partial<MineOptions>]>([
    ['count to be a whole number from 1', { count: 0 }],
    ['rangeMax to be a whole number above rangeMin, 5', { rangeMin: 5, rangeMax: 5 }],
    ['rangeMin to be a whole number from 0', { rangeMin: -1 }],
    ['minScore to be at most maxScore', { minScore: 0.5, maxScore: 0.4 }],
    ['absoluteMargin to be a number from 0', { absoluteMargin: Number.NaN }],
    ['relativeMargin to be a number from 0 to 1', { relativeMargin: 1.1 }],
    ["sampling to be 'top' or 'random'", { sampling: 'best' as 'top' }],
    ['blockSize to be a whole number from 1', { blockSize: 0.5 }],
    [`candidates of the queries' shape`, { candidate: { ...candidate, count: 1 } }],
    [`${count} products.candidate`, { products: { query: products.query, candidate: [1] } }],
    ['finite numbers in query.fused', { query: { ...query, fused: query.fused.map((x, i) => (i ? x : Number.NaN)) } }],
  ])('refuses what cannot be: expected %s', async (expected, options) => {
    const error = await mine(taskOf('vt->vt'), options).catch((error: unknown) => error);
    expect(UniecsError.isInstance(error)).toBe(true);
    if (!expected.startsWith('candidates of')) expect(String(error)).toContain(expected);
  });

  it('stops when the signal fires, and tells how far it is', async () => {
    const stopping = new AbortController();
    const told: number[] = [];
    const onProgress = ({ done }: { done: number }) => {
      told.push(done);
      if (done >= 20) stopping.abort();
    };
    const stopped = mine(taskOf('t->t'), { blockSize: 10, signal: stopping.signal, onProgress });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    expect(told).toEqual([10, 20]);
  });
});
