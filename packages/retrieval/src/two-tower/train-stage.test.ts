import '@tensorflow/tfjs-backend-cpu';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { type ImageSource, imageSource, trainTokenizer } from '@uniecs/encoders/node';
import { disposeModule, namedParameters, UniecsError } from '@uniecs/tensor';
import { readSafetensors } from '@uniecs/tensor/node';
import '@uniecs/tensor/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadModelFolder } from '../files/model-folder.js';
import { type QueryData, queryData } from './query-data.js';
import type { StageEvent } from './stage-event.js';
import { generatedFields as fields, type QueryCatalogue, queryCatalogue } from './testing/query-catalogue.js';
import { smallConfigOf, smallTwoTowerConfig } from './testing/small-two-tower.js';
import { type StageOptions, trainStage } from './train-stage.js';
import { twoTowerEmbedder } from './two-tower-embedder.js';
import { loadTwoTower } from './two-tower-folder.js';
import { type TwoTowerArm, twoTowerArms, twoTowerSettings } from './two-tower-settings.js';

// Seconds alone, many more beside other tests on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let catalogue: QueryCatalogue;
let data: QueryData;
let tokenizer: object;
let images: ImageSource;
const settings = twoTowerSettings({ batchSize: 6, warmupSteps: 1, learningRate: 1e-3 });
const armOf = (name: string) => twoTowerArms.find((arm) => arm.name === name) as TwoTowerArm;
const full = armOf('full');

beforeAll(async () => {
  catalogue = await queryCatalogue();
  data = queryData(catalogue.items, { fields, trainQueriesPerKind: 10 });
  tokenizer = trainTokenizer(data.train.products.map(({ title }) => title as string));
  images = imageSource({ size: smallTwoTowerConfig('fusion').product.image.imageSize });
});
afterAll(async () => {
  await images.dispose();
  await catalogue.remove();
});

const at = (name: string) => join(catalogue.folder, name);
const stageIn = (name: string, options: Partial<StageOptions> = {}) => {
  const losses: number[] = [];
  const onEvent = (event: StageEvent) => {
    if (event.type === 'step') losses.push(event.loss);
    options.onEvent?.(event);
  };
  const given = { stage: 'alignment', arm: full, seed: 3, settings, steps: 4, tokenizer, data: data.train } as const;
  const summary = trainStage({
    ...given,
    configOf: smallConfigOf,
    sources: 'data',
    images,
    ...options,
    out: at(name),
    onEvent,
  });
  return summary.then((done) => ({ ...done, losses }));
};
const weightsOf = async (name: string) => {
  const { tensors } = await readSafetensors(join(at(name), 'model.safetensors'));
  return new Map([...tensors].map(([key, { data: values }]) => [key, [...(values as Float32Array)]]));
};

describe('trainStage', () => {
  it('writes a model folder of its stage, and a line of metrics a step', async () => {
    const { losses, ...summary } = await stageIn('first');
    expect(summary).toMatchObject({ interrupted: false, steps: 4, skipped: 0 });
    const lines = (await readFile(join(at('first'), 'metrics.jsonl'), 'utf8')).trim().split('\n');
    const steps = lines.map((line) => JSON.parse(line));
    expect(steps.map(({ loss }) => loss)).toEqual(losses);
    expect(steps[0]).toMatchObject({ type: 'step', stage: 'alignment', step: 1, totalSteps: 4 });
    expect(Object.keys(steps[0].terms)).toEqual(['Q2T', 'Q2V']);
    const loaded = await loadTwoTower(at('first'));
    expect(loaded.config.model).toMatchObject({ architecture: 'two-tower', product: { architecture: 'clip-sf' } });
    const numbers = [...namedParameters(loaded.model).values()].reduce((sum, { size }) => sum + size, 0);
    expect(summary.parameters).toBe(numbers + 1);
    disposeModule(loaded.model);
    await expect(loadModelFolder(at('first'))).rejects.toThrow(/two-tower model.*loadTwoTower/);
  });

  it('stage 2 starts from the weights of stage 1, its maps as projections, the rest of the fusion new', async () => {
    // A rate of 0 leaves the start as it was.
    const still = { ...settings, learningRate: Number.MIN_VALUE };
    await stageIn('second', { stage: 'fusion', steps: 1, settings: still, start: { alignment: at('first') } });
    await stageIn('anew', { stage: 'fusion', steps: 1, settings: still });
    const [first, second, anew] = [await weightsOf('first'), await weightsOf('second'), await weightsOf('anew')];
    const shared = [...second.keys()].filter((name) => !name.startsWith('fusion.'));
    expect(shared.length).toBeGreaterThan(30);
    for (const name of shared) expect(second.get(name)).toEqual(first.get(name));
    expect(shared.filter((name) => String(anew.get(name)) !== String(first.get(name))).length).toBeGreaterThan(30);
    for (const name of [...second.keys()].filter((one) => one.startsWith('fusion.'))) {
      const map = /^fusion\.(image|text)_projection\.weight$/.exec(name)?.[1];
      if (map) expect(second.get(name)).toEqual(first.get(`fusion.${map}.weight`));
      else if (/_projection\.bias$/.test(name))
        expect(second.get(name)?.every((value) => Math.abs(value) < 1e-30)).toBe(true);
      else if (!name.startsWith('fusion.residual.')) expect(second.get(name)).toEqual(anew.get(name));
    }
  });

  it('stage 2 with a shortcut from the projected tokens starts from the embeddings that stage 1 ended with', async () => {
    const still = { ...settings, learningRate: Number.MIN_VALUE };
    await stageIn('maps', { steps: 3, settings: { ...settings, learningRate: 0.1 } });
    const stage2 = { stage: 'fusion', steps: 1, settings: still } as const;
    await stageIn('carried', { ...stage2, start: { alignment: at('maps') } });
    await stageIn('drawn', stage2);
    const embeddingsOf = async (name: string) => {
      const { model, tokenizer: titles } = await loadTwoTower(at(name));
      const loader = { tokenizer: titles, images, maxLength: model.config.product.text.maxLength };
      const embedder = twoTowerEmbedder({ model, loader });
      const { products } = data.validation;
      const withoutImages = products.map(({ image: _, ...rest }) => rest);
      const { data: values } = await embedder.embedProducts([...products, ...withoutImages]);
      await embedder.dispose();
      disposeModule(model);
      return values;
    };
    const ended = await embeddingsOf('maps');
    expect(await embeddingsOf('carried')).toBeCloseToArray(ended);
    expect(await embeddingsOf('drawn')).not.toBeCloseToArray(ended);
  });

  it('starts both text encoders from the one of a model folder', async () => {
    const still = { ...settings, learningRate: Number.MIN_VALUE };
    await stageIn('from-folder', { steps: 1, settings: still, start: { encoders: at('first') } });
    await stageIn('from-draw', { steps: 1, settings: still });
    const [first, found, drawn] = [
      await weightsOf('first'),
      await weightsOf('from-folder'),
      await weightsOf('from-draw'),
    ];
    for (const [name, values] of found) {
      const encoder = name.replace(/^query_encoder/, 'text_encoder');
      expect(values).toEqual(/_encoder\./.test(name) ? first.get(encoder) : drawn.get(name));
    }
    const text = (weights: typeof first, tower: string) => [...weights].filter(([name]) => name.startsWith(tower));
    expect(text(first, 'text_encoder').map(([, values]) => values)).not.toEqual(
      text(first, 'query_encoder').map(([, values]) => values),
    );
  });

  it('frozen encoders do not move, those of the query tower neither; all else does', async () => {
    const arm = armOf('frozen');
    const still = { ...settings, learningRate: Number.MIN_VALUE };
    await stageIn('unmoved', { arm, steps: 1, settings: still });
    await stageIn('frozen', { arm, steps: 3 });
    const [before, after] = [await weightsOf('unmoved'), await weightsOf('frozen')];
    const moved = [...after.keys()].filter((name) => String(after.get(name)) !== String(before.get(name)));
    expect(moved.sort()).toEqual(['fusion.image.weight', 'fusion.text.weight', 'query_projection.weight']);
  });

  it('stopped and called again, it ends with the losses and weights of a stage without a stop, to the bit', async () => {
    const whole = await stageIn('whole', { steps: 5 });
    const stop = new AbortController();
    const stopAt = (step: number) => (event: StageEvent) => {
      if (event.step === step) stop.abort();
    };
    const begun = await stageIn('parts', { steps: 5, signal: stop.signal, onEvent: stopAt(2) });
    expect(begun).toMatchObject({ interrupted: true, steps: 2 });
    await expect(stageIn('parts', { steps: 5, sources: 'other data' })).rejects.toThrow(
      /sources "data" instead of "other data"/,
    );
    await expect(stageIn('parts', { steps: 5, arm: armOf('text only') })).rejects.toMatchObject({ code: 'data' });
    const rest = await stageIn('parts', { steps: 5 });
    expect([...begun.losses, ...rest.losses]).toEqual(whole.losses);
    expect(await weightsOf('parts')).toEqual(await weightsOf('whole'));
    const lines = (await readFile(join(at('parts'), 'metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([1, 2, 3, 4, 5]);
  });

  it('a tower that reads the title alone is trained on titles', async () => {
    const { losses } = await stageIn('titles', { arm: armOf('text only'), steps: 2 });
    expect(losses.every(Number.isFinite)).toBe(true);
    expect([...(await weightsOf('titles')).keys()].some((name) => name.startsWith('image_encoder'))).toBe(false);
  });

  it('stops at numbers that are not finite, naming the step, with the state as it was', async () => {
    const wild = { ...settings, learningRate: 1e30, maxSkippedSteps: 2 };
    const failure = await stageIn('wild', { settings: wild, steps: 9 }).catch((error: unknown) => error);
    expect(UniecsError.isInstance(failure) && failure.code).toBe('numeric');
    expect(String(failure)).toMatch(/finite losses and gradients in step \d of the alignment stage/);
  });

  it('refuses to start from weights of another shape, naming one', async () => {
    const other = trainTokenizer(['another vocabulary']);
    const options = { stage: 'fusion', tokenizer: other, start: { alignment: at('first') } } as const;
    await expect(stageIn('misfit', options)).rejects.toThrow(
      /loadStartWeights: .*'query_encoder.embeddings.word_embeddings.weight' of shape/,
    );
  });

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    await stageIn('clean', { steps: 1 });
    expect(tf.memory().numTensors).toBe(before);
  });
});
