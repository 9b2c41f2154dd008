import { matrixProducts } from '@uniecs/compile';
import type { Scores } from '@uniecs/mbeer';

/** Does some work with dot products through ONNX Runtime: float32 sums, in memory that each product reuses. */
export async function withFloatScores<T>(work: (scores: Scores) => Promise<T>): Promise<T> {
  const products = matrixProducts();
  let out = new Float32Array(0);
  try {
    return await work(async (queries, candidates) => {
      const size = queries.rows * candidates.rows;
      if (out.length < size) out = new Float32Array(size);
      const scores = out.subarray(0, size);
      const shape = [queries.rows, queries.columns, candidates.rows] as const;
      await products.floats({ shape, a: queries.data, b: candidates.data, out: scores });
      return scores;
    });
  } finally {
    await products.dispose();
  }
}
