import '@uniecs/tensor/testing';
import { expect, it } from 'vitest';
import { warmupCosine } from './learning-rate.js';

it('rises linearly to the peak, then falls by half a cosine to the end', () => {
  const schedule = warmupCosine({ peak: 0.8, warmupSteps: 4, totalSteps: 10, end: 0.2 });
  const cosine = [0, 1, 2, 3, 4, 5].map((t) => 0.2 + 0.6 * Math.cos((Math.PI * t) / 12) ** 2);
  const rates = Array.from({ length: 10 }, (_, t) => schedule(t));
  expect(rates).toBeCloseToArray([0.2, 0.4, 0.6, 0.8, ...cosine], { relative: 1e-12 });
  expect([schedule(10), schedule(1000)]).toBeCloseToArray([0.2, 0.2], { relative: 1e-12 });
});

it('works without warm-up, with nothing but warm-up, and for a single step', () => {
  expect(warmupCosine({ peak: 1, warmupSteps: 0, totalSteps: 2 })(0)).toBe(1);
  expect(warmupCosine({ peak: 1, warmupSteps: 0, totalSteps: 2 })(1)).toBeCloseTo(0.5, 12);
  expect(warmupCosine({ peak: 1, warmupSteps: 3, totalSteps: 3 })(2)).toBe(1);
  expect(warmupCosine({ peak: 1, warmupSteps: 1, totalSteps: 1 })(0)).toBe(1);
});
