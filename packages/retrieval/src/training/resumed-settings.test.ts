import { UniecsError } from '@uniecs/tensor';
import { expect, it } from 'vitest';
import { resumedSettings } from './resumed-settings.js';
import { type GivenSettings, trainSettings } from './train-settings.js';

const started = { batchSize: 8, seed: 3, optimizer: { weightDecay: 0.1 }, losses: { t2t: { temperature: 0.1 } } };
const stored = JSON.parse(JSON.stringify(trainSettings(started)));

it('has the stored settings, whether they are given again or not', () => {
  for (const given of [{}, undefined, started, { seed: 3, epochs: undefined }]) {
    expect(resumedSettings('run', stored, given)).toEqual(trainSettings(started));
  }
});

it('has the stored order of keys, whatever the order of those given: where factors overlap, the last one counts', () => {
  const factors = { learningRateFactors: { encoders: 0.1, '*.bias': 2 }, weighting: { beta: 0.5, floor: 0.1 } };
  const before = trainSettings(factors);
  const given = {
    weighting: { floor: 0.1, beta: 0.5 },
    learningRateFactors: { '*.bias': 2, encoders: 0.1 },
    optimizer: { weightDecay: 0.05, beta1: 0.9 },
    keepLast: 3,
  };
  expect(JSON.stringify(resumedSettings('run', JSON.parse(JSON.stringify(before)), given))).toBe(
    JSON.stringify({ ...before, keepLast: 3 }),
  );
});

it('takes what changes no result from what is given', () => {
  const given = { checkpointEvery: 5, checkpointMinutes: 0.5, onSaveError: 'continue', maxSkippedSteps: 1 } as const;
  expect(resumedSettings('run', stored, given)).toEqual({ ...trainSettings(started), ...given });
});

it.each<[GivenSettings, GivenSettings, string]>([
  [{}, { seed: 4 }, 'settings.seed 3 instead of 4'],
  [{}, { batchSize: 4, seed: 4 }, 'settings.seed 3 instead of 4 and 1 more differences'],
  [{}, { optimizer: {} }, 'settings.optimizer.weightDecay 0.1 instead of 0.05'],
  [{}, { losses: {} }, 'settings.losses.t2t {"temperature":0.1} instead of not set'],
  [{}, { freeze: ['encoders'] }, 'settings.freeze.0 not set instead of "encoders"'],
  [{}, { epochs: 20 }, 'settings.epochs 10 instead of 20'],
  [{}, { steps: 20 }, 'settings.steps not set instead of 20'],
  [{ steps: 7 }, { epochs: 10 }, 'settings.steps 7 instead of not set'],
])('stored with %o, refuses %o: %s', (more, given, got) => {
  try {
    resumedSettings('run', { ...stored, ...more }, given);
  } catch (error) {
    expect(UniecsError.isInstance(error) && error.code).toBe('data');
    expect((error as UniecsError).got).toBe(got);
    if (/epochs|steps/.test(got)) expect(String(error)).toContain('a longer one is another one');
    return;
  }
  throw new Error('it was accepted');
});
