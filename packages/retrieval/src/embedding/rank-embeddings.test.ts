import { type Embeddings, evaluateTasks } from '@uniecs/mbeer';
import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { rankEmbeddings } from './rank-embeddings.js';

/** Clusters, with partners at a cosine around the given one; every fifth item repeats the one before it, to the bit or nearly so. */
function sides(count: number, dimension: number, cosine: number): { query: Embeddings; candidate: Embeddings } {
  const random = seededRandom(`${count} ${cosine}`);
  const unit = (row: number[]) => row.map((value) => value / Math.hypot(...row));
  const draw = () => unit(Array.from({ length: dimension }, () => random.normal()));
  const near = (row: number[], share: number) => {
    const other = draw();
    return unit(row.map((value, k) => share * value + Math.sqrt(1 - share * share) * (other[k] as number)));
  };
  const centers = Array.from({ length: 9 }, draw);
  const rows = Array.from({ length: count }, (_, j) => near(centers[j % 9] as number[], 0.8));
  for (let j = 4; j < count; j += 5) {
    rows[j] = [...(rows[j - 1] as number[])];
    if (j % 2 === 0) (rows[j] as number[])[j % dimension] = ((rows[j] as number[])[j % dimension] as number) + 2 ** -24;
  }
  const side = (matrix: () => number[][]): Embeddings => ({
    count,
    dimension,
    fused: Float32Array.from(matrix().flat()),
    image: Float32Array.from(matrix().flat()),
    text: Float32Array.from(matrix().flat()),
    hasImage: Uint8Array.from({ length: count }, (_, j) => Number(j % 7 !== 0)),
    hasText: Uint8Array.from({ length: count }, (_, j) => Number(j % 11 !== 1)),
  });
  return {
    query: side(() => rows.map((row) => near(row, cosine))),
    candidate: side(() => rows),
  };
}

describe('rankEmbeddings', () => {
  it.each([
    [1031, 19, 0.8],
    [1031, 19, 0],
    [211, 13, 0.95],
  ])(
    'is evaluateTasks, rank by rank, through ONNX Runtime: %i pairs of %i numbers, partners at %f',
    async (...given) => {
      const { query, candidate } = sides(...given);
      const found = await rankEmbeddings({ query, candidate });
      expect(found).toEqual(await evaluateTasks({ query, candidate }));
    },
  );

  it('stops at a signal, and tells its progress', async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const running = rankEmbeddings({
      ...sides(97, 11, 0.8),
      signal: controller.signal,
      onProgress: ({ task, done, total }) => {
        seen.push(`${task} ${done}/${total}`);
        if (seen.length === 2) controller.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'interrupted' });
    expect(seen).toHaveLength(2);
  });
});
