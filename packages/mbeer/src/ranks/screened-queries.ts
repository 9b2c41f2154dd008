import type { Matrix } from '../embeddings.js';

/** A block of queries in whole numbers, `q_i = step_i b_i + rest_i`, for products of bytes. */
export interface ScreenedQueries {
  /** `[D, C]`, column i is query i; columns beyond the queries are zero. */
  readonly b: Int8Array;
  /** `[C]`; 0 for a query of zeros. */
  readonly step: Float64Array;
  /** `[C]`, norm of `step_i b_i`. */
  readonly norm: Float64Array;
  /** `[C]`, norm of `rest_i`. */
  readonly rest: Float64Array;
  /** `[C]`, norm of `q_i`. */
  readonly whole: Float64Array;
  /** `[C]`, `q_i . center`. */
  readonly atCenter: Float64Array;
}

/**
 * Rounds queries to whole numbers, each by a step of its own.
 *
 * @param from first row of the block
 * @param count queries in it, at most `columns`
 * @param columns C
 * @param most largest magnitude of a whole number
 * @param center `[D]`
 */
export function screenQueries(
  { data, columns: depth }: Matrix,
  from: number,
  count: number,
  columns: number,
  most: number,
  center: Float64Array,
): ScreenedQueries {
  const b = new Int8Array(depth * columns);
  const numbers = () => new Float64Array(columns);
  const [step, norm, rest, whole, atCenter] = [numbers(), numbers(), numbers(), numbers(), numbers()] as const;
  for (let i = 0; i < count; i++) {
    const start = (from + i) * depth;
    let largest = 0;
    for (let d = 0; d < depth; d++) largest = Math.max(largest, Math.abs(data[start + d] as number));
    const size = largest / most;
    const inverse = 1 / size;
    let rounded = 0;
    let left = 0;
    let all = 0;
    let product = 0;
    for (let d = 0; d < depth; d++) {
      const value = data[start + d] as number;
      // To the nearest whole number, or to one beside it: the rest is what it is.
      const integer = size > 0 ? ((value * inverse + 128.5) | 0) - 128 : 0;
      b[d * columns + i] = integer;
      const near = integer * size;
      rounded += near * near;
      left += (value - near) * (value - near);
      all += value * value;
      product += value * (center[d] as number);
    }
    step[i] = size;
    norm[i] = Math.sqrt(rounded);
    rest[i] = Math.sqrt(left);
    whole[i] = Math.sqrt(all);
    atCenter[i] = product;
  }
  return { b, step, norm, rest, whole, atCenter };
}
