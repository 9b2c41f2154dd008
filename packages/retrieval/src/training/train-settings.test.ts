import '@tensorflow/tfjs-backend-cpu';
import { dropTerms } from '@uniecs/losses';
import { UniecsError } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { type GivenSettings, presetLosses, presetWeighting, sizeDefaults, trainSettings } from './train-settings.js';

describe('trainSettings', () => {
  it('fills in the defaults of the size, and keeps what is given', () => {
    expect(trainSettings()).toMatchObject({ size: 'tiny', preset: 'recommended', seed: 7, epochs: 10, batchSize: 96 });
    expect(trainSettings({ size: 'base' })).toMatchObject({ ...sizeDefaults.base, microBatch: 1024 });
    const changed = trainSettings({ batchSize: 12, optimizer: { weightDecay: 0 }, augmentation: false });
    expect(changed).toMatchObject({ batchSize: 12, microBatch: 12, augmentation: false });
    expect(changed.optimizer).toEqual({ ...sizeDefaults.tiny.optimizer, weightDecay: 0 });
  });

  it.each<GivenSettings>([
    { epochs: 0 },
    { steps: 0 },
    { batchSize: 2.5 },
    { batchSize: 8, microBatch: 9 },
    { microBatch: 0 },
    { warmupSteps: -1 },
    { validateEvery: 0 },
    { checkpointEvery: Number.NaN },
    { learningRate: 0 },
    { learningRate: Number.POSITIVE_INFINITY },
    { seed: 0.5 },
    { size: 'huge' as 'tiny' },
    { preset: 'best' as 'paper' },
    { model: 'clip' as 'clip-sf' },
    { batching: { swap: 1.1 } },
    { batching: { swap: Number.NaN } },
    { modalityDropout: { image: -0.1 } },
    { modalityDropout: { text: 2 } },
    { modalityDropout: { image: 0.6, text: 0.5 } },
  ])('refuses %o', (given) => {
    try {
      trainSettings(given);
    } catch (error) {
      expect(UniecsError.isInstance(error) && error.code).toBe('argument');
      expect(String(error)).toContain(Object.keys(given).at(-1));
      return;
    }
    throw new Error('it did not refuse');
  });

  it.each(['clip-sf', 'clip-ff'] as const)(
    "trains %s with the nine tasks alone, with the preset paper on the paper's six, and on what is said",
    (model) => {
      const left = (given: GivenSettings) => {
        const settings = trainSettings({ model, ...given });
        return dropTerms(presetLosses(settings), settings.drop).map(({ name }) => name);
      };
      expect(left({})).toEqual(['TASKS']);
      expect(trainSettings({ model }).drop).toEqual(['CMAL', 'CLAL', 'IMCL']);
      expect(left({ preset: 'paper' })).toEqual(['V2T', 'PML', 'PDC', 'PLC', 'V2V', 'T2T']);
      expect(left({ drop: ['PML'] })).toEqual(['V2T', 'PDC', 'PLC', 'V2V', 'T2T', 'TASKS']);
      expect(left({ drop: [] })).toHaveLength(7);
      expect(trainSettings({ model: 'uniecs' }).drop).toEqual([]);
    },
  );

  it('gives the terms and the weighting of the preset, with changes', () => {
    const names = (given: GivenSettings) => presetLosses(trainSettings(given)).map(({ name }) => name);
    expect(names({ preset: 'paper' })).toEqual(['V2T', 'PML', 'PDC', 'PLC', 'V2V', 'T2T']);
    expect(names({})).toEqual(['V2T', 'PML', 'PDC', 'PLC', 'V2V', 'T2T', 'TASKS']);
    const paper = presetWeighting(trainSettings({ preset: 'paper' }));
    expect(paper).toEqual({ beta: 0.5, sumTo: 1, floor: 0, scope: 'parameters', weights: {} });
    const changed = presetWeighting(trainSettings({ preset: 'paper', weighting: { floor: 0.1, weights: { PML: 2 } } }));
    expect(changed).toEqual({ ...paper, floor: 0.1, weights: { PML: 2 } });
  });
});
