import { Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** Nested number arrays, typed arrays or tensors: whatever has numbers in row-major order. */
export type ArrayLike = number | Tensor | Float32Array | Float64Array | Int32Array | readonly ArrayLike[];

/** How close is close: `|a - b| <= absolute + relative * |b|`, per dtype where not given. */
export interface Closeness {
  readonly dtype?: 'float32' | 'float64' | 'int32';
  readonly relative?: number;
  readonly absolute?: number;
}

/** The arguments of the matcher. */
export type ToBeCloseToArray = (expected: ArrayLike, closeness?: Closeness) => void;

const tolerances = {
  float32: { relative: 1e-5, absolute: 1e-6 },
  float64: { relative: 1e-12, absolute: 1e-14 },
  int32: { relative: 0, absolute: 0 },
} as const;

/**
 * Compares whole arrays element by element: same shape (where both have one), same count, NaN equal to nothing (a NaN that is
 * expected must be tested for by itself), infinities only to themselves.
 *
 * @returns undefined when close, else a sentence with the worst element
 */
export function compareArrays(actual: ArrayLike, expected: ArrayLike, closeness: Closeness = {}): string | undefined {
  const tolerance = { ...tolerances[closeness.dtype ?? 'float32'], ...closeness };
  const [a, b] = [flatten(actual), flatten(expected)];
  if (a.shape && b.shape && String(a.shape) !== String(b.shape)) return `shape [${a.shape}] is not [${b.shape}]`;
  if (a.values.length !== b.values.length) return `${a.values.length} elements are not ${b.values.length}`;
  let worst = -1;
  let worstExcess = 0;
  let differing = 0;
  a.values.forEach((x, i) => {
    const y = b.values[i] as number;
    const excess =
      x === y ? 0 : Math.abs(x - y) / (tolerance.absolute + tolerance.relative * Math.abs(y) || Number.MIN_VALUE);
    if (excess <= 1 && Number.isFinite(x)) return;
    if (x === y) return;
    differing++;
    if (worst < 0 || Number.isNaN(excess) || excess > worstExcess) [worst, worstExcess] = [i, excess];
  });
  if (differing === 0) return undefined;
  const limits = `relative ${tolerance.relative}, absolute ${tolerance.absolute}`;
  return `${differing} of ${a.values.length} elements differ (${limits}); worst at ${worst}: ${a.values[worst]} is not ${b.values[worst]}`;
}

function flatten(x: ArrayLike): { values: number[]; shape?: number[] } {
  if (typeof x === 'number') return { values: [x] };
  if (x instanceof Tensor) return { values: Array.from(x.dataSync() as Float32Array), shape: [...x.shape] };
  if (ArrayBuffer.isView(x)) return { values: Array.from(x as Float32Array) };
  const parts = (x as readonly ArrayLike[]).map((part) => {
    const { values, shape } = flatten(part);
    return { values, shape: typeof part === 'number' ? [] : (shape ?? [values.length]) };
  });
  const inner = parts[0]?.shape ?? [];
  if (parts.some(({ shape }) => String(shape) !== String(inner))) throw new Error('toBeCloseToArray: ragged array');
  return { values: parts.flatMap((part) => part.values), shape: [parts.length, ...inner] };
}

expect.extend({
  toBeCloseToArray(actual: ArrayLike, expected: ArrayLike, closeness?: Closeness) {
    const difference = compareArrays(actual, expected, closeness);
    return {
      pass: difference === undefined,
      message: () => difference ?? 'expected arrays to differ, but they are close',
    };
  },
});

declare module 'vitest' {
  interface Matchers<T> {
    toBeCloseToArray: ToBeCloseToArray;
  }
}
