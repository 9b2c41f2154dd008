import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GivenSettings } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GridFlags, gridOfFlags } from './grid-of-flags.js';
import { type GridFile, readGrid } from './read-grid.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-grid-'));
});
afterAll(() => rm(folder, { recursive: true }));

const notes: string[] = [];
function made(flags: GridFlags, file: GridFile = {}, base: GivenSettings = {}) {
  notes.length = 0;
  return gridOfFlags(flags, file, base, (text) => notes.push(text));
}
const names = (...given: Parameters<typeof made>) => made(...given).arms.map(({ name }) => name);

describe('gridOfFlags', () => {
  it('has the full model and one change of it an arm', () => {
    const flags: GridFlags = {
      drop: [['CMAL'], ['CLAL', 'V2V']],
      ...{ gating: ['off'], fusionInput: ['tokens'], norm: ['pre'], weighting: ['uniform'], beta: [0.5] },
      seeds: [7, 8],
    };
    expect(made(flags)).toEqual({
      base: {},
      arms: [
        { name: 'full', settings: {} },
        { name: 'without CMAL', settings: { drop: ['CMAL'] } },
        { name: 'without CLAL and V2V', settings: { drop: ['CLAL', 'V2V'] } },
        { name: 'without gating', settings: { fusion: { gating: false } } },
        { name: 'fusion input tokens', settings: { fusion: { fusionInput: 'tokens' } } },
        { name: 'pre-norm', settings: { fusion: { norm: 'pre' } } },
        { name: 'uniform weighting', settings: { weighting: { beta: 0, weights: {} } } },
        { name: 'beta 0.5', settings: { weighting: { beta: 0.5 } } },
      ],
      seeds: [7, 8],
      baseline: 'full',
    });
    expect(notes).toEqual([]);
  });

  it('leaves out what the full model has anyway, by its preset, and says so', () => {
    expect(names({ gating: ['on', 'off'], beta: [0, 0.5] })).toEqual(['full', 'without gating', 'beta 0.5']);
    expect(notes).toEqual(["with gating: that is what 'full' has", "beta 0: that is what 'full' has"]);
    expect(names({ gating: ['on', 'off'], beta: [0, 0.5] }, {}, { preset: 'paper' })).toEqual([
      ...['full', 'without gating', 'beta 0'],
    ]);
  });

  it('values of beta alone are a sweep, all of them arms', () => {
    expect(made({ beta: [0, 0.5] })).toMatchObject({ baseline: 'beta 0', seeds: [7] });
    expect(names({ beta: [0, 0.5] })).toEqual(['beta 0', 'beta 0.5']);
    expect(names({ grid: 'figure6' })).toHaveLength(6);
    expect(made({ grid: 'figure6' }).baseline).toBe('beta 0');
    expect(names({ grid: 'figure6', gating: ['off'] })).toEqual([
      ...['full', 'beta 0.1', 'beta 0.25', 'beta 0.5', 'beta 0.75', 'beta 1', 'without gating'],
    ]);
  });

  it('Table 4 has five arms, and takes more', () => {
    const five = ['full', 'without CMAL', 'without CLAL', 'without IMCL', 'without gating'];
    expect(names({ grid: 'table4' })).toEqual(five);
    expect(names({ grid: 'table4', drop: [['CMAL'], ['T2T']] })).toEqual([...five, 'without T2T']);
  });

  it('crosses all values with each other, and with the base for what is dropped', () => {
    expect(names({ cross: true, drop: [['T2T']], gating: ['on', 'off'], norm: ['post', 'pre'] })).toEqual([
      'full',
      'pre-norm',
      'without gating',
      'without gating, pre-norm',
      'without T2T',
      'without T2T, pre-norm',
      'without T2T, without gating',
      'without T2T, without gating, pre-norm',
    ]);
    const { arms } = made({ cross: true, drop: [['T2T']], gating: ['off'], norm: ['pre'] });
    expect(arms.at(-1)?.settings).toEqual({ drop: ['T2T'], fusion: { gating: false, norm: 'pre' } });
  });

  it("has the file's arms first, and its baseline", () => {
    const file: GridFile = { arms: { 'clip-sf': { model: 'clip-sf' }, ours: {} }, seeds: [3], baseline: 'ours' };
    expect(made({}, file)).toMatchObject({ baseline: 'ours', seeds: [3] });
    expect(names({ drop: [['T2T']] }, file)).toEqual(['clip-sf', 'ours', 'full', 'without T2T']);
    expect(made({ seeds: [5] }, { arms: { a: {}, b: {} } })).toMatchObject({ baseline: 'a', seeds: [5] });
  });

  it.each([
    ['nothing', {}, 'got none; name some with --grid'],
    ['what the full model has', { gating: ['on'] }, "got 'full' alone"],
    ['one value of beta', { beta: [0.5] }, "got 'beta 0.5' alone"],
  ] as const)('refuses %s: there is nothing to compare', (_, flags, complaint) => {
    expect(() => made(flags)).toThrow(complaint);
  });
});

describe('readGrid', () => {
  const read = async (yaml: string) => {
    await writeFile(join(folder, 'grid.yaml'), yaml);
    return readGrid(join(folder, 'grid.yaml'));
  };
  const problems = async (yaml: string): Promise<string[]> => {
    const error: unknown = await read(yaml).catch((thrown: unknown) => thrown);
    if (!UniecsError.isInstance(error)) throw error;
    return (error.details.list as string[]).map((line) => line.replace(`${folder}/`, ''));
  };

  it('reads base, arms of any settings, seeds and baseline', async () => {
    const yaml = `
base: { epochs: 4, fusion: { gateBias: -2 } }
arms:
  full: {}
  clip-ff: { model: clip-ff }
  0.01: { learningRate: 0.01 }
  hinge: { losses: { pml: { kind: hinge } } }
seeds: [7, 8]
baseline: full
`;
    expect(await read(yaml)).toEqual({
      base: { epochs: 4, fusion: { gateBias: -2 } },
      arms: {
        full: {},
        'clip-ff': { model: 'clip-ff' },
        '0.01': { learningRate: 0.01 },
        hinge: { losses: { pml: { kind: 'hinge' } } },
      },
      seeds: [7, 8],
      baseline: 'full',
    });
    expect(await read('')).toEqual({});
  });

  it('lists every problem with its line and the nearest name', async () => {
    const yaml = `
bas: {}
base: { epocs: 3 }
arms:
  one: { fusion: { gatign: false } }
  two: { epochs: 0 }
  three:
seeds: [a]
`;
    expect(await problems(yaml)).toEqual(
      expect.arrayContaining([
        'grid.yaml:2: bas: unknown key; did you mean base?',
        'grid.yaml:3: base.epocs: unknown key; did you mean epochs?',
        'grid.yaml:5: arms.one.fusion.gatign: unknown key; did you mean gating?',
        expect.stringMatching(/^grid\.yaml:6: arms\.two\.epochs: expected/),
        expect.stringMatching(/^grid\.yaml:7: arms\.three: expected keys with values, got nothing/),
        expect.stringMatching(/^grid\.yaml:8: seeds\.0: expected a/),
      ]),
    );
  });

  it('refuses a seed outside of the seeds, both lengths of a run, and an arm twice', async () => {
    expect(await problems('base: { seed: 3 }\narms: { a: { epochs: 1, steps: 2 } }')).toEqual([
      'grid.yaml: base.seed: the seeds of a grid stand in seeds',
      'grid.yaml: arms.a: epochs and steps: expected one of them, got both',
    ]);
    expect((await problems('arms:\n  a: {}\n  a: {}\n'))[0]).toMatch(/^grid\.yaml:\d+: Map keys must be unique/);
  });
});
