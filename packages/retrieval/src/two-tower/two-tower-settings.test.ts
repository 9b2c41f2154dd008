import { describe, expect, it } from 'vitest';
import { stagesOf, twoTowerArms, twoTowerSettings } from './two-tower-settings.js';

describe('twoTowerSettings', () => {
  it('fills in the defaults of the size, half of the steps in stage 1, and weights drawn as BERT with either preset', () => {
    const settings = twoTowerSettings();
    expect(settings).toMatchObject({ size: 'tiny', preset: 'recommended', batchSize: 96, learningRate: 1e-3 });
    expect(settings).toMatchObject({ alignmentShare: 0.5, perQuery: 4, epochs: 10, initialization: 'bert' });
    expect(twoTowerSettings({ size: 'base' })).toMatchObject({ batchSize: 1024, learningRate: 1e-4 });
    expect(twoTowerSettings({ initialization: 'fanIn', steps: 3 })).toMatchObject({
      initialization: 'fanIn',
      steps: 3,
    });
    // What makes no difference here is no setting of the recipe.
    expect(Object.keys(settings)).not.toContain('losses');
  });

  it.each([
    [{ perQuery: 0 }, 'perQuery to be a whole number from 1'],
    [{ alignmentShare: Number.NaN }, 'alignmentShare to be above 0'],
    [{ batchSize: 0.5 }, 'batchSize'],
    [{ initialization: 'xavier' as 'bert' }, 'initialization to be bert or fanIn'],
  ])('refuses %o', (given, complaint) => {
    expect(() => twoTowerSettings(given)).toThrow(complaint);
  });
});

describe('stagesOf', () => {
  it('gives every arm the same number of steps, and each stage at least one', () => {
    for (const share of [0.001, 0.3, 0.5, 0.999]) {
      const settings = twoTowerSettings({ steps: 7, alignmentShare: share });
      for (const arm of twoTowerArms) {
        const stages = stagesOf(settings, arm, 100);
        expect(stages.map(({ stage }) => stage)).toEqual(arm.alignment ? ['alignment', 'fusion'] : ['fusion']);
        expect(stages.reduce((sum, { steps }) => sum + steps, 0)).toBe(7);
        expect(stages.every(({ steps }) => steps >= 1)).toBe(true);
      }
    }
  });

  it('counts epochs where no steps are given', () => {
    const stages = stagesOf(twoTowerSettings({ epochs: 3 }), { alignment: true }, 11);
    expect(stages).toEqual([
      { stage: 'alignment', steps: 17 },
      { stage: 'fusion', steps: 16 },
    ]);
  });
});
