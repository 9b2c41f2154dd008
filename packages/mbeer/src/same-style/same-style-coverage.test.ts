import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import type { Embeddings } from '../embeddings.js';
import { type Task, tasks } from '../tasks.js';
import { type SameStyleOptions, sameStyleCoverage, sameStyleTasks } from './same-style-coverage.js';

const [count, dimension] = [53, 7];
const random = seededRandom('styles');

/** Small whole numbers, exact in float32, so that many scores tie; every fifth item is without its image. */
function matrix() {
  return Float32Array.from({ length: count * dimension }, () => random.integer(5) - 2);
}
const catalogue: Embeddings = {
  ...{ count, dimension, fused: matrix(), image: matrix(), text: matrix() },
  hasImage: Uint8Array.from({ length: count }, (_, i) => Number(i % 5 !== 2)),
  hasText: new Uint8Array(count).fill(1),
};
/** Groups of one, two, some and many; every seventh item is of none. */
const groups = Array.from({ length: count }, (_, i) => (i % 7 === 3 ? -1 : Math.floor(Math.sqrt(i))));
groups[52] = 99;

/** The definition, in float64: others of other groups come first where scores are equal. */
function oracle(task: Task, ks: readonly number[]) {
  const has = (view: string, i: number) => view !== 'image' || catalogue.hasImage[i] === 1;
  const score = (i: number, j: number) => {
    let sum = 0;
    for (let k = 0; k < dimension; k++) {
      const a = catalogue[task.query][i * dimension + k] as number;
      sum += a * (catalogue[task.candidate][j * dimension + k] as number);
    }
    return sum;
  };
  const rows = Array.from({ length: count }, (_, i) => i);
  const shares = rows.flatMap((i) => {
    const others = rows.filter((j) => j !== i && has(task.candidate, j));
    const own = others.filter((j) => groups[j] === groups[i]);
    if (!has(task.query, i) || groups[i] === -1 || own.length === 0) return [];
    const ranked = others
      .map((j) => ({ own: groups[j] === groups[i], score: score(i, j) }))
      .sort((a, b) => b.score - a.score || Number(a.own) - Number(b.own));
    return [
      ks.map((k) => [ranked.slice(0, k).filter((one) => one.own).length / k, Math.min(k, own.length) / k] as const),
    ];
  });
  const mean = (k: number, of: 0 | 1) =>
    shares.reduce((sum, share) => sum + (share[k] as readonly [number, number])[of], 0) / shares.length;
  return {
    ...{ task, queries: shares.length, candidates: rows.filter((j) => has(task.candidate, j)).length },
    coverage: ks.map((_, k) => mean(k, 0)),
    attainable: ks.map((_, k) => mean(k, 1)),
  };
}

/** Float32 sums from the back to the front. */
const otherWay: SameStyleOptions['scores'] = async (queries, candidates) =>
  Float32Array.from({ length: queries.rows * candidates.rows }, (_, at) => {
    const [i, j] = [Math.floor(at / candidates.rows), at % candidates.rows];
    let sum = 0;
    for (let k = dimension - 1; k >= 0; k--) {
      const product = (queries.data[i * dimension + k] as number) * (candidates.data[j * dimension + k] as number);
      sum = Math.fround(sum + Math.fround(product));
    }
    return sum;
  });

describe('SCR@K', () => {
  const ks = [1, 3, 7, 60];

  it.each(tasks.map((task) => [task.name, task] as const))(
    'is the definition on %s, ties included',
    async (_, task) => {
      const expected = oracle(task, ks);
      for (const blockSize of [1, 8, 128]) {
        const [found, ...rest] = await sameStyleCoverage({ catalogue, groups, tasks: [task], ks, blockSize });
        expect(rest).toEqual([]);
        expect(found?.queries).toBe(expected.queries);
        expect(found?.candidates).toBe(expected.candidates);
        for (const [k] of ks.entries()) {
          expect(found?.coverage[k]).toBeCloseTo(expected.coverage[k] as number, 12);
          expect(found?.attainable[k]).toBeCloseTo(expected.attainable[k] as number, 12);
        }
      }
    },
  );

  it('does not depend on the order of float sums', async () => {
    const plain = await sameStyleCoverage({ catalogue, groups, ks });
    expect(await sameStyleCoverage({ catalogue, groups, ks, scores: otherWay })).toEqual(plain);
  });

  it('is by default of image to catalogue and of image with title to catalogue, at 5, 10 and 50', async () => {
    expect(sameStyleTasks.map(({ name }) => name)).toEqual(['v->vt', 'vt->vt']);
    const found = await sameStyleCoverage({ catalogue, groups });
    expect(found.map(({ task, coverage }) => [task.name, coverage.length])).toEqual([
      ['v->vt', 3],
      ['vt->vt', 3],
    ]);
  });

  it('is 0 where all items are alike, though others of the group are among them: ties count against the query', async () => {
    const same = new Float32Array(count * dimension).fill(1);
    const alike = { ...catalogue, fused: same, image: same };
    const halves = Array.from({ length: count }, (_, i) => i % 2);
    for (const { coverage } of await sameStyleCoverage({ catalogue: alike, groups: halves, ks: [1, 10] })) {
      expect(coverage).toEqual([0, 0]);
    }
  });

  it('is null where no group has two', async () => {
    const alone = Array.from({ length: count }, (_, i) => i);
    for (const result of await sameStyleCoverage({ catalogue, groups: alone, ks: [1, 2] })) {
      expect(result).toMatchObject({ queries: 0, coverage: [null, null], attainable: [null, null] });
    }
  });

  it('tells how far it is, up to all', async () => {
    const seen: number[] = [];
    await sameStyleCoverage({
      ...{ catalogue, groups, blockSize: 10 },
      onProgress: ({ done, total }) => seen.push(done / total),
    });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
  });

  it.each([
    ['a K of nothing', { ks: [0] }, 'argument'],
    ['a K that is no number', { ks: [Number.NaN] }, 'argument'],
    ['no K', { ks: [] }, 'argument'],
    ['a block of nothing', { blockSize: 0 }, 'argument'],
    ['groups of other items', { groups: [1, 2] }, 'shape'],
    ['a signal that fired', { signal: AbortSignal.abort() }, 'interrupted'],
  ] as const)('refuses %s', async (_, options, code) => {
    const judged = sameStyleCoverage({ catalogue, groups, ...options } as SameStyleOptions);
    await expect(judged).rejects.toMatchObject({ name: 'UniecsError', code, where: 'sameStyleCoverage' });
  });
});
