import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { dotProducts } from './dot-products.js';

function matrix(rows: number, columns: number, seed: number) {
  const random = seededRandom(seed);
  return { rows, columns, data: Float32Array.from({ length: rows * columns }, () => random.normal()) };
}

describe('dotProducts', () => {
  it.each([
    [1, 1, 1],
    [4, 2, 3],
    [7, 67, 13],
    [13, 31, 5],
    [3, 64, 129],
    [0, 5, 3],
    [5, 0, 3],
  ])('equals three plain loops: %i queries, %i candidates, %i columns', (rows, width, columns) => {
    const a = matrix(rows, columns, 1);
    const b = matrix(width, columns, 2);
    const expected = new Float32Array(rows * width);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < width; j++) {
        let sum = 0;
        for (let k = 0; k < columns; k++) {
          sum += (a.data[i * columns + k] as number) * (b.data[j * columns + k] as number);
        }
        expected[i * width + j] = sum;
      }
    }
    expect(dotProducts(a, b)).toEqual(expected);
  });

  it('gives equal rows equal scores wherever they stand in the blocks', () => {
    const columns = 37;
    const row = matrix(1, columns, 3).data;
    const data = new Float32Array(71 * columns);
    for (let j = 0; j < 71; j++) data.set(row, j * columns);
    const out = dotProducts(matrix(7, columns, 4), { rows: 71, columns, data });
    for (let i = 0; i < 7; i++) expect(new Set(out.subarray(i * 71, (i + 1) * 71)).size).toBe(1);
  });
});
