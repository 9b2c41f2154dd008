import { seededRandom, UniecsError } from '@uniecs/tensor';
import { finiteDifference, randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { affinities, calibrate, placeOf } from './affinities.js';
import { modalityGap } from './modality-gap.js';
import { tsne } from './tsne.js';
import { tsneGradient } from './tsne-gradient.js';

const random = seededRandom('t-SNE');
const cloud = (rows: number, columns: number, label: string) => ({
  rows,
  columns,
  data: randomArray(random.fork(label), [rows, columns]),
});

/** By the equations, over all ordered pairs. */
const weightOf = (y: ArrayLike<number>, i: number, j: number) =>
  1 /
  (1 + ((y[2 * i] as number) - (y[2 * j] as number)) ** 2 + ((y[2 * i + 1] as number) - (y[2 * j + 1] as number)) ** 2);
function divergence(joint: Float64Array, y: ArrayLike<number>): number {
  const n = y.length / 2;
  const pairs = Array.from({ length: n * n }, (_, k) => [Math.floor(k / n), k % n] as const).filter(
    ([i, j]) => i !== j,
  );
  const total = pairs.reduce((sum, [i, j]) => sum + weightOf(y, i, j), 0);
  return pairs.reduce((sum, [i, j]) => {
    const p = joint[placeOf(i, j, n)] as number;
    return sum + p * Math.log(p / (weightOf(y, i, j) / total));
  }, 0);
}

describe('affinities', () => {
  it('have, point by point, the entropy of the perplexity that was asked for, at any scale', () => {
    for (const [perplexity, scale] of [
      [2, 1],
      [5, 1e-6],
      [17, 1e6],
    ] as const) {
      for (let point = 0; point < 11; point++) {
        const row = Float64Array.from({ length: 40 }, () => scale * random.uniform());
        calibrate(row, perplexity);
        expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
        expect(Math.exp(-row.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0))).toBeCloseTo(perplexity, 4);
      }
    }
  });

  it('are p(j|i) and p(i|j) halved over N, one to one over all ordered pairs, nearer neighbours more', () => {
    const points = cloud(13, 3, 'affinities');
    const joint = affinities(points, 4);
    expect(2 * joint.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    const distance = (i: number, j: number) =>
      [0, 1, 2].reduce(
        (sum, k) => sum + ((points.data[3 * i + k] as number) - (points.data[3 * j + k] as number)) ** 2,
        0,
      );
    const conditional = (i: number) => {
      const others = Array.from({ length: 13 }, (_, j) => j).filter((j) => j !== i);
      const row = Float64Array.from(others, (j) => distance(i, j));
      calibrate(row, 4);
      return new Map(others.map((j, k) => [j, row[k] as number]));
    };
    const all = Array.from({ length: 13 }, (_, i) => conditional(i));
    for (let i = 0; i < 13; i++) {
      const near = [...(all[i] as Map<number, number>)].sort(([a], [b]) => distance(i, a) - distance(i, b));
      expect(near.map(([, p]) => p)).toEqual(near.map(([, p]) => p).sort((a, b) => b - a));
      for (let j = i + 1; j < 13; j++) {
        const both = ((all[i]?.get(j) as number) + (all[j]?.get(i) as number)) / 26;
        expect(joint[placeOf(i, j, 13)]).toBeCloseTo(both, 12);
      }
    }
    expect(
      Array.from({ length: 13 }, (_, i) => i).flatMap((i) =>
        Array.from({ length: 12 - i }, (_, d) => placeOf(i, i + 1 + d, 13)),
      ),
    ).toEqual(Array.from(joint, (_, k) => k));
  });

  it('of points that lie on each other are finite: the nearest share all, or all alike', () => {
    const three = new Float64Array([0, 0, 0, 1, 2, 3]);
    calibrate(three, 2);
    expect([...three]).toEqual([1 / 3, 1 / 3, 1 / 3, 0, 0, 0].map((p) => expect.closeTo(p, 6)));
    const same = new Float64Array(4).fill(0.5);
    calibrate(same, 2);
    expect([...same]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
});

it('the gradient is that of the divergence, by finite differences, and exaggeration multiplies P alone', () => {
  const joint = affinities(cloud(7, 4, 'gradient'), 2.5);
  const y = Float64Array.from({ length: 14 }, () => random.normal());
  const gradient = new Float64Array(14);
  tsneGradient(joint, y, 1, gradient);
  const expected = finiteDifference((at) => divergence(joint, at), y);
  expect([...gradient]).toEqual([...expected].map((value) => expect.closeTo(value, 6)));
  const [twice, tenfold] = [new Float64Array(14), new Float64Array(14)];
  tsneGradient(joint, y, 2, twice);
  tsneGradient(
    joint.map((p) => 10 * p),
    y,
    0.2,
    tenfold,
  );
  expect([...tenfold]).toEqual([...twice].map((value) => expect.closeTo(value, 12)));
});

describe('tsne', () => {
  /** Three clusters far apart in ten dimensions. */
  const clusters = (() => {
    const [each, columns] = [17, 10];
    const stream = random.fork('clusters');
    const data = Float32Array.from({ length: 3 * each * columns }, (_, k) => {
      const cluster = Math.floor(k / columns / each);
      return (k % columns === cluster ? 10 : 0) + stream.normal();
    });
    return { rows: 3 * each, columns, data, clusterOf: (row: number) => Math.floor(row / each) };
  })();

  it('keeps well-separated clusters apart: every point is nearer to all of its own than to any other', async () => {
    const places = await tsne(clusters, { perplexity: 8, iterations: 500 });
    const centre = (cluster: number) => {
      const own = Array.from({ length: clusters.rows }, (_, i) => i).filter((i) => clusters.clusterOf(i) === cluster);
      return [0, 1].map((axis) => own.reduce((sum, i) => sum + (places[2 * i + axis] as number), 0) / own.length);
    };
    const centres = [0, 1, 2].map(centre);
    const distance = (i: number, [x = 0, y = 0]: readonly number[]) =>
      Math.hypot((places[2 * i] as number) - x, (places[2 * i + 1] as number) - y);
    for (let i = 0; i < clusters.rows; i++) {
      const own = distance(i, centres[clusters.clusterOf(i)] as number[]);
      const others = centres.filter((_, c) => c !== clusters.clusterOf(i)).map((c) => distance(i, c));
      expect(own).toBeLessThan(Math.min(...others) / 2);
    }
    expect(places.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 8);
  });

  it('brings the divergence far down, and draws the same picture from the same seed', async () => {
    const joint = affinities(clusters, 8);
    const after = async (iterations: number, seed = 7) => tsne(clusters, { perplexity: 8, iterations, seed });
    const [start, end] = [divergence(joint, await after(1)), divergence(joint, await after(400))];
    expect(end).toBeLessThan(start / 3);
    expect(await after(40)).toEqual(await after(40));
    expect(await after(40, 8)).not.toEqual(await after(40));
  });

  it('refuses what it cannot lay out, and stops when asked', async () => {
    const errorOf = (promise: Promise<unknown>) =>
      promise.then(
        () => 'none',
        (error: unknown) => (UniecsError.isInstance(error) ? error.code : String(error)),
      );
    const small = cloud(9, 2, 'small');
    expect(await errorOf(tsne(small, { perplexity: 8 }))).toBe('argument');
    expect(await errorOf(tsne(small, { perplexity: Number.NaN }))).toBe('argument');
    expect(await errorOf(tsne(small, { perplexity: 3, iterations: 0 }))).toBe('argument');
    expect(await errorOf(tsne({ ...small, rows: 3, data: small.data.subarray(0, 6) }, { perplexity: 1 }))).toBe(
      'argument',
    );
    expect(await errorOf(tsne({ ...small, columns: 3 }, { perplexity: 3 }))).toBe('shape');
    const data = small.data.slice();
    data[5] = Number.NaN;
    expect(await errorOf(tsne({ ...small, data }, { perplexity: 3 }))).toBe('numeric');
    const seen: number[] = [];
    const stop = new AbortController();
    const options = {
      perplexity: 3,
      iterations: 1000,
      signal: stop.signal,
      onProgress: (done: number) => {
        seen.push(done);
        if (done >= 20) stop.abort();
      },
    };
    expect(await errorOf(tsne(small, options))).toBe('interrupted');
    expect(seen).toEqual([0, 10, 20]);
  });
});

it('the modality gap is the distance of the centroids', () => {
  const [a, b] = [cloud(5, 3, 'a'), cloud(7, 3, 'b')];
  const mean = ({ rows, data }: typeof a, k: number) =>
    Array.from({ length: rows }, (_, i) => data[3 * i + k] as number).reduce((x, y) => x + y) / rows;
  expect(modalityGap(a, b)).toBeCloseTo(Math.hypot(...[0, 1, 2].map((k) => mean(a, k) - mean(b, k))), 6);
  expect(modalityGap(a, a)).toBe(0);
  expect(() => modalityGap(a, { ...b, columns: 1, rows: 21 })).toThrow(/equally wide/);
  expect(() => modalityGap(a, cloud(0, 3, 'none'))).toThrow(/with rows/);
});
