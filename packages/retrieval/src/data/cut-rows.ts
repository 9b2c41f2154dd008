import type { HostTensor } from '@uniecs/compile';

/** Which rows are cut, and what fills up those beyond the end. */
export interface CutRowsOptions {
  readonly start: number;
  readonly count: number;
  /** `zeros` (default), or the tensor's first row again. */
  readonly beyond?: 'zeros' | 'first';
}

/**
 * Rows `start` to `start + count` of a float32 or int32 tensor [B, ...]: [count, ...] whatever B is, so that every cut has one shape. A
 * view of the tensor's array where all of them are there, else a copy.
 */
export function cutRows({ dtype, shape, data }: HostTensor, { start, count, beyond }: CutRowsOptions): HostTensor {
  const rowSize = shape.slice(1).reduce((product, n) => product * n, 1);
  const cutShape = [count, ...shape.slice(1)];
  const rows = data.subarray(start * rowSize, (start + count) * rowSize);
  if (rows.length === count * rowSize) return { dtype, shape: cutShape, data: rows };
  const out = dtype === 'int32' ? new Int32Array(count * rowSize) : new Float32Array(count * rowSize);
  out.set(rows);
  if (beyond === 'first') {
    for (let at = rows.length; at < out.length; at += rowSize) out.set(data.subarray(0, rowSize), at);
  }
  return { dtype, shape: cutShape, data: out };
}
