import { mineNegatives, tasks } from '@uniecs/mbeer';
import { seededRandom } from '@uniecs/tensor';
import { expect, it } from 'vitest';
import { mineEmbeddings } from './mine-embeddings.js';

it('finds the same to the bit as plain JavaScript, near ties included', async () => {
  const [count, dimension] = [307, 61];
  const random = seededRandom('mine');
  // Candidates in clusters whose members differ in the last places of float32.
  const matrix = () => {
    const data = new Float32Array(count * dimension);
    for (let row = 0; row < count; row++) {
      const cluster = seededRandom(row % 7);
      const own = data.subarray(row * dimension, (row + 1) * dimension);
      for (let k = 0; k < dimension; k++) own[k] = cluster.normal() + 1e-6 * random.normal();
      const norm = Math.hypot(...own);
      for (let k = 0; k < dimension; k++) own[k] = (own[k] as number) / norm;
    }
    return data;
  };
  const ones = new Uint8Array(count).fill(1);
  const side = () => ({
    ...{ count, dimension, fused: matrix(), image: matrix(), text: matrix(), hasImage: ones, hasText: ones },
  });
  const [query, candidate] = [side(), side()];
  for (const task of tasks.slice(0, 4)) {
    for (const rules of [{}, { rangeMin: 10, rangeMax: 60, count: 40 }, { relativeMargin: 1e-7 }]) {
      const options = { query, candidate, task, blockSize: 100, ...rules };
      expect(await mineEmbeddings(options)).toEqual(await mineNegatives(options));
    }
  }
});
