import { seededRandom } from '@uniecs/tensor';
import { expect, it } from 'vitest';
import { dotProducts, type Scores } from './dot-products.js';
import type { Embeddings } from './embeddings.js';
import { evaluateTasks } from './evaluate-tasks.js';
import { nearestCandidates } from './nearest-candidates.js';
import { type Task, tasks } from './tasks.js';

const [count, dimension] = [13, 3];

/** Embeddings of few values, so that scores are often equal; every fifth item lacks its image. */
function side(label: string): Embeddings {
  const random = seededRandom(label);
  const matrix = () => Float32Array.from({ length: count * dimension }, () => random.integer(3) - 1);
  const hasImage = Uint8Array.from({ length: count }, (_, i) => Number(i % 5 !== 2));
  return {
    count,
    dimension,
    fused: matrix(),
    image: matrix(),
    text: matrix(),
    hasImage,
    hasText: new Uint8Array(count).fill(1),
  };
}
const [query, candidate] = [side('query'), side('candidate')];
const vector = (of: Embeddings, [view, row]: readonly ['fused' | 'image' | 'text', number]) =>
  of[view].subarray(row * dimension, (row + 1) * dimension);
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, k) => sum + x * (b[k] as number), 0);

/** What float32 sums in another order may give: off by as much as they may be, up and down. */
const rough: Scores = (queries, candidates) =>
  dotProducts(queries, candidates).map((score, i) => score + (i % 2 ? 1 : -1) * 2e-7);

it('are those that no other candidate beats, in every task, with the ranks of evaluateTasks and ties against the partner', async () => {
  const { results } = await evaluateTasks({ query, candidate });
  for (const { task, queryRows, ranks } of results) {
    const found = await nearestCandidates({ query, candidate, task, queryRows: [...queryRows], k: 4 });
    const rows = [...queryRows];
    expect(await nearestCandidates({ query, candidate, task, queryRows: rows, k: 4, scores: rough })).toEqual(found);
    expect(found.map(({ rank }) => rank)).toEqual([...ranks]);
    for (const [i, row] of queryRows.entries()) {
      const pool = Array.from({ length: count }, (_, j) => j).filter(
        (j) => task.candidate !== 'image' || candidate.hasImage[j],
      );
      const score = (j: number) => dot(vector(query, [task.query, row]), vector(candidate, [task.candidate, j]));
      const best = found[i]?.best ?? [];
      expect(best.map((one) => one.score)).toEqual(
        pool
          .map(score)
          .sort((a, b) => b - a)
          .slice(0, 4),
      );
      for (const one of best) expect(one.score).toBe(score(one.row));
      expect(new Set(best.map((one) => one.row)).size).toBe(4);
      const place = best.findIndex((one) => one.row === row);
      expect(place < 0 ? (ranks[i] as number) > 4 : place + 1 === ranks[i]).toBe(true);
    }
  }
});

it('has fewer than K where there are no more, and refuses queries that cannot be judged', async () => {
  const task = tasks.find(({ name }) => name === 'v->v') as Task;
  const [found] = await nearestCandidates({ query, candidate, task, queryRows: [0], k: 50 });
  expect(found?.best).toHaveLength(10);
  expect(await nearestCandidates({ query, candidate, task, queryRows: [] })).toEqual([]);
  for (const bad of [{ queryRows: [2] }, { queryRows: [count] }, { queryRows: [0], k: 0 }]) {
    await expect(nearestCandidates({ query, candidate, task, ...bad })).rejects.toMatchObject({
      ...{ name: 'UniecsError', code: 'argument' },
    });
  }
});
