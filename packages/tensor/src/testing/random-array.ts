import type { Random } from '../random/seeded-random.js';

/** Standard normal numbers for a shape, row-major. */
export function randomArray(random: Random, shape: readonly number[]): Float32Array {
  return Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, () => random.normal());
}
