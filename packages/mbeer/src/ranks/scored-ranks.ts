import { UniecsError } from '@uniecs/tensor';
import { dotProducts, type Scores } from '../dot-products.js';
import { rankOfPositive } from '../recall.js';
import type { PositiveRanks } from './positive-ranks.js';

const where = 'evaluateTasks';

/**
 * Ranks by every score, block by block.
 *
 * @param scores the matrix product; default `dotProducts`, plain JavaScript
 * @param blockSize queries at a time, default 256; memory is about this many rows of scores
 */
export function scoredRanks(scores: Scores = dotProducts, blockSize = 256): PositiveRanks {
  return async ({ name, queries, candidates, positives, between }) => {
    const { rows, columns } = queries;
    const ranks = new Int32Array(rows);
    for (let start = 0; start < rows; start += blockSize) {
      await between(start);
      const count = Math.min(blockSize, rows - start);
      const data = queries.data.subarray(start * columns, (start + count) * columns);
      const block = await scores({ rows: count, columns, data }, candidates);
      checkScores(block, count, candidates.rows, name);
      for (let i = 0; i < count; i++) {
        const own = block.subarray(i * candidates.rows, (i + 1) * candidates.rows);
        ranks[start + i] = rankOfPositive(own, positives[start + i] as number);
      }
    }
    await between(rows);
    return ranks;
  };
}

function checkScores(block: Float32Array, rows: number, columns: number, task: string): void {
  if (block.length !== rows * columns) {
    throw new UniecsError({
      code: 'shape',
      where,
      expected: `${rows} x ${columns} scores in ${task}`,
      got: `${block.length} numbers`,
      hint: 'scores must return a row-major [queries, candidates] matrix',
    });
  }
  let count = 0;
  for (let i = 0; i < block.length; i++) if (!Number.isFinite(block[i])) count++;
  if (count > 0) {
    throw new UniecsError({
      code: 'numeric',
      where,
      expected: `finite scores in ${task}`,
      got: `${count} of ${block.length} in one block that are NaN or infinite`,
      hint: 'the embeddings overflow or the matrix product is broken',
      details: { task, count },
    });
  }
}
