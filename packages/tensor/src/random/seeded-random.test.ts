import { describe, expect, it } from 'vitest';
import { correlationScore, evennessScore, pairUniformityScore, uniformityScore } from '../testing/statistics.js';
import '../testing/to-be-close-to-array.js';
import { type Random, seededRandom } from './seeded-random.js';

const words = (random: Random, n = 3) => Array.from({ length: n }, () => random.uniform() * 2 ** 32);
const uniforms = (random: Random, n: number) => Array.from({ length: n }, () => random.uniform());

it('gives the same numbers on every machine (values of an independent implementation)', () => {
  expect(words(seededRandom(7))).toEqual([143406187, 2646627351, 3134281119]);
  expect(words(seededRandom('7'))).toEqual([4212354199, 2828000563, 2843754782]);
  expect(words(seededRandom('ü'))).toEqual([3174143534, 3900822500, 238509755]);
  expect(words(seededRandom(7).fork('layer').fork(3))).toEqual([2177586765, 3665768186, 2019333047]);
});

it('normal is Box-Muller on two uniforms', () => {
  const u = seededRandom(7);
  const [a, b] = [u.uniform(), u.uniform()];
  expect(seededRandom(7).normal()).toBe(Math.sqrt(-2 * Math.log(1 - a)) * Math.cos(2 * Math.PI * b));
});

it('uniform: even, and successive numbers unrelated', () => {
  const x = uniforms(seededRandom('uniform'), 50_000);
  expect(x.every((u) => u >= 0 && u < 1)).toBe(true);
  expect(Math.abs(uniformityScore(x, 200))).toBeLessThan(5);
  for (const lag of [1, 2, 3, 4]) {
    const [here, there] = [x.slice(0, -lag), x.slice(lag)];
    expect(Math.abs(correlationScore(here, there))).toBeLessThan(5);
    expect(Math.abs(pairUniformityScore(here, there))).toBeLessThan(5);
  }
});

it('normal: mean 0, deviation 1, and the distribution function of a normal', () => {
  const random = seededRandom('normal');
  const x = Array.from({ length: 50_000 }, () => random.normal());
  // Through Φ (Hastings 26.2.17, error under 1e-7) a normal number is uniform.
  const phi = (z: number): number => {
    if (z < 0) return 1 - phi(-z);
    const t = 1 / (1 + 0.2316419 * z);
    const tail = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * tail;
  };
  expect(Math.abs(uniformityScore(x.map(phi), 100))).toBeLessThan(5);
  const mean = x.reduce((a, b) => a + b) / x.length;
  const variance = x.reduce((total, z) => total + (z - mean) ** 2, 0) / x.length;
  expect(Math.abs(mean) * Math.sqrt(x.length)).toBeLessThan(5);
  expect((Math.abs(variance - 1) * Math.sqrt(x.length)) / Math.SQRT2).toBeLessThan(5);
});

it('integer: every value below the bound, evenly', () => {
  const random = seededRandom('integer');
  const counts = new Array<number>(13).fill(0);
  for (let i = 0; i < 20_000; i++) (counts[random.integer(13)] as number)++;
  expect(counts).toHaveLength(13);
  expect(Math.abs(evennessScore(counts))).toBeLessThan(5);
  expect(random.integer(1)).toBe(0);
});

it('permutation: each of the 24 orders of 4 equally often, and a permutation at any length', () => {
  const random = seededRandom('permutation');
  const counts = new Map<string, number>();
  for (let i = 0; i < 12_000; i++) {
    const order = random.permutation(4).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(24);
  expect(Math.abs(evennessScore([...counts.values()]))).toBeLessThan(5);
  for (const n of [0, 1, 2, 101]) {
    expect([...random.permutation(n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
  }
});

describe('fork', () => {
  it('does not advance the parent, and does not depend on how far the parent is', () => {
    const [parent, untouched] = [seededRandom(1), seededRandom(1)];
    const early = words(parent.fork('a'));
    expect(words(parent)).toEqual(words(untouched));
    expect(words(parent.fork('a'))).toEqual(early);
  });

  it('gives another stream for another label, type of label, depth and seed', () => {
    const root = seededRandom(1);
    const streams = [
      root,
      root.fork('a'),
      root.fork('b'),
      root.fork(1),
      root.fork('1'),
      root.fork('a').fork('b'),
      root.fork('b').fork('a'),
      root.fork('ab'),
      root.fork('a/string:b'),
      root.fork(''),
      seededRandom(2).fork('a'),
      seededRandom('1').fork('a'),
    ].map((random) => uniforms(random, 5000));
    expect(new Set(streams.map((stream) => stream[0])).size).toBe(streams.length);
    streams.forEach((x, i) => {
      for (const y of streams.slice(i + 1)) {
        expect(Math.abs(correlationScore(x, y))).toBeLessThan(5);
        expect(Math.abs(pairUniformityScore(x, y))).toBeLessThan(5);
      }
    });
  });

  it.each([
    ['seeds', (i: number) => seededRandom(i)],
    ['labels', (i: number) => seededRandom(0).fork(i)],
    ['grandchildren', (i: number) => seededRandom(0).fork(i).fork('x')],
  ])('the first numbers of successive %s are even and unrelated', (_, make) => {
    const firsts = Array.from({ length: 20_000 }, (_, i) => make(i).uniform());
    expect(Math.abs(uniformityScore(firsts))).toBeLessThan(5);
    expect(Math.abs(correlationScore(firsts.slice(1), firsts.slice(0, -1)))).toBeLessThan(5);
    expect(Math.abs(pairUniformityScore(firsts.slice(1), firsts.slice(0, -1)))).toBeLessThan(5);
    // Of 20,000 words of 32 bits, 0.05 pairs are expected to be equal.
    expect(new Set(firsts).size).toBeGreaterThan(19_997);
  });
});
