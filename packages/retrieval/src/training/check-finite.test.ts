import { cmal } from '@uniecs/losses';
import { UniecsError } from '@uniecs/tensor';
import { expect, it } from 'vitest';
import { checkFinite } from './check-finite.js';
import type { StepNumbers } from './step-runner.js';

const good: StepNumbers = {
  loss: 3,
  terms: Float32Array.of(1, 2),
  lambdas: Float32Array.of(1, 1),
  gradientNorms: Float32Array.of(0.1, 0),
  maskedNegatives: Float32Array.of(0, 0),
};

it('lets finite numbers pass', () => expect(() => checkFinite(good, cmal(), 4)).not.toThrow());

it.each<[string, Partial<StepNumbers>, string | undefined]>([
  ['a loss that is NaN', { terms: Float32Array.of(1, Number.NaN) }, 'PML'],
  ['an infinite loss', { terms: Float32Array.of(Number.POSITIVE_INFINITY, 2) }, 'V2T'],
  ['a gradient that is NaN', { gradientNorms: Float32Array.of(Number.NaN, 1) }, 'V2T'],
  ['an infinite gradient', { gradientNorms: Float32Array.of(1, Number.POSITIVE_INFINITY) }, 'PML'],
  ['weights that make the sum NaN', { loss: Number.NaN }, undefined],
])('stops at %s, naming term and step', (_, wrong, term) => {
  try {
    checkFinite({ ...good, ...wrong }, cmal(), 4);
  } catch (error) {
    expect(UniecsError.isInstance(error) && error).toMatchObject({ code: 'numeric', details: { step: 4, term } });
    expect(String(error)).toContain('step 4');
    if (term) expect(String(error)).toContain(term);
    return;
  }
  throw new Error('it did not stop');
});
