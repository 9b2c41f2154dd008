import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configOfSettings, trainSettings } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSettings } from './read-settings.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-settings-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(yaml: string) {
  const file = join(folder, 'settings.yaml');
  await writeFile(file, yaml);
  return readSettings(file);
}

/** What is wrong, without the folder's name. */
async function problems(yaml: string): Promise<string[]> {
  const error = await read(yaml).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!UniecsError.isInstance(error)) throw error ?? new Error('no error');
  return (error.details.list as string[]).map((line) => line.replace(`${folder}/`, ''));
}

const everything = `
model: clip-ff
size: small
preset: paper
seed: 3
epochs: 4
batchSize: 32
microBatch: 16
learningRate: 1e-4
warmupSteps: 5
optimizer: { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 }
freeze: [encoders, fusion.*.bias]
learningRateFactors: { encoders: 0.1, terms: 10 }
clipNorm: 1
averageDecay: 0.999
earlyStopping: { patience: 3, minDelta: 0.001 }
maxSkippedSteps: 2
drop: [CLAL, V2V]
encoders:
  image: { imageSize: 32, patchSize: 8, width: 64, layers: 1, heads: 2, ffnRatio: 2, dropout: 0, activation: quickGelu, epsilon: 1e-5 }
  text: { maxLength: 8, positions: 8, width: 64, layers: 1, heads: 2, ffnRatio: 2, dropout: 0.1, activation: gelu, epsilon: 1e-12 }
fusion:
  { width: 64, heads: 4, crossLayers: 0, selfBlocks: 1, fusionBlocks: 2, blocks: 1, ffnRatio: 2, dropout: 0.1, norm: pre, indicator: other,
    gating: false, gateBias: -2, fusionInput: tokens, residual: pooled }
losses:
  v2t: { temperature: { learnedFrom: 0.07 }, pairing: both, symmetric: true, maskFalseNegatives: true }
  pml: { temperature: 0.07, symmetric: true, kind: hinge, alpha1: 0.2, maskFalseNegatives: false }
  pdc: { alpha2: 0.1, positives: item, reduction: mean, excludeDiagonal: true, maskFalseNegatives: true }
  plc: { alpha3: 0.05, k: 10, reduction: sum, maskFalseNegatives: true }
  v2v: { temperature: 0.07, symmetric: false, alpha4: 0.2, hardNegatives: { share: 0.5 }, reduction: sum, maskFalseNegatives: false }
  t2t: { temperature: 0.03, symmetric: false, maskFalseNegatives: false }
  tasks:
    { temperature: { learnedFrom: 0.05, minimum: 0.02 }, symmetric: true, maskFalseNegatives: true, tasks: [vt->vt, v->t],
      imageSideWeight: 2 }
weighting: { beta: 0.5, sumTo: terms, floor: 0.05, scope: representations, weights: { PML: 0.5, TASKS: 1 } }
initialization: bert
augmentation: { area: [0.6, 1], aspect: [0.75, 1.33], flip: 0.5, brightness: 0.2, contrast: 0.2, saturation: 0.2 }
tokenizer: { vocabularySize: 1000, minFrequency: 1, subwords: 10, characters: 100 }
recompute: true
precision: bfloat16
batching: { tokenBudget: 1536, uniqueProducts: true, swap: 0.5 }
modalityDropout: { image: 0.1, text: 0.2 }
dataWorkers: 2
validateEvery: 2
checkpointEvery: 100
checkpointMinutes: 5
keepLast: 3
keepBest: false
onSaveError: continue
`;

it('reads every setting but steps, nested ones too', async () => {
  const settings = await read(everything);
  expect(Object.keys(settings)).toHaveLength(35);
  expect(Object.keys(settings).sort()).toEqual(Object.keys(trainSettings(settings)).sort());
  expect(settings).toMatchObject({ model: 'clip-ff', learningRate: 1e-4, drop: ['CLAL', 'V2V'] });
  expect(settings.encoders?.image).toMatchObject({ patchSize: 8, activation: 'quickGelu' });
  expect(configOfSettings({ ...trainSettings(settings), fusion: {} }, 9).text).toMatchObject({
    vocabularySize: 9,
    maxLength: 8,
    width: 64,
  });
  expect(settings.fusion).toMatchObject({ gating: false, blocks: 1 });
  expect(settings.losses?.v2t?.temperature).toEqual({ learnedFrom: 0.07 });
  expect(settings.losses?.tasks).toEqual({
    ...{ temperature: { learnedFrom: 0.05, minimum: 0.02 }, symmetric: true, maskFalseNegatives: true },
    ...{ tasks: ['vt->vt', 'v->t'], imageSideWeight: 2 },
  });
});

it('an empty file, or one of comments, sets nothing', async () => {
  expect(await read('')).toEqual({});
  expect(await read('# nothing yet\n')).toEqual({});
});

it.each([
  ['lerningRate: 0.1', 'settings.yaml:1: lerningRate: unknown key; did you mean learningRate?'],
  [
    'seed: 1\nlosses:\n  v2t:\n    temprature: 0.1',
    'settings.yaml:4: losses.v2t.temprature: unknown key; did you mean temperature?',
  ],
  ['losses: { v3t: {} }', 'settings.yaml:1: losses.v3t: unknown key; did you mean v2t?'],
  [
    'encoders: { image: { patchsize: 8 } }',
    'settings.yaml:1: encoders.image.patchsize: unknown key; did you mean patchSize?',
  ],
  ['fusion: { gatting: true }', 'settings.yaml:1: fusion.gatting: unknown key; did you mean gating?'],
  ['augmentation: { flipp: 0.5 }', 'settings.yaml:1: augmentation.flipp: unknown key; did you mean flip?'],
  [
    'optimizer: { zzz: 1 }',
    'settings.yaml:1: optimizer.zzz: unknown key; known are beta1, beta2, epsilon, weightDecay',
  ],
  ['epochs: many', "settings.yaml:1: epochs: expected a number, got 'many'"],
  ['epochs: 1.5', 'settings.yaml:1: epochs: expected a whole number, got 1.5'],
  ['epochs: 0', 'settings.yaml:1: epochs: expected more than 0, got 0'],
  ['epochs:', 'settings.yaml:1: epochs: expected a number, got nothing'],
  [
    'model: clip-fs',
    "settings.yaml:1: model: expected uniecs or clip-sf or clip-ff, got 'clip-fs' (did you mean clip-sf?)",
  ],
  ['size: tinny', "settings.yaml:1: size: expected tiny or small or base, got 'tinny' (did you mean tiny?)"],
  ['fusion: { gating: "yes" }', "settings.yaml:1: fusion.gating: expected true or false, got 'yes'"],
  ['drop: CLAL', "settings.yaml:1: drop: expected a list, got 'CLAL'"],
  ['drop: [CLAL, 3]', 'settings.yaml:1: drop.1: expected text, got 3'],
  ['losses: 3', 'settings.yaml:1: losses: expected keys with values, got 3'],
  ['clipNorm: all', "settings.yaml:1: clipNorm: expected a number above 0, or false, got 'all'"],
  ['earlyStopping: { patient: 2 }', 'settings.yaml:1: earlyStopping.patient: unknown key; did you mean patience?'],
  [
    'learningRateFactors: { encoders: 0 }',
    'settings.yaml:1: learningRateFactors.encoders: expected more than 0, got 0',
  ],
  ['augmentation: true', 'settings.yaml:1: augmentation: expected false or options of the augmentation, got true'],
  [
    'augmentation: { area: [0.5] }',
    'settings.yaml:1: augmentation.area: expected a list of two numbers, got a list of one',
  ],
  ['weighting: { sumTo: all }', "settings.yaml:1: weighting.sumTo: expected a number above 0, or terms, got 'all'"],
  [
    'losses: { t2t: { temperature: { learnedfrom: 1 } } }',
    'settings.yaml:1: losses.t2t.temperature.learnedfrom: unknown key; did you mean learnedFrom?',
  ],
  [
    'losses: { t2t: { temperature: { learnedFrom: 1, minimun: 1 } } }',
    'settings.yaml:1: losses.t2t.temperature.minimun: unknown key; did you mean minimum?',
  ],
  [
    'losses: { tasks: { tasks: [VT->VT] } }',
    "settings.yaml:1: losses.tasks.tasks.0: expected v->v or v->t or v->vt or t->v or t->t or t->vt or vt->v or vt->t or vt->vt, got 'VT->VT' (did you mean vt->vt?)",
  ],
  [
    'losses: { tasks: { imageSideWeight: 0 } }',
    'settings.yaml:1: losses.tasks.imageSideWeight: expected more than 0, got 0',
  ],
  ['weighting: { weights: { PML: -1 } }', 'settings.yaml:1: weighting.weights.PML: expected at least 0, got -1'],
  ['weighting: { weights: 1 }', 'settings.yaml:1: weighting.weights: expected keys with values, got 1'],
  ['batching: { swap: 2 }', 'settings.yaml:1: batching.swap: expected at most 1, got 2'],
  ['modalityDropout: { title: 0.1 }', 'settings.yaml:1: modalityDropout.title: unknown key; known are image, text'],
  ['modalityDropout: { text: -1 }', 'settings.yaml:1: modalityDropout.text: expected at least 0, got -1'],
  ['epochs: 1\nsteps: 2', 'settings.yaml: epochs and steps: expected one of them, got both'],
  ['- 1', 'settings.yaml:1: expected keys with values, got a list of one'],
])('%j: %s', async (yaml, problem) => {
  expect(await problems(yaml)).toContain(problem);
});

it('lists all problems at once, each with its line', async () => {
  expect(await problems('seed: x\n\nbatchSize: -1\nbogus: 1\n')).toEqual([
    "settings.yaml:1: seed: expected a number, got 'x'",
    'settings.yaml:3: batchSize: expected more than 0, got -1',
    expect.stringContaining('settings.yaml:4: bogus: unknown key'),
  ]);
});

it('says where the file is no YAML', async () => {
  expect(await problems('seed: 1\nsize: [tiny\n')).toEqual([expect.stringMatching(/^settings\.yaml:[23]: /)]);
  expect(await problems('seed: 1\nseed: 2\n')).toEqual([expect.stringMatching(/^settings\.yaml:[12]: .*unique/)]);
});

it('a file that is not there is an error about that file', async () => {
  await expect(readSettings(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'file' });
});
