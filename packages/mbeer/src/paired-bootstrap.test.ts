import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import type { RankedQueries } from './hit-differences.js';
import { pairedBootstrap } from './paired-bootstrap.js';

/** Ranks by task; a rank of 0 stands for a query that does not count. */
function ranked(ranks: Readonly<Record<string, readonly number[]>>): RankedQueries {
  const results = Object.entries(ranks).map(([name, all]) => {
    const queryRows = Int32Array.from(all.keys()).filter((row) => all[row] !== 0);
    return { task: { name }, queryRows, ranks: Int32Array.from(queryRows, (row) => all[row] as number) };
  });
  return { pairs: Object.values(ranks)[0]?.length ?? 0, results };
}

const draws = (count: number, seed: string | number, of: (uniform: number) => number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => of(random.uniform()));
};
/** Ranks 1 or 99: hits with a probability. */
const hits = (count: number, seed: string | number, probability: number) =>
  draws(count, seed, (u) => (u < probability ? 1 : 99));

/** The same by plain loops over a dense table, resample by resample. */
function naive(
  system: readonly RankedQueries[],
  baseline: readonly RankedQueries[],
  group: readonly string[],
  k: number,
  resamples: number,
  seed: number,
) {
  const pairs = baseline[0]?.pairs as number;
  const hit = ({ results }: RankedQueries, name: string, pair: number) => {
    const task = results.find((result) => result.task.name === name);
    const i = task?.queryRows.indexOf(pair) ?? -1;
    return i < 0 ? undefined : Number((task?.ranks[i] as number) <= k);
  };
  const statistic = (sample: readonly number[]) => {
    const means: number[] = [];
    for (const name of group) {
      const values: number[] = [];
      for (const pair of sample) {
        const bySeed = system.map((one, s) => {
          const [a, b] = [hit(one, name, pair), hit(baseline[s] as RankedQueries, name, pair)];
          return a === undefined || b === undefined ? undefined : a - b;
        });
        if (bySeed.every((value) => value !== undefined)) {
          values.push(bySeed.reduce((sum, value) => sum + value, 0) / bySeed.length);
        }
      }
      if (values.length > 0) means.push(values.reduce((sum, value) => sum + value, 0) / values.length);
    }
    return means.reduce((sum, value) => sum + value, 0) / means.length;
  };
  const random = seededRandom(seed);
  const drawn = Array.from({ length: resamples }, () =>
    statistic(Array.from({ length: pairs }, () => random.integer(pairs))),
  );
  drawn.sort((a, b) => a - b);
  const quantile = (share: number) => {
    const place = share * (resamples - 1);
    const [low, high] = [drawn[Math.floor(place)] as number, drawn[Math.ceil(place)] as number];
    return low + (place % 1) * (high - low);
  };
  return { difference: statistic([...Array(pairs).keys()]), low: quantile(0.05), high: quantile(0.95) };
}

describe('pairedBootstrap', () => {
  it('equals plain loops over tasks, seeds and resamples, queries that do not count included', () => {
    const rank = (u: number) => 1 + Math.floor(u * 13);
    const gaps = draws(47, 'gaps', (u) => Number(u < 0.7));
    const make = (seed: string) =>
      ranked({
        'a->b': draws(47, `${seed} a`, rank),
        'c->d': draws(47, `${seed} c`, rank).map((value, i) => value * (gaps[i] as number)),
        'e->f': draws(47, `${seed} e`, rank),
      });
    const [system, baseline] = [['s1', 's2', 's3'].map(make), ['b1', 'b2', 'b3'].map(make)];
    const groups = { one: ['c->d'], two: ['a->b', 'c->d'], mean: ['a->b', 'c->d', 'e->f'] };
    const found = pairedBootstrap({ system, baseline, groups, ks: [3, 7], resamples: 211, confidence: 0.9, seed: 5 });
    for (const [name, group] of Object.entries(groups)) {
      for (const k of [3, 7]) {
        const { difference, low, high } = naive(system, baseline, group, k, 211, 5);
        const interval = found[name]?.[`R@${k}`];
        expect(interval?.difference).toBeCloseTo(difference, 12);
        expect(interval?.low).toBeCloseTo(low, 12);
        expect(interval?.high).toBeCloseTo(high, 12);
      }
    }
  });

  it('is as wide as the known standard error says', () => {
    const count = 4000;
    // d is 1 with 0.3, -1 with 0.1, else 0: variance 0.4 - 0.2^2 = 0.36.
    const kind = draws(count, 'known', (u) => u);
    const system = [ranked({ a: kind.map((u) => (u < 0.3 ? 1 : 99)) })];
    const baseline = [ranked({ a: kind.map((u) => (u >= 0.3 && u < 0.4 ? 1 : 99)) })];
    const interval = pairedBootstrap({ system, baseline, resamples: 20_000 }).mean?.['R@1'];
    const half = ((interval?.high as number) - (interval?.low as number)) / 2;
    expect(half / ((1.96 * 0.6) / Math.sqrt(count))).toBeCloseTo(1, 1);
    expect(interval?.difference).toBeCloseTo(0.2, 1);
  });

  it('draws a query with all of its tasks: two tasks that say the same are no more certain than one', () => {
    const [a, b] = [hits(300, 'a', 0.6), hits(300, 'b', 0.5)];
    const { one, both } = pairedBootstrap({
      system: [ranked({ x: a, y: a })],
      baseline: [ranked({ x: b, y: b })],
      groups: { one: ['x'], both: ['x', 'y'] },
      ks: [1],
    });
    expect(both).toEqual(one);
  });

  it('null control: a system against itself has a difference of zero without width', () => {
    const same = [ranked({ x: hits(101, 1, 0.5), y: hits(101, 2, 0.2) })];
    const nothing = { difference: 0, low: 0, high: 0 };
    const each = { 'R@1': nothing, 'R@5': nothing, 'R@10': nothing };
    expect(pairedBootstrap({ system: same, baseline: same })).toEqual({ x: each, y: each, mean: each });
  });

  it('finds a planted difference, and one among equals in the share of cases that it should', () => {
    const compare = (probability: number, trial: number) => {
      const system = [ranked({ x: hits(150, `s${trial}`, probability) })];
      const baseline = [ranked({ x: hits(150, `b${trial}`, 0.5) })];
      return pairedBootstrap({ system, baseline, ks: [1], resamples: 400, seed: trial }).x?.['R@1'];
    };
    const excludesZero = (interval: ReturnType<typeof compare>) =>
      (interval?.low as number) > 0 || (interval?.high as number) < 0;
    const trials = [...Array(400).keys()];
    const planted = trials.filter((trial) => excludesZero(compare(0.75, trial)));
    expect(planted.length / trials.length).toBeGreaterThan(0.97);
    const equal = trials.filter((trial) => excludesZero(compare(0.5, trial)));
    // 5 % are expected; 400 trials have a standard error of 1.1 %.
    expect(equal.length / trials.length).toBeGreaterThan(0.02);
    expect(equal.length / trials.length).toBeLessThan(0.09);
  });

  it('holds one query, and a task without any takes no part', () => {
    const found = pairedBootstrap({
      system: [ranked({ x: [1], none: [0] })],
      baseline: [ranked({ x: [7], none: [0] })],
      ks: [5],
    });
    const all = { difference: 1, low: 1, high: 1 };
    expect(found).toEqual({ x: { 'R@5': all }, none: { 'R@5': null }, mean: { 'R@5': all } });
  });

  it('the same seed draws the same, another one other queries', () => {
    const options = { system: [ranked({ x: hits(90, 3, 0.4) })], baseline: [ranked({ x: hits(90, 4, 0.5) })] };
    expect(pairedBootstrap({ ...options, seed: 1 })).toEqual(pairedBootstrap({ ...options, seed: 1 }));
    expect(pairedBootstrap({ ...options, seed: 1 })).not.toEqual(pairedBootstrap({ ...options, seed: 2 }));
  });

  const one = ranked({ x: [1, 2, 3] });
  it.each([
    ['no seed', { system: [], baseline: [] }, 'at least one, got 0 and 0'],
    ['seeds without a partner', { system: [one, one], baseline: [one] }, 'got 2 and 1'],
    ['other pairs', { system: [ranked({ x: [1, 2] })], baseline: [one] }, 'the same 3 pairs, got one of 2'],
    ['other tasks', { system: [ranked({ y: [1, 2, 3] })], baseline: [one] }, 'the tasks x, got one of y'],
    ['other queries', { system: [ranked({ x: [1, 0, 3] })], baseline: [one] }, 'the same queries in x'],
    ['a group of no task', { system: [one], baseline: [one], groups: { z: ['z'] } }, "the tasks x, got 'z'"],
    ['a K that is none', { system: [one], baseline: [one], ks: [0] }, 'k to be a whole number from 1'],
    ['no resample', { system: [one], baseline: [one], resamples: 0 }, 'resamples to be'],
    ['all of it', { system: [one], baseline: [one], confidence: 1 }, 'confidence to be'],
  ])('refuses %s', (_, options, complaint) => {
    expect(() => pairedBootstrap(options)).toThrow(complaint);
  });
});
