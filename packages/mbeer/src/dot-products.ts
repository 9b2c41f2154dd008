import type { Matrix } from './embeddings.js';

/** How a block of queries is scored against all candidates: `[Q, D]` and `[M, D]` in, row-major `[Q, M]` out. */
export type Scores = (queries: Matrix, candidates: Matrix) => Float32Array | Promise<Float32Array>;

/** Candidate rows that stay in the first-level cache while the queries pass over them (times 128 floats: 16 KB). */
const candidateTile = 32;

/**
 * All dot products of two matrices, `out[i, j] = sum_k queries[i, k] candidates[j, k]`, `[Q, M]`.
 * Each is summed over k in ascending order in float64 and rounded once to float32, so equal rows get equal scores wherever they stand
 * in the blocks: ties are ties.
 */
export function dotProducts(queries: Matrix, candidates: Matrix): Float32Array {
  const a = queries.data;
  const b = candidates.data;
  const columns = queries.columns;
  const width = candidates.rows;
  const out = new Float32Array(queries.rows * width);
  for (let start = 0; start < width; start += candidateTile) {
    const end = Math.min(start + candidateTile, width);
    const paired = start + ((end - start) & ~1);
    let i = 0;
    for (; i + 4 <= queries.rows; i += 4) {
      const a0 = i * columns;
      const a1 = a0 + columns;
      const a2 = a1 + columns;
      const a3 = a2 + columns;
      let j = start;
      for (; j < paired; j += 2) {
        const b0 = j * columns;
        const b1 = b0 + columns;
        let s00 = 0;
        let s01 = 0;
        let s10 = 0;
        let s11 = 0;
        let s20 = 0;
        let s21 = 0;
        let s30 = 0;
        let s31 = 0;
        for (let k = 0; k < columns; k++) {
          const x0 = b[b0 + k] as number;
          const x1 = b[b1 + k] as number;
          let q = a[a0 + k] as number;
          s00 += q * x0;
          s01 += q * x1;
          q = a[a1 + k] as number;
          s10 += q * x0;
          s11 += q * x1;
          q = a[a2 + k] as number;
          s20 += q * x0;
          s21 += q * x1;
          q = a[a3 + k] as number;
          s30 += q * x0;
          s31 += q * x1;
        }
        const o = i * width + j;
        out[o] = s00;
        out[o + 1] = s01;
        out[o + width] = s10;
        out[o + width + 1] = s11;
        out[o + 2 * width] = s20;
        out[o + 2 * width + 1] = s21;
        out[o + 3 * width] = s30;
        out[o + 3 * width + 1] = s31;
      }
      for (; j < end; j++) {
        for (let row = i; row < i + 4; row++) out[row * width + j] = dot(a, row * columns, b, j * columns, columns);
      }
    }
    for (; i < queries.rows; i++) {
      for (let j = start; j < end; j++) out[i * width + j] = dot(a, i * columns, b, j * columns, columns);
    }
  }
  return out;
}

function dot(a: Float32Array, aStart: number, b: Float32Array, bStart: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += (a[aStart + k] as number) * (b[bStart + k] as number);
  return sum;
}
