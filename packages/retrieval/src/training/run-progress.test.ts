import { expect, it } from 'vitest';
import { afterStep, afterValidation, isStoppedEarly, outcomeOf, type RunProgress, startOfRun } from './run-progress.js';

const settings = { seed: 7, precision: 'float32' } as const;

it('counts batches, skipped steps, and where the sampler and the dropout counter stand', () => {
  let progress = startOfRun(settings, 'f');
  const seen: unknown[] = [];
  for (const taken of [true, false, false, true, false]) {
    progress = afterStep(progress, taken ? 'taken' : 'skipped', 3);
    const { step, skipped, skippedInRow, sampler, random } = progress;
    seen.push([step, skipped, skippedInRow, sampler.epoch, sampler.batch, random.dropout]);
  }
  expect(seen).toEqual([
    [1, 0, 0, 0, 1, 1],
    [2, 1, 1, 0, 2, 2],
    [3, 2, 2, 1, 0, 3],
    [4, 2, 0, 1, 1, 4],
    [5, 3, 1, 1, 2, 5],
  ]);
  expect(progress.random.seed).toBe(7);
});

it('stops early after so many validations that are not better by the least difference', () => {
  const early = { patience: 2, minDelta: 0.1 };
  let progress: RunProgress = startOfRun(settings, 'f');
  const stopped = [0.2, 0.25, 0.5, 0.55, 0.59].map((value) => {
    progress = afterValidation(progress, { value, isBest: true }, early);
    return isStoppedEarly(progress, early);
  });
  expect(stopped).toEqual([false, false, false, false, true]);
  // What is kept is the best whatever the difference.
  expect(progress.best?.value).toBe(0.59);
  expect(isStoppedEarly(progress, { patience: 3 })).toBe(false);
  expect(isStoppedEarly(progress, false)).toBe(false);
});

it('holds later validations against weights that are there, not against better ones that could not be saved', () => {
  const early = { patience: 1 };
  const after = (progress: RunProgress, value: number, isBest: boolean) =>
    afterValidation(progress, { value, isBest }, early);
  const unsaved = after(after(startOfRun(settings, 'f'), 0.3, true), 0.5, false);
  expect(isStoppedEarly(unsaved, early)).toBe(false);
  expect(unsaved).toMatchObject({ best: { value: 0.3 }, stopping: { best: 0.3, since: 0 } });
  const next = after(unsaved, 0.4, true);
  expect(isStoppedEarly(next, early)).toBe(false);
  expect(next).toMatchObject({ best: { value: 0.4 }, stopping: { best: 0.4, since: 0 } });
  expect(isStoppedEarly(after(next, 0.4, false), early)).toBe(true);
  expect(after(startOfRun(settings, 'f'), 0.5, false)).not.toHaveProperty('stopping');
});

it('keeps no count where early stopping is off', () => {
  const progress = afterValidation(startOfRun(settings, 'f'), { value: 0.5, isBest: false }, false);
  expect(progress).not.toHaveProperty('stopping');
  expect(progress).not.toHaveProperty('best');
  expect(progress.validated).toBe(0);
});

it('an overflow of float16 halves the loss scale and is no skip in a row; a fault leaves the scale', () => {
  const start = startOfRun({ seed: 7, precision: 'float16' }, 'f');
  expect(start.lossScale).toEqual({ scale: 65536, since: 0 });
  const overflowed = afterStep(afterStep(start, 'taken', 9), 'overflowed', 9);
  expect(overflowed).toMatchObject({ skipped: 1, skippedInRow: 0, lossScale: { scale: 32768, since: 0 } });
  const skipped = afterStep(afterStep(overflowed, 'taken', 9), 'skipped', 9);
  expect(skipped).toMatchObject({ skipped: 2, skippedInRow: 1, lossScale: { scale: 32768, since: 1 } });
  expect(afterStep(skipped, 'overflowed', 9)).toMatchObject({ skippedInRow: 1, lossScale: { scale: 16384 } });
});

it('tells an overflow of the scaled gradient from a fault', () => {
  const [one, none] = [Float32Array.of(1), new Float32Array(0)];
  const numbers = { loss: 1, terms: one, lambdas: one, gradientNorms: one, maskedNegatives: none, rowSums: none };
  const infinite = { ...numbers, gradientNorm: Number.POSITIVE_INFINITY, taken: false };
  const at = (scale: number) => ({ lossScale: { scale, since: 0 } });
  expect(outcomeOf({ ...numbers, gradientNorm: 1, taken: true }, at(2))).toBe('taken');
  expect(outcomeOf(infinite, at(2))).toBe('overflowed');
  expect(outcomeOf(infinite, at(1)), 'no smaller scale is left').toBe('skipped');
  expect(outcomeOf(infinite, {}), 'nothing was scaled').toBe('skipped');
  expect(outcomeOf({ ...infinite, terms: Float32Array.of(Number.NaN) }, at(2)), 'the loss').toBe('skipped');
});
