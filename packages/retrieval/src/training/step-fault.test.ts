import { cmal } from '@uniecs/losses';
import { expect, it } from 'vitest';
import { stepFault } from './step-fault.js';
import type { StepNumbers } from './step-numbers.js';

const numbers: StepNumbers = {
  loss: 3,
  terms: Float32Array.of(1, 2),
  lambdas: Float32Array.of(1, 1),
  gradientNorms: Float32Array.of(0.1, 0),
  maskedNegatives: Float32Array.of(0, 0),
  rowSums: Float32Array.of(0.1, 0.2, 0.3, 0.4),
  gradientNorm: 0.5,
  taken: false,
};
const ids = ['a', undefined, 'b', 'c'];

it.each<[string, Partial<StepNumbers>, string | undefined, string]>([
  ['a loss that is NaN', { terms: Float32Array.of(1, Number.NaN) }, 'PML', 'loss NaN'],
  ['an infinite loss', { terms: Float32Array.of(Number.POSITIVE_INFINITY, 2) }, 'V2T', 'loss Infinity'],
  ['a gradient that is NaN', { gradientNorms: Float32Array.of(Number.NaN, 1) }, 'V2T', 'norm NaN'],
  ['weights that make the sum NaN', { loss: Number.NaN }, undefined, 'weighted loss is NaN'],
  ['a gradient of the parameters that is infinite', { gradientNorm: Number.POSITIVE_INFINITY }, undefined, 'Infinity'],
])('names %s', (_, wrong, term, said) => {
  const fault = stepFault({ ...numbers, ...wrong }, cmal(), ids);
  expect(fault.term).toBe(term);
  expect(fault.reason).toContain(said);
  expect(fault.items).toEqual([]);
});

it('names the items whose representations are not finite, each once and no padding', () => {
  const rowSums = Float32Array.of(0.1, Number.NaN, Number.NaN, Number.NaN);
  const fault = stepFault({ ...numbers, loss: Number.NaN, rowSums }, cmal(), ['a', undefined, 'b', 'b']);
  expect(fault.items).toEqual(['b']);
  expect(fault.reason).toContain('of the item b');
  const all = stepFault({ ...numbers, rowSums: rowSums.fill(Number.NaN) }, cmal(), ids);
  expect(all.items).toEqual(['a', 'b', 'c']);
  expect(all.reason).toContain('all 3 items of the batch');
});

it('lists no more than eight', () => {
  const many = Array.from({ length: 12 }, (_, i) => `item${i}`);
  const rowSums = Float32Array.from(many, (_, i) => (i < 10 ? Number.NaN : 0));
  const fault = stepFault({ ...numbers, rowSums }, cmal(), many);
  expect(fault.items).toHaveLength(10);
  expect(fault.reason).toMatch(/item7 and 2 more$/);
});
