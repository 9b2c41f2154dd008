import '@tensorflow/tfjs-backend-cpu';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Item } from '@uniecs/mbeer';
import { disposeModule } from '@uniecs/tensor';
import { readSafetensors } from '@uniecs/tensor/node';
import '@uniecs/tensor/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { evaluatePairs, modelEmbedder } from '../embedding/model-embedder.js';
import { loadModelFolder } from '../files/model-folder.js';
import { failingTerm } from '../testing/failing-term.js';
import { type SmallCatalogue, smallCatalogue } from '../testing/small-catalogue.js';
import { smallRun } from '../testing/small-run.js';
import { warmupCosine } from './learning-rate.js';
import type { TrainOptions } from './train.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let catalogue: SmallCatalogue;
const at = (...names: string[]) => join(catalogue.folder, ...names);

const run = (name: string, options: Partial<TrainOptions> = {}) => smallRun(catalogue, name, options);

/** The arrays of a file of a run by name. */
async function arraysOf(...names: string[]): Promise<Map<string, number[]>> {
  const { tensors } = await readSafetensors(at(...names));
  return new Map([...tensors].map(([name, { data }]) => [name, Array.from(data as Float32Array)]));
}

const weightsOf = (name: string) => arraysOf(name, 'model.safetensors');
const stateOf = (name: string, step: number) =>
  arraysOf(name, 'checkpoints', `step-0000000${step}`, 'state.safetensors');

beforeAll(async () => {
  catalogue = await smallCatalogue();
  await run('start');
});
afterAll(() => catalogue.remove());

describe('train', () => {
  it('leaves frozen parameters as they are, to the bit, in the model and in its checkpoints, which hold no moments of them', async () => {
    await run('frozen', { init: at('start'), settings: { freeze: ['encoders', 'fusion.*.bias'], averageDecay: 0.5 } });
    const [before, after, state] = [await weightsOf('start'), await weightsOf('frozen'), await stateOf('frozen', 3)];
    const isFrozen = (name: string) => /^(image|text)_encoder\./.test(name) || /^fusion\..*\.bias$/.test(name);
    for (const [name, values] of before) {
      if (isFrozen(name)) {
        expect(after.get(name), name).toEqual(values);
        expect(state.get(name), name).toEqual(values);
      } else expect(after.get(name), name).not.toEqual(values);
      expect(state.has(`optimizer.first_moments.${name}`), name).toBe(!isFrozen(name));
    }
  });

  it('refuses to change the encoders of a folder that it starts from, before anything is written', async () => {
    const options = { init: at('start'), settings: { encoders: { image: { layers: 2 } } } };
    await expect(run('other-encoders', options)).rejects.toThrow('settingsFrom: expected no setting encoders');
    await expect(readFile(at('other-encoders', 'manifest.json'))).rejects.toThrow('ENOENT');
  });

  it('refuses two folders to start from, before anything is written', async () => {
    const starts = { init: at('start'), encodersFrom: at('start') };
    await expect(run('two-starts', starts)).rejects.toMatchObject({ code: 'argument', where: 'train' });
    await expect(readFile(at('two-starts', 'manifest.json'))).rejects.toThrow('ENOENT');
  });

  it('keeps an average of the weights that validation and the model folder use', async () => {
    const { events } = await run('average', { settings: { averageDecay: 0.9 } });
    const [model, state] = [await weightsOf('average'), await stateOf('average', 3)];
    for (const [name, values] of model) expect(values, name).toEqual(state.get(`average.${name}`));
    const moving = 'fusion.image_projection.weight';
    expect(model.get(moving)).not.toEqual(state.get(moving));
    const loaded = await loadModelFolder(at('average'));
    const embedder = modelEmbedder(loaded);
    const report = await evaluatePairs(embedder, catalogue.validation);
    await embedder.dispose();
    disposeModule(loaded.model);
    expect(events.find(({ type }) => type === 'validation')).toMatchObject({ report: { tasks: report.tasks } });
  });

  it('stops early where validations get no better, stays so when resumed, and keeps the best weights', async () => {
    const settings = { epochs: 5, learningRate: 1e-12, earlyStopping: { patience: 2 } };
    const { summary } = await run('early', { settings });
    const ended = { steps: 9, stoppedEarly: true, interrupted: false, best: { step: 3 } };
    expect(summary).toMatchObject(ended);
    const before = await weightsOf('early');
    const again = await run('early', { settings: {}, resume: true }).catch((error) => error);
    expect(String(again)).toContain('settings.epochs 5 instead of 1');
    const { summary: resumed, events } = await run('early', { settings, resume: true });
    expect(resumed).toMatchObject(ended);
    expect(events.some(({ type }) => type === 'step')).toBe(false);
    expect(await weightsOf('early')).toEqual(before);
  });

  it('skips a step whose loss is NaN without a step of the schedule or the optimizer, and tells it', async () => {
    const { summary, events } = await run('skipped', { terms: [failingTerm(2)], settings: { epochs: 2 } });
    expect(summary).toMatchObject({ steps: 6, skipped: 2, interrupted: false });
    const skipped = events.filter((event) => event.type === 'skipped');
    expect(skipped.map(({ epoch, term, items, inRow }) => ({ epoch, term, items, inRow }))).toEqual(
      [1, 2].map((epoch) => ({ epoch, term: 'FAILING', items: [], inRow: 1 })),
    );
    const lines = (await readFile(at('skipped', 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'skipped')).toEqual(skipped);
    const rates = events.flatMap((event) => (event.type === 'step' ? [event.learningRate] : []));
    const schedule = warmupCosine({ peak: 0.01, warmupSteps: 2, totalSteps: 6 });
    expect(rates).toEqual([0, 1, 2, 3].map(schedule));
    expect((await stateOf('skipped', 6)).get('optimizer.step')).toEqual([4]);
  });

  it('logs how many negatives were left out as false: those that share a product', async () => {
    const same: Item = catalogue.train[0]?.item1 as Item;
    const train = catalogue.train.slice(0, 6).map((pair, i) => (i < 3 ? { ...pair, item1: same } : pair));
    const losses = { t2t: { symmetric: false, maskFalseNegatives: true } };
    const settings = { steps: 1, batchSize: 6, drop: ['CMAL', 'CLAL', 'V2V', 'TASKS'], losses };
    const { events } = await run('masked', { train, settings });
    // Each of three pairs has two others of the same product.
    expect(events.find(({ type }) => type === 'step')).toMatchObject({ maskedNegatives: { T2T: 6 } });
  });
});
