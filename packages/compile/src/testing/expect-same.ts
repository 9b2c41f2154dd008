import type { Tensor } from '@tensorflow/tfjs-core';
import type { Closeness } from '@uniecs/tensor/testing';
import { expect } from 'vitest';
import type { HostTensor } from '../trace/tensor-tree.js';

/** Expects a compiled result to be the eager one: dtype, shape, the same places of NaN, and close everywhere else. */
export function expectSame(compiled: HostTensor, eager: Tensor, closeness: Closeness = {}): void {
  expect(compiled.dtype).toBe(eager.dtype);
  expect(compiled.shape).toEqual(eager.shape);
  const [actual, expected] = [Array.from(compiled.data), Array.from(eager.dataSync())];
  expect(actual.map(Number.isNaN), 'places of NaN').toEqual(expected.map(Number.isNaN));
  const numbers = (values: number[]) => values.map((x) => (Number.isNaN(x) ? 0 : x));
  expect(numbers(actual)).toBeCloseToArray(numbers(expected), closeness);
}
