import type { Matrix } from '../embeddings.js';

/** Halvings of the search for a point's beta: enough for any scale of float64 distances. */
const mostHalvings = 200;
/** How far a point's entropy may be from the wanted one, in nats. */
const tolerance = 1e-7;

/**
 * The affinities P of t-SNE: `p(j|i) = exp(-beta_i d_ij^2) / sum_k exp(-beta_i d_ik^2)` with beta_i such that its entropy is
 * `ln(perplexity)`, and `p_ij = (p(j|i) + p(i|j)) / 2N`, so that all ordered pairs together give 1.
 *
 * @param points `[N, D]`
 * @returns p_ij for i < j, in the order (0,1), (0,2), ..., (1,2), ..., `[N (N - 1) / 2]`
 */
export function affinities(points: Matrix, perplexity: number): Float64Array {
  const n = points.rows;
  const squared = squaredDistances(points);
  const joint = new Float64Array(squared.length);
  const row = new Float64Array(n - 1);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n - 1; j++) row[j] = squared[placeOf(i, j < i ? j : j + 1, n)] as number;
    calibrate(row, perplexity);
    for (let j = 0; j < n - 1; j++) {
      (joint[placeOf(i, j < i ? j : j + 1, n)] as number) += (row[j] as number) / (2 * n);
    }
  }
  return joint;
}

/** Where the pair of two different points stands among all pairs of n. */
export function placeOf(i: number, j: number, n: number): number {
  const [low, high] = i < j ? [i, j] : [j, i];
  return low * n - (low * (low + 1)) / 2 + (high - low - 1);
}

/**
 * Squared distances from a point to the others in, its conditional affinities p(j|i) out, in place. Where so many others are equally near
 * that no beta is sharp enough, these share all of it.
 */
export function calibrate(row: Float64Array, perplexity: number): void {
  const wanted = Math.log(perplexity);
  const nearest = row.reduce((least, distance) => Math.min(least, distance), Number.POSITIVE_INFINITY);
  // Betas grow with a smaller scale: the search starts at the scale of the distances.
  const mean = row.reduce((sum, distance) => sum + distance - nearest, 0) / row.length;
  if (mean === 0) {
    row.fill(1 / row.length);
    return;
  }
  let [low, high, beta] = [0, Number.POSITIVE_INFINITY, 1 / mean];
  for (let step = 0; step < mostHalvings; step++) {
    const off = entropyAt(row, nearest, beta) - wanted;
    if (Math.abs(off) < tolerance) break;
    if (off > 0) low = beta;
    else high = beta;
    beta = high === Number.POSITIVE_INFINITY ? beta * 2 : (low + high) / 2;
  }
  let sum = 0;
  for (let j = 0; j < row.length; j++) {
    const weight = Math.exp(-beta * ((row[j] as number) - nearest));
    row[j] = weight;
    sum += weight;
  }
  for (let j = 0; j < row.length; j++) (row[j] as number) /= sum;
}

/** The entropy in nats of the affinities at a beta: `ln(sum w) + beta sum(w d) / sum(w)`. */
function entropyAt(row: Float64Array, nearest: number, beta: number): number {
  let [sum, weighted] = [0, 0];
  for (let j = 0; j < row.length; j++) {
    const beyond = (row[j] as number) - nearest;
    const weight = Math.exp(-beta * beyond);
    sum += weight;
    if (weight > 0) weighted += weight * beyond;
  }
  return Math.log(sum) + (beta * weighted) / sum;
}

function squaredDistances({ rows: n, columns, data }: Matrix): Float64Array {
  const squared = new Float64Array((n * (n - 1)) / 2);
  let place = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) {
        const difference = (data[i * columns + k] as number) - (data[j * columns + k] as number);
        sum += difference * difference;
      }
      squared[place++] = sum;
    }
  }
  return squared;
}
