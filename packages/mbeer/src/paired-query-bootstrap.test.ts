import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { pairedQueryBootstrap } from './paired-query-bootstrap.js';
import { meanRecallAtK, ndcgAtK } from './several-relevant.js';

const random = seededRandom(3);
const queries = 53;
/** Ranks of two relevant candidates a query; the system's are better by `gain` places. */
const ranksOf = (label: string, gain: number) =>
  Array.from({ length: queries }, (_, q) => {
    const first = 1 + random.fork(`${label} ${q}`).integer(20);
    return Int32Array.of(Math.max(1, first - gain), first + 3);
  });
const system = [ranksOf('a', 4), ranksOf('b', 4)];
const baseline = [ranksOf('a', 0), ranksOf('b', 0)];
const measures = {
  'R@10': (ranks: readonly ArrayLike<number>[]) => meanRecallAtK(ranks, 10),
  'nDCG@10': (ranks: readonly ArrayLike<number>[]) => ndcgAtK(ranks, 10),
};

describe('pairedQueryBootstrap', () => {
  it('has the difference of the means over queries and seeds, inside an interval of about two standard errors', () => {
    const found = pairedQueryBootstrap({ system, baseline, measures, resamples: 4000 });
    for (const [name, measure] of Object.entries(measures)) {
      const mean = (all: readonly (readonly ArrayLike<number>[])[]) =>
        all.reduce((sum, ranks) => sum + (measure(ranks) as number), 0) / all.length;
      const { difference, low, high } = found[name] as { difference: number; low: number; high: number };
      expect(difference).toBeCloseTo(mean(system) - mean(baseline), 12);
      const own = Array.from({ length: queries }, (_, q) => {
        const of = (all: readonly (readonly ArrayLike<number>[])[]) =>
          mean(all.map((ranks) => [ranks[q] as ArrayLike<number>]));
        return of(system) - of(baseline);
      });
      const variance = own.reduce((sum, d) => sum + (d - difference) ** 2, 0) / queries;
      const error = Math.sqrt(variance / queries);
      expect(difference - low).toBeGreaterThan(1.6 * error);
      expect(difference - low).toBeLessThan(2.4 * error);
      expect(high - difference).toBeGreaterThan(1.6 * error);
      expect(high - difference).toBeLessThan(2.4 * error);
    }
  });

  it('is the same for a seed, narrower with less confidence, and zero for two equal systems', () => {
    const options = { system, baseline, measures, resamples: 200 };
    expect(pairedQueryBootstrap(options)).toEqual(pairedQueryBootstrap(options));
    expect(pairedQueryBootstrap({ ...options, seed: 8 })).not.toEqual(pairedQueryBootstrap(options));
    const width = (confidence: number) => {
      const { low, high } = pairedQueryBootstrap({ ...options, confidence })['R@10'] as { low: number; high: number };
      return high - low;
    };
    expect(width(0.5)).toBeLessThan(width(0.95));
    expect(pairedQueryBootstrap({ ...options, system: baseline })['R@10']).toEqual({ difference: 0, low: 0, high: 0 });
  });

  it('leaves out queries without a relevant candidate, and has nothing to say where all are such', () => {
    const none = (ranks: Int32Array[][]) => ranks.map((all) => [...all, new Int32Array(0)]);
    const [more, plain] = [
      pairedQueryBootstrap({ system: none(system), baseline: none(baseline), measures, resamples: 1 }),
      pairedQueryBootstrap({ system, baseline, measures, resamples: 1 }),
    ];
    expect(more).toEqual(plain);
    const empty = [[new Int32Array(0)]];
    expect(pairedQueryBootstrap({ system: empty, baseline: empty, measures })).toEqual({
      'R@10': null,
      'nDCG@10': null,
    });
  });

  it.each([
    ['other queries', { system: [ranksOf('a', 1).slice(1), ranksOf('b', 1)] }, 'ranks of 53 queries, got 52'],
    ['other seeds', { system: [ranksOf('a', 1)] }, 'as many seeds of the system as of the baseline, got 1 and 2'],
    ['no seeds', { system: [], baseline: [] }, 'got 0 and 0'],
    ['no resamples', { resamples: 0 }, 'resamples to be a whole number from 1'],
    ['a confidence of 1', { confidence: 1 }, 'confidence to be above 0 and below 1'],
  ])('refuses %s', (_, change, complaint) => {
    expect(() => pairedQueryBootstrap({ system, baseline, measures, ...change })).toThrow(complaint);
  });
});
