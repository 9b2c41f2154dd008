import { describe, expect, it } from 'vitest';
import { checkGrid } from './check-grid.js';
import { cellsOf, folderName, type Grid, mergedSettings, sweptSetting, sweptValue } from './grid.js';
import {
  betaArm,
  changesNothing,
  dropArm,
  figure6Arms,
  fullArm,
  gatingArm,
  table4Arms,
  weightingArm,
} from './ready-made-arms.js';

describe('cellsOf', () => {
  it('goes seed by seed, each cell with a folder of its own and the settings of base, arm and seed', () => {
    const grid: Grid = { base: { epochs: 3 }, arms: table4Arms(), seeds: [8, 7] };
    const cells = cellsOf(grid);
    expect(cells.map(({ folder }) => folder)).toEqual(
      [8, 7].flatMap((seed) =>
        ['full', 'without-CMAL', 'without-CLAL', 'without-IMCL', 'without-gating'].map((arm) => `cells/${arm}-${seed}`),
      ),
    );
    expect(cells[1]).toEqual({
      ...{ arm: 'without CMAL', seed: 8, folder: 'cells/without-CMAL-8' },
      settings: { epochs: 3, drop: ['CMAL'], seed: 8 },
    });
  });

  it.each([
    ['w/o CMAL', 'w-o-CMAL'],
    ['beta 0.25', 'beta-0.25'],
    ['../../up', 'up'],
    ['CON: a|b?', 'CON-a-b'],
    ['...', ''],
  ])('the arm %s has the folder %s', (arm, folder) => {
    expect(folderName(arm)).toBe(folder);
  });
});

describe('mergedSettings', () => {
  it("changes options one by one, losses term by term, and an option's value as a whole", () => {
    const base = {
      size: 'tiny',
      drop: ['TASKS'],
      fusion: { heads: 2, gating: true },
      losses: { v2v: { hardNegatives: { share: 0.5 }, alpha4: 0.1 }, t2t: { temperature: 0.1 } },
      weighting: { beta: 0.5, weights: { V2T: 2 } },
    } as const;
    const changes = {
      drop: ['CMAL'],
      fusion: { gating: false },
      losses: { v2v: { hardNegatives: { count: 3 } }, pml: { symmetric: true } },
      weighting: { weights: {} },
      size: undefined,
    } as const;
    expect(mergedSettings(base, changes)).toEqual({
      size: 'tiny',
      drop: ['CMAL'],
      fusion: { heads: 2, gating: false },
      losses: {
        v2v: { hardNegatives: { count: 3 }, alpha4: 0.1 },
        t2t: { temperature: 0.1 },
        pml: { symmetric: true },
      },
      weighting: { beta: 0.5, weights: {} },
    });
  });

  it('epochs stand in the place of steps and the other way round; augmentation may be off', () => {
    expect(mergedSettings({ steps: 5 }, { epochs: 2 })).toEqual({ epochs: 2 });
    expect(mergedSettings({ epochs: 5, augmentation: { flip: 0 } }, { steps: 2, augmentation: false })).toEqual({
      steps: 2,
      augmentation: false,
    });
  });
});

describe('ready-made arms', () => {
  it('Figure 6 sweeps beta; arms of several settings, or one that has none, sweep nothing', () => {
    expect(sweptSetting(figure6Arms())).toBe('weighting.beta');
    expect(figure6Arms().map(sweptValue)).toEqual([0, 0.1, 0.25, 0.5, 0.75, 1]);
    for (const arms of [table4Arms(), [fullArm, betaArm(0.5)], [betaArm(0)], [betaArm(0), betaArm(0)]]) {
      expect(sweptSetting(arms)).toBeUndefined();
    }
    expect(sweptSetting([betaArm(0), { name: 'x', settings: { learningRate: 0.1 } }])).toBeUndefined();
  });

  it('an arm leaves out terms beside those that the base leaves out', () => {
    expect(dropArm(['PLC', 'V2V'], { drop: ['TASKS', 'PLC'] })).toEqual({
      name: 'without PLC and V2V',
      settings: { drop: ['TASKS', 'PLC', 'V2V'] },
    });
  });

  it('knows where an arm asks for what the base has anyway, by its preset', () => {
    expect(changesNothing({}, gatingArm(true))).toBe(true);
    expect(changesNothing({}, gatingArm(false))).toBe(false);
    expect(changesNothing({ fusion: { gating: false } }, gatingArm(false))).toBe(true);
    expect(changesNothing({ preset: 'paper' }, betaArm(0.5))).toBe(true);
    expect(changesNothing({ preset: 'recommended' }, betaArm(0.5))).toBe(false);
    expect(changesNothing({ preset: 'recommended' }, weightingArm('fixed'))).toBe(true);
    expect(changesNothing({ preset: 'recommended' }, weightingArm('uniform'))).toBe(false);
  });
});

const full = { name: 'full', settings: {} };
it.each([
  ['no arm', { arms: [] }, 'at least one arm'],
  ['no seed', { seeds: [] }, 'at least one seed'],
  ['a seed twice', { seeds: [7, 7] }, 'different whole numbers from 0, got 7'],
  ['a seed that is none', { seeds: [-1] }, 'got -1'],
  ['two arms of one name', { arms: [full, full] }, "two called 'full'"],
  ['two arms of one folder', { arms: [full, { name: 'FULL!', settings: {} }] }, "'full' and 'FULL!', which would"],
  ['a name without a letter', { arms: [{ name: '--', settings: {} }] }, 'a letter or a digit'],
  ['a baseline that is no arm', { baseline: 'none' }, "got 'none'; choose from full"],
  ['a seed of the base', { base: { seed: 1 } }, 'got one in the base'],
  ['a seed of an arm', { arms: [full, { name: 'b', settings: { seed: 1 } }] }, "one in the arm 'b'"],
  ['numbers out of range', { arms: [{ name: 'b', settings: { epochs: 0 } }] }, "in the arm 'b', got 0"],
])('refuses a grid with %s', (_, changes, complaint) => {
  const grid: Grid = { base: {}, arms: [full], seeds: [7], ...changes };
  expect(() => checkGrid(grid)).toThrow(complaint);
});
