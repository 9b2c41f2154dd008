import { type Random, seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import type { RankedPool } from './positive-ranks.js';
import { scoredRanks } from './scored-ranks.js';
import { type ScreeningCounts, type ScreeningProducts, screenedRanks } from './screened-ranks.js';

const columns = 37;

/** By the definition: every score a plain sum in ascending order, rounded once; every rank by counting. */
function naive({ queries, candidates, positives }: RankedPool): number[] {
  const score = (i: number, j: number) => {
    let sum = 0;
    for (let k = 0; k < queries.columns; k++) {
      sum += (queries.data[i * queries.columns + k] as number) * (candidates.data[j * queries.columns + k] as number);
    }
    return Math.fround(sum);
  };
  return Array.from(positives, (own, i) => {
    const least = score(i, own);
    let rank = 1;
    for (let j = 0; j < candidates.rows; j++) if (j !== own && score(i, j) >= least) rank++;
    return rank;
  });
}

/**
 * Products in plain JavaScript, as rounding allows them to be at worst: sums of float32 off by nearly all of their bound, up or down.
 *
 * @param beyond how many times the bound the sums are off
 */
function worstProducts(random: Random, most: number, beyond = 0.99): ScreeningProducts {
  return {
    mostSigned: async () => most,
    bytes: async ({ shape: [rows, depth, width], a, b, scale, out }) => {
      if (b.some((value) => Math.abs(value) > most)) throw new Error('a whole number beyond the largest');
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < width; c++) {
          let sum = 0;
          for (let d = 0; d < depth; d++) sum += ((a[r * depth + d] as number) - 128) * (b[d * width + c] as number);
          out[r * width + c] = Math.max(
            0,
            Math.min(255, Math.round(Math.fround(Math.fround(sum) * (scale[c] as number)))),
          );
        }
      }
    },
    floats: async ({ shape: [rows, depth, width], a, b, out }) => {
      const norm = (data: Float32Array, row: number) => Math.hypot(...data.subarray(row * depth, (row + 1) * depth));
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < width; c++) {
          let sum = 0;
          for (let d = 0; d < depth; d++) sum += (a[r * depth + d] as number) * (b[c * depth + d] as number);
          const off = beyond * depth * 2 ** -24 * norm(a, r) * norm(b, c);
          out[r * width + c] = sum + (random.uniform() < 0.5 ? off : -off);
        }
      }
    },
  };
}

type Row = readonly number[];

function pool(queries: readonly Row[], candidates: readonly Row[], positives?: readonly number[]): RankedPool {
  const matrix = (rows: readonly Row[]) => ({
    rows: rows.length,
    columns: rows[0]?.length ?? columns,
    data: Float32Array.from(rows.flat()),
  });
  return {
    name: 't->t',
    queries: matrix(queries),
    candidates: matrix(candidates),
    positives: Int32Array.from(positives ?? queries.keys()),
    between: async () => {},
  };
}

const normal = (random: Random, width = columns): number[] => Array.from({ length: width }, () => random.normal());
const unit = (row: Row): number[] => row.map((value) => value / Math.hypot(...row));
const near = (random: Random, row: Row, cosine: number): number[] => {
  const other = unit(normal(random, row.length));
  return unit(row.map((value, k) => cosine * value + Math.sqrt(1 - cosine * cosine) * (other[k] as number)));
};

/** Pools that are easy, hard, and made to mislead. */
const pools: Record<string, (random: Random) => RankedPool> = {
  'partners at a cosine of .6 to .9 among clusters': (random) => {
    const centers = Array.from({ length: 7 }, () => unit(normal(random)));
    const candidates = Array.from({ length: 150 }, (_, j) => near(random, centers[j % 7] as number[], 0.8));
    return pool(
      candidates.slice(0, 61).map((row) => near(random, row, 0.6 + 0.3 * random.uniform())),
      candidates,
    );
  },
  'partners that have nothing in common': (random) =>
    pool(
      Array.from({ length: 53 }, () => unit(normal(random))),
      Array.from({ length: 131 }, () => unit(normal(random))),
    ),
  'vectors far from the origin': (random) => {
    const center = normal(random).map((value) => 5 * value);
    const about = () => center.map((value) => value + 0.05 * random.normal());
    return pool(Array.from({ length: 41 }, about), Array.from({ length: 97 }, about));
  },
  'whole numbers, where ties are many': (random) => {
    const small = () => Array.from({ length: columns }, () => random.integer(3) - 1);
    return pool(Array.from({ length: 43 }, small), Array.from({ length: 113 }, small));
  },
  'candidates that repeat, some of them with the last bit changed': (random) => {
    const kinds = Array.from({ length: 11 }, () => unit(normal(random)).map(Math.fround));
    const candidates = Array.from({ length: 120 }, (_, j) => {
      const row = [...(kinds[j % 11] as number[])];
      const k = random.integer(columns);
      if (j % 3 === 0) row[k] = (row[k] as number) * (1 + (j % 2 === 0 ? 1 : -1) * 2 ** -23);
      return row;
    });
    return pool(
      candidates.slice(0, 47).map((row) => near(random, row, 0.7)),
      candidates,
    );
  },
  'one embedding for all': () =>
    pool(
      Array.from({ length: 19 }, () => unit(Array(columns).fill(1))),
      Array.from({ length: 83 }, () => unit(Array(columns).fill(1))),
    ),
  'zeros on either side': (random) => {
    const some = (count: number) =>
      Array.from({ length: count }, (_, j) => (j % 4 === 0 ? Array<number>(columns).fill(0) : unit(normal(random))));
    return pool(some(29), some(71));
  },
  'norms from 1e-30 to 1e12': (random) => {
    const wild = (count: number) =>
      Array.from({ length: count }, () => {
        const size = 10 ** (random.integer(43) - 30);
        return normal(random).map((value) => value * size);
      });
    return pool(wild(37), wild(89));
  },
  'numbers below the normal ones of float32': (random) =>
    pool(
      Array.from({ length: 23 }, () => normal(random).map((value) => value * 1e-41)),
      Array.from({ length: 67 }, () => normal(random).map((value) => value * 1e-3)),
    ),
  'one number a thousand times the others': (random) => {
    const spiked = (count: number) =>
      Array.from({ length: count }, (_, j) => {
        const row = unit(normal(random));
        if (j % 5 === 0) row[3] = 1000 * (random.uniform() - 0.5);
        return row;
      });
    return pool(spiked(31), spiked(103));
  },
  'a single query, candidate and column': () => pool([[0.5]], [[2]]),
  'several queries of one candidate': (random) =>
    pool(
      Array.from({ length: 17 }, () => unit(normal(random))),
      Array.from({ length: 59 }, () => unit(normal(random))),
      Array.from({ length: 17 }, (_, i) => (i * 3) % 5),
    ),
};

describe('screenedRanks', () => {
  it.each(Object.entries(pools))('equals the definition with the worst that rounding allows: %s', async (_, make) => {
    for (const [seed, most] of [127, 63, 127].entries()) {
      const random = seededRandom(seed);
      const given = make(random);
      const screened = screenedRanks(worstProducts(random, most), { blockSize: 12, tileSize: 40 });
      expect([...(await screened(given))]).toEqual(naive(given));
      expect([...(await scoredRanks()(given))]).toEqual(naive(given));
    }
  });

  it('finds a partner by the last bit of float32 among candidates that differ by rounding alone', async () => {
    // 2^24 + 1 and 2^24 are one float32: a tie. 2^24 + 2 is the next one.
    const big = 2 ** 24;
    const queries = [[1, 1, 1]];
    const candidates = [
      [big, 0, 0],
      [big, 1, 0],
      [big, 1, 1],
      [big, -1, -1],
      [0, 0, 0],
    ];
    const given = pool(queries, candidates, [0]);
    expect(naive(given)).toEqual([3]);
    expect([...(await screenedRanks(worstProducts(seededRandom(1), 127))(given))]).toEqual([3]);
  });

  it('can tell: products beyond their bound give other ranks', async () => {
    const given = (pools['partners that have nothing in common'] as (random: Random) => RankedPool)(seededRandom(3));
    const wrong = screenedRanks(worstProducts(seededRandom(4), 127, 20_000), { blockSize: 12, tileSize: 40 });
    expect([...(await wrong(given))]).not.toEqual(naive(given));
  });

  it('scores hardly any pair where partners are near, and leaves queries whose partners are not to float32', async () => {
    const counts = async (name: string): Promise<ScreeningCounts> => {
      const given = (pools[name] as (random: Random) => RankedPool)(seededRandom(5));
      let seen: ScreeningCounts | undefined;
      const onCounts = (told: ScreeningCounts) => {
        seen = told;
      };
      const options = { blockSize: 12, tileSize: 40, onCounts };
      await screenedRanks(worstProducts(seededRandom(6), 127), options)(given);
      return seen as ScreeningCounts;
    };
    const near = await counts('partners at a cosine of .6 to .9 among clusters');
    expect(near.byFloats).toBeLessThan(5);
    expect(near.scored / (61 * 150)).toBeLessThan(0.05);
    expect((await counts('partners that have nothing in common')).byFloats).toBeGreaterThan(10);
  });

  it('leaves scores that overflow to the plain way, which says so', async () => {
    const huge = Array.from({ length: 5 }, () => Array<number>(columns).fill(3e38));
    const ranks = screenedRanks(worstProducts(seededRandom(1), 127))(pool(huge, huge));
    await expect(ranks).rejects.toMatchObject({ code: 'numeric', details: { task: 't->t', count: 25 } });
  });

  it('has no ranks of no queries', async () => {
    const none = { ...pool([], [[1, 2]], []), queries: { rows: 0, columns: 2, data: new Float32Array(0) } };
    expect(await screenedRanks(worstProducts(seededRandom(1), 127))(none)).toEqual(new Int32Array(0));
  });

  it('stops where it is told to, between blocks', async () => {
    const given = (pools['partners that have nothing in common'] as (random: Random) => RankedPool)(seededRandom(3));
    const seen: number[] = [];
    const between = async (done: number) => {
      seen.push(done);
      if (seen.length === 3) throw new Error('stop');
    };
    const ranks = screenedRanks(worstProducts(seededRandom(1), 127), { blockSize: 12, tileSize: 40 });
    await expect(ranks({ ...given, between })).rejects.toThrow('stop');
    expect(seen[0]).toBe(0);
  });
});
