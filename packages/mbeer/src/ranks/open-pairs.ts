import type { Matrix } from '../embeddings.js';

/** Pairs of a query and a candidate whose order against the query's partner only the exact score can tell. */
export interface OpenPairs {
  /** Another pair. */
  add(query: number, candidate: number): void;
  /** Scores the pairs that wait. */
  settle(): void;
  /** Pairs scored so far. */
  readonly settled: number;
}

const most = 4096;

/**
 * Collects pairs and counts into `above[query]` those whose score, by the definition of `dotProducts`, is not below `own[query]`.
 *
 * @param own `[Q]`, score of each query's partner
 * @param above `[Q]`, counted up
 */
export function openPairs(queries: Matrix, candidates: Matrix, own: Float32Array, above: Int32Array): OpenPairs {
  const asking = new Int32Array(most);
  const asked = new Int32Array(most);
  const scores = new Float32Array(most);
  let count = 0;
  let settled = 0;
  function settle(): void {
    scorePairs(queries, candidates, asking, asked, count, scores);
    for (let p = 0; p < count; p++) {
      const query = asking[p] as number;
      if (!((scores[p] as number) < (own[query] as number))) above[query] = (above[query] as number) + 1;
    }
    settled += count;
    count = 0;
  }
  return {
    add(query, candidate) {
      asking[count] = query;
      asked[count] = candidate;
      if (++count === most) settle();
    },
    settle,
    get settled() {
      return settled;
    },
  };
}

/**
 * The scores of some pairs as `dotProducts` has them: summed in ascending order in float64, rounded once to float32. Four at a time, so
 * that a sum need not wait for itself.
 */
export function scorePairs(
  { data: q, columns }: Matrix,
  { data: c }: Matrix,
  asking: ArrayLike<number>,
  asked: ArrayLike<number>,
  count: number,
  out: Float32Array,
): void {
  let p = 0;
  for (; p + 4 <= count; p += 4) {
    const q0 = (asking[p] as number) * columns;
    const q1 = (asking[p + 1] as number) * columns;
    const q2 = (asking[p + 2] as number) * columns;
    const q3 = (asking[p + 3] as number) * columns;
    const c0 = (asked[p] as number) * columns;
    const c1 = (asked[p + 1] as number) * columns;
    const c2 = (asked[p + 2] as number) * columns;
    const c3 = (asked[p + 3] as number) * columns;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let k = 0; k < columns; k++) {
      s0 += (q[q0 + k] as number) * (c[c0 + k] as number);
      s1 += (q[q1 + k] as number) * (c[c1 + k] as number);
      s2 += (q[q2 + k] as number) * (c[c2 + k] as number);
      s3 += (q[q3 + k] as number) * (c[c3 + k] as number);
    }
    out[p] = s0;
    out[p + 1] = s1;
    out[p + 2] = s2;
    out[p + 3] = s3;
  }
  for (; p < count; p++) {
    const from = (asking[p] as number) * columns;
    const to = (asked[p] as number) * columns;
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += (q[from + k] as number) * (c[to + k] as number);
    out[p] = sum;
  }
}
