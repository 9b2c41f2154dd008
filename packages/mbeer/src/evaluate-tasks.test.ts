import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { dotProducts } from './dot-products.js';
import type { Embeddings } from './embeddings.js';
import { evaluateTasks } from './evaluate-tasks.js';
import type { Modality } from './tasks.js';
import { tasks } from './tasks.js';

/** Small whole numbers, so that scores are exact and ties are many. */
function embeddings(count: number, dimension: number, seed: string, missing = 0): Embeddings {
  const random = seededRandom(seed);
  const matrix = () => Float32Array.from({ length: count * dimension }, () => random.integer(3) - 1);
  const lacks = Array.from({ length: count }, () => (random.uniform() < missing ? random.integer(2) : -1));
  return {
    count,
    dimension,
    fused: matrix(),
    image: matrix(),
    text: matrix(),
    hasImage: Uint8Array.from(lacks, (which) => (which === 0 ? 0 : 1)),
    hasText: Uint8Array.from(lacks, (which) => (which === 1 ? 0 : 1)),
  };
}

function has({ hasImage, hasText }: Embeddings, modality: Modality, row: number): boolean {
  if (modality === 'fused') return hasImage[row] === 1 || hasText[row] === 1;
  return (modality === 'image' ? hasImage : hasText)[row] === 1;
}

/** Brute force: every score by a plain loop, every rank by counting. */
function naive(query: Embeddings, candidate: Embeddings, positives: readonly number[]) {
  const { dimension } = query;
  return tasks.map((task) => {
    const score = (i: number, j: number) => {
      let sum = 0;
      for (let k = 0; k < dimension; k++) {
        sum +=
          (query[task.query][i * dimension + k] as number) * (candidate[task.candidate][j * dimension + k] as number);
      }
      return sum;
    };
    const pool = Array.from({ length: candidate.count }, (_, j) => j).filter((j) => has(candidate, task.candidate, j));
    const queries: number[] = [];
    const ranks: number[] = [];
    for (let i = 0; i < query.count; i++) {
      const own = positives[i] as number;
      if (!has(query, task.query, i) || !has(candidate, task.candidate, own)) continue;
      queries.push(i);
      ranks.push(1 + pool.filter((j) => j !== own && score(i, j) >= score(i, own)).length);
    }
    return { name: task.name, candidates: pool.length, queries, ranks };
  });
}

const shown = ({ results }: Awaited<ReturnType<typeof evaluateTasks>>) =>
  results.map(({ task, candidates, queryRows, ranks }) => ({
    name: task.name,
    candidates,
    queries: [...queryRows],
    ranks: [...ranks],
  }));

const identity = (count: number) => Array.from({ length: count }, (_, row) => row);

describe('evaluateTasks', () => {
  it('equals brute force in all nine tasks, ties and missing modalities included', async () => {
    const query = embeddings(53, 7, 'query', 0.4);
    const candidate = embeddings(53, 7, 'candidate', 0.4);
    const evaluation = await evaluateTasks({ query, candidate, blockSize: 11 });
    const expected = naive(query, candidate, identity(53));
    expect(shown(evaluation)).toEqual(expected);
    expect(new Set(expected.map(({ queries }) => queries.length)).size).toBeGreaterThan(4);
    evaluation.results.forEach(({ recall }, t) => {
      const ranks = expected[t]?.ranks ?? [];
      expect(recall).toEqual([1, 5, 10].map((k) => ranks.filter((rank) => rank <= k).length / ranks.length));
    });
  });

  it('counts distractors among the candidates when positives say where the partners are', async () => {
    const query = embeddings(17, 5, 'q', 0.2);
    const candidate = embeddings(41, 5, 'c', 0.2);
    const positives = Array.from({ length: 17 }, (_, row) => (row * 7) % 41);
    expect(shown(await evaluateTasks({ query, candidate, positives }))).toEqual(naive(query, candidate, positives));
  });

  it('does not depend on the block size or on who multiplies the matrices', async () => {
    const options = { query: embeddings(29, 5, 'q', 0.3), candidate: embeddings(29, 5, 'c', 0.3) };
    const expected = shown(await evaluateTasks(options));
    expect(shown(await evaluateTasks({ ...options, blockSize: 1 }))).toEqual(expected);
    const blocks: number[] = [];
    const injected = await evaluateTasks({
      ...options,
      blockSize: 10,
      scores: async (queries, candidates) => {
        blocks.push(queries.rows);
        return dotProducts(queries, candidates);
      },
    });
    expect(shown(injected)).toEqual(expected);
    expect(Math.max(...blocks)).toBe(10);
  });

  it('gives every query the last place where all embeddings are equal', async () => {
    const ones = { ...embeddings(13, 3, 'ones'), fused: new Float32Array(39).fill(0.577) };
    const { results } = await evaluateTasks({ query: ones, candidate: ones, tasks: tasks.slice(8) });
    expect([...(results[0]?.ranks ?? [])]).toEqual(new Array(13).fill(13));
    expect(results[0]?.recall).toEqual([0, 0, 0]);
  });

  it('finds each of distinct normalised embeddings at rank 1 among themselves', async () => {
    const random = seededRandom(3);
    const rows = Array.from({ length: 19 }, () => {
      const row = Array.from({ length: 11 }, () => random.normal());
      const norm = Math.hypot(...row);
      return row.map((value) => value / norm);
    });
    const same = Float32Array.from(rows.flat());
    const side = { ...embeddings(19, 11, 'x'), fused: same, image: same, text: same };
    const { results } = await evaluateTasks({ query: side, candidate: side });
    for (const { ranks } of results) expect([...ranks]).toEqual(new Array(19).fill(1));
  });

  it('reports null and no queries for a task that no pair can take part in', async () => {
    const textOnly = { ...embeddings(5, 3, 'q'), hasImage: new Uint8Array(5) };
    const { results } = await evaluateTasks({ query: textOnly, candidate: embeddings(5, 3, 'c') });
    const byName = new Map(results.map((result) => [result.task.name, result]));
    expect(byName.get('v->t')).toMatchObject({ recall: [null, null, null], candidates: 5 });
    expect(byName.get('v->t')?.queryRows.length).toBe(0);
    expect(byName.get('vt->t')?.queryRows.length).toBe(5);
  });

  it('never reads the row of a missing modality', async () => {
    const query = embeddings(5, 3, 'q');
    const hollow = { ...query, image: new Float32Array(15).fill(Number.NaN), hasImage: new Uint8Array(5) };
    const { results } = await evaluateTasks({ query: hollow, candidate: embeddings(5, 3, 'c') });
    expect(results.map(({ queryRows }) => queryRows.length)).toEqual([5, 5, 5, 0, 0, 0, 5, 5, 5]);
  });

  it('names the matrix and the row of an embedding that is not finite', async () => {
    const candidate = embeddings(5, 3, 'c');
    candidate.text[7] = Number.NaN;
    await expect(evaluateTasks({ query: embeddings(5, 3, 'q'), candidate })).rejects.toMatchObject({
      code: 'numeric',
      details: { matrix: 'candidate.text', row: 2 },
    });
  });

  it('reports scores that are not finite, with the task and their number', async () => {
    const query = embeddings(5, 3, 'q');
    const scores = () => Float32Array.from({ length: 25 }, (_, i) => (i % 5 === 1 ? Number.NaN : 1));
    await expect(evaluateTasks({ query, candidate: query, scores })).rejects.toMatchObject({
      code: 'numeric',
      details: { task: 't->t', count: 5 },
    });
    const huge = { ...query, text: new Float32Array(15).fill(3e38) };
    await expect(evaluateTasks({ query: huge, candidate: huge })).rejects.toMatchObject({ code: 'numeric' });
  });

  it.each([
    ['another width', { candidate: embeddings(5, 4, 'c') }, 'shape'],
    ['another number of candidates', { candidate: embeddings(6, 3, 'c') }, 'shape'],
    ['a matrix of the wrong size', { candidate: { ...embeddings(5, 3, 'c'), image: new Float32Array(14) } }, 'shape'],
    ['a mask of the wrong size', { candidate: { ...embeddings(5, 3, 'c'), hasText: new Uint8Array(4) } }, 'shape'],
    ['too few positives', { candidate: embeddings(9, 3, 'c'), positives: [0, 1] }, 'shape'],
    ['a positive that is no candidate', { candidate: embeddings(4, 3, 'c'), positives: [0, 1, 2, 3, 4] }, 'argument'],
    ['K = 0', { ks: [0] }, 'argument'],
    ['a block of no queries', { blockSize: 0 }, 'argument'],
    ['scores of another size', { scores: () => new Float32Array(3) }, 'shape'],
  ])('refuses %s', async (_, wrong, code) => {
    const fine = { query: embeddings(5, 3, 'q'), candidate: embeddings(5, 3, 'c') };
    await expect(evaluateTasks({ ...fine, ...wrong })).rejects.toMatchObject({ code });
  });

  it('stops between two blocks when the signal fires, and says how far it is', async () => {
    const side = embeddings(20, 3, 'q');
    const controller = new AbortController();
    const seen: string[] = [];
    const running = evaluateTasks({
      query: side,
      candidate: side,
      blockSize: 8,
      signal: controller.signal,
      onProgress: ({ task, done, total }) => {
        seen.push(`${task} ${done}/${total}`);
        if (seen.length === 4) controller.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'interrupted' });
    expect(seen).toEqual(['t->t 8/20', 't->t 16/20', 't->t 20/20', 't->v 8/20']);
  });
});
