import { certainty, type ScreeningWork } from './screening-work.js';

/**
 * Counts into `above` what products in float32 can tell of some queries, and adds to `open` what they leave open.
 *
 * @param rows the queries
 * @param norm the largest norm of a candidate
 */
export async function rankByFloats(
  work: ScreeningWork & { readonly rows: Int32Array; readonly norm: number },
): Promise<void> {
  const { queries, candidates, products, columns, height, rows, between } = work;
  if (rows.length === 0) return;
  const depth = queries.columns;
  const a = new Float32Array(columns * depth);
  const padded = new Float32Array(height * depth);
  const out = new Float32Array(columns * height);
  for (let start = 0; start < rows.length; start += columns) {
    await between(queries.rows - rows.length + start);
    const block = rows.subarray(start, start + columns);
    a.fill(0);
    block.forEach((row, i) => {
      a.set(queries.data.subarray(row * depth, (row + 1) * depth), i * depth);
    });
    const limits = Array.from(block, (row) => limitsOf(work, row));
    for (let first = 0; first < candidates.rows; first += height) {
      const count = Math.min(height, candidates.rows - first);
      const tile = candidates.data.subarray(first * depth, (first + count) * depth);
      const whole = count === height;
      if (!whole) padded.set(tile);
      await products.floats({ shape: [columns, depth, height], a, b: whole ? tile : padded, out });
      for (const [i, { low, high }] of limits.entries()) {
        countScores(work, block[i] as number, out.subarray(i * height, i * height + count), first, low, high);
      }
    }
    work.open.settle();
  }
}

/**
 * Counts the scores from `high` on and opens those from `low` on, the partner's own left out. Where a score stands is a coin toss for the
 * processor, so it is added and not branched upon; an open one is rare.
 */
function countScores(
  { above, open, positives }: ScreeningWork,
  query: number,
  scores: Float32Array,
  first: number,
  low: number,
  high: number,
): void {
  const partner = (positives[query] as number) - first;
  const middle = (low + high) / 2;
  const half = ((high - low) / 2) * (1 + 2 ** -20) + Math.abs(middle) * 2 ** -50;
  let count = 0;
  for (let j = 0; j < scores.length; j++) {
    const score = scores[j] as number;
    count += +(score >= high);
    if (Math.abs(score - middle) <= half && score >= low && score < high && j !== partner) open.add(query, first + j);
  }
  if (partner >= 0 && partner < scores.length && (scores[partner] as number) >= high) count--;
  above[query] = (above[query] as number) + count;
}

function limitsOf(
  { queries, own, norm }: ScreeningWork & { readonly norm: number },
  row: number,
): { readonly low: number; readonly high: number } {
  const { columns: depth, data } = queries;
  let sum = 0;
  for (let d = row * depth; d < (row + 1) * depth; d++) sum += (data[d] as number) ** 2;
  const norms = Math.sqrt(sum) * norm;
  const { low, high } = certainty(own[row] as number, depth, norms);
  const share = (depth + 2) * 2 ** -24;
  // What is too small for float32 may be lost with each product and each sum.
  const bound = (share / (1 - share)) * norms * (1 + 2 ** -20) + depth * 2 ** -124;
  return { low: low - bound, high: high + bound };
}
