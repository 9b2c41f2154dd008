import type { Matrix } from '../embeddings.js';

/** Some candidates in whole numbers, `c_j = center + step (a_j - 128) + rest_j`, for products of bytes. */
export interface CandidateTile {
  /** Their rows. */
  readonly rows: Int32Array;
  /** `[R, D]`; rows beyond the candidates hold 128. */
  readonly a: Uint8Array;
  /** Above 0. */
  readonly step: number;
  /** The largest norm of `rest_j`. */
  readonly rest: number;
  /** The largest norm of `c_j - center`. */
  readonly spread: number;
}

/** Candidates in tiles. */
export interface ScreenedCandidates {
  /** `[D]`, their mean: what is near it needs small numbers alone. */
  readonly center: Float64Array;
  readonly tiles: readonly CandidateTile[];
  /** The largest norm of a candidate. */
  readonly norm: number;
}

/** Candidates that are nearer to their mean than this have no whole numbers. */
const leastStep = 1e-200;

/**
 * Rounds candidates to bytes, in tiles of R that share a step. Rows with a like largest number share a tile, so that a few outliers cost
 * no other row its precision. Takes D bytes a candidate.
 *
 * @param height R
 */
export function screenCandidates(candidates: Matrix, height: number): ScreenedCandidates {
  const { rows: count, columns: depth, data } = candidates;
  const center = meanRow(candidates);
  const largest = new Float64Array(count);
  let norm = 0;
  for (let j = 0; j < count; j++) {
    let most = 0;
    let all = 0;
    for (let d = 0; d < depth; d++) {
      const value = data[j * depth + d] as number;
      all += value * value;
      most = Math.max(most, Math.abs(value - (center[d] as number)));
    }
    largest[j] = most;
    norm = Math.max(norm, all);
  }
  const order = Int32Array.from({ length: count }, (_, j) => j);
  order.sort((a, b) => (largest[a] as number) - (largest[b] as number) || a - b);
  const tiles: CandidateTile[] = [];
  for (let start = 0; start < count; start += height) {
    const rows = order.slice(start, start + height);
    const widest = largest[rows[rows.length - 1] as number] as number;
    const step = widest > leastStep ? widest / 127 : 1;
    tiles.push(roundRows(candidates, rows, height, center, step));
  }
  return { center, tiles, norm: Math.sqrt(norm) };
}

function roundRows(
  { data, columns: depth }: Matrix,
  rows: Int32Array,
  height: number,
  center: Float64Array,
  step: number,
): CandidateTile {
  const a = new Uint8Array(height * depth).fill(128);
  const inverse = 1 / step;
  let [rest, spread] = [0, 0];
  for (let r = 0; r < rows.length; r++) {
    const start = (rows[r] as number) * depth;
    let left = 0;
    let all = 0;
    for (let d = 0; d < depth; d++) {
      const value = (data[start + d] as number) - (center[d] as number);
      // To the nearest whole number, or to one beside it: the rest is what it is.
      const byte = (value * inverse + 128.5) | 0;
      a[r * depth + d] = byte;
      const off = value - (byte - 128) * step;
      left += off * off;
      all += value * value;
    }
    rest = Math.max(rest, left);
    spread = Math.max(spread, all);
  }
  return { rows, a, step, rest: Math.sqrt(rest), spread: Math.sqrt(spread) };
}

function meanRow({ rows, columns, data }: Matrix): Float64Array {
  const mean = new Float64Array(columns);
  for (let j = 0; j < rows; j++) {
    for (let d = 0; d < columns; d++) mean[d] = (mean[d] as number) + (data[j * columns + d] as number);
  }
  return rows === 0 ? mean : mean.map((sum) => sum / rows);
}
