import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import type { Embeddings } from '../embeddings.js';
import { evaluateTasks } from '../evaluate-tasks.js';
import { type Modality, tasks } from '../tasks.js';
import { evaluatePool } from './evaluate-pool.js';

const dimension = 5;

/** Small whole numbers, so that ties are many; what is missing is NaN, so that reading it fails. */
function embeddings(count: number, seed: string, missing = 0): Embeddings {
  const random = seededRandom(seed);
  const lacks = Array.from({ length: count }, () => (random.uniform() < missing ? random.integer(2) : -1));
  const matrix = (lacking: number) =>
    Float32Array.from({ length: count * dimension }, (_, at) =>
      lacks[Math.floor(at / dimension)] === lacking ? Number.NaN : random.integer(5) - 2,
    );
  return {
    count,
    dimension,
    fused: matrix(7),
    image: matrix(0),
    text: matrix(1),
    hasImage: Uint8Array.from(lacks, (which) => (which === 0 ? 0 : 1)),
    hasText: Uint8Array.from(lacks, (which) => (which === 1 ? 0 : 1)),
  };
}

const has = ({ hasImage, hasText }: Embeddings, modality: Modality, row: number) =>
  modality === 'fused' || (modality === 'image' ? hasImage : hasText)[row] === 1;
const rowOf = (side: Embeddings, modality: Modality, row: number) => [
  ...side[modality].subarray(row * dimension, (row + 1) * dimension),
];
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, k) => sum + x * (b[k] as number), 0);

const query = embeddings(31, 'query', 0.4);
const candidate = embeddings(31, 'candidate', 0.4);

describe('evaluatePool', () => {
  it('is evaluateTasks where nothing is said, and in the global pool', async () => {
    const expected = await evaluateTasks({ query, candidate });
    expect(await evaluatePool({ query, candidate })).toEqual(expected);
    expect(await evaluatePool({ query, candidate, pool: 'global' })).toEqual(expected);
  });

  it('per modality: the partner in the task’s modality among all entries of all other items, by brute force', async () => {
    const { results, pairs } = await evaluatePool({ query, candidate, pool: 'modality' });
    expect(pairs).toBe(31);
    expect(results.map(({ task }) => task)).toEqual(tasks);
    const entries = (['text', 'image', 'fused'] as const).flatMap((modality) =>
      Array.from({ length: 31 }, (_, row) => ({ modality, row })).filter(({ row }) => has(candidate, modality, row)),
    );
    for (const { task, queryRows, ranks, candidates, recall } of results) {
      const asking = Array.from({ length: 31 }, (_, i) => i).filter(
        (i) => has(query, task.query, i) && has(candidate, task.candidate, i),
      );
      const expected = asking.map((i) => {
        const asked = rowOf(query, task.query, i);
        const own = dot(asked, rowOf(candidate, task.candidate, i));
        const before = entries.filter(
          ({ modality, row }) => row !== i && dot(asked, rowOf(candidate, modality, row)) >= own,
        );
        return 1 + before.length;
      });
      expect([...queryRows]).toEqual(asking);
      expect([...ranks]).toEqual(expected);
      expect(candidates).toBe(entries.length);
      expect(recall).toEqual([1, 5, 10].map((k) => expected.filter((rank) => rank <= k).length / expected.length));
    }
  });

  it('mixed: each item in one modality that it has, the same ones for the same seed', async () => {
    const side = embeddings(400, 'many', 0.3);
    // Vectors that tell which modality they are: the first number of a query asks for one of them.
    const marked = (modality: number) => Float32Array.from({ length: 400 * 3 }, (_, at) => Number(at % 3 === modality));
    const views = { text: marked(0), image: marked(1), fused: marked(2) };
    const asked = { ...side, dimension: 3, ...views };
    const all = { ...asked, hasImage: new Uint8Array(400).fill(1), hasText: new Uint8Array(400).fill(1) };
    const { results } = await evaluatePool({ query: all, candidate: asked, pool: 'mixed' });
    expect(results.map(({ task }) => task.name)).toEqual(['t->mixed', 'v->mixed', 'vt->mixed']);
    for (const { queryRows, candidates } of results) {
      expect(candidates).toBe(400);
      expect(queryRows).toHaveLength(400);
    }
    // A query ranks its partner among the items of the marked modality where the partner has it, and last of all where it has not.
    const shownAs = results.map(({ ranks }) => ranks.map((rank) => Number(rank < 400)));
    for (let row = 0; row < 400; row++) {
      const shown = shownAs.map((one) => one[row]);
      expect(shown.filter((one) => one === 1)).toHaveLength(1);
      if (side.hasImage[row] === 0) expect(shown).toEqual([1, 0, 0]);
      if (side.hasText[row] === 0) expect(shown).toEqual([0, 1, 0]);
    }
    const shares = shownAs.map(
      (one) => one.filter((shown, row) => shown === 1 && side.hasImage[row] && side.hasText[row]).length,
    );
    const both = shares.reduce((sum, share) => sum + share, 0);
    for (const share of shares) expect(Math.abs(share / both - 1 / 3)).toBeLessThan(0.1);
    const again = async (seed: number) => evaluatePool({ query: all, candidate: asked, pool: 'mixed', seed });
    expect((await again(7)).results).toEqual(results);
    expect((await again(8)).results).not.toEqual(results);
  });

  it('judges the tasks that are asked for', async () => {
    const some = tasks.filter(({ query: from }) => from === 'image').slice(0, 2);
    const names = async (pool: 'modality' | 'mixed') =>
      (await evaluatePool({ query, candidate, pool, tasks: some })).results.map(({ task }) => task.name);
    expect(await names('modality')).toEqual(['v->t', 'v->v']);
    expect(await names('mixed')).toEqual(['v->mixed']);
  });
});
