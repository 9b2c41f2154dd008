import '@tensorflow/tfjs-backend-cpu';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { imageSource } from '@uniecs/encoders/node';
import type { Item, Pair } from '@uniecs/mbeer';
import { disposeModule, namedParameters } from '@uniecs/tensor';
import '@uniecs/tensor/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { itemBatch } from '../data/item-batch.js';
import { evaluatePairs, modelEmbedder } from '../embedding/model-embedder.js';
import { type LoadedModel, loadModelFolder } from '../files/model-folder.js';
import type { ItemTensors } from '../model/item-tensors.js';
import { type SmallCatalogue, smallCatalogue, withGaps } from '../testing/small-catalogue.js';
import { smallConfigOf, tensorsOf } from '../testing/small-training.js';
import type { ConfigOf } from './assemble-run.js';
import { type TrainOptions, trainWith } from './train.js';
import type { TrainEvent } from './train-events.js';
import type { GivenSettings } from './train-settings.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const configOf: ConfigOf = ({ model }, vocabularySize) => {
  const config = smallConfigOf(model);
  return { ...config, text: { ...config.text, vocabularySize, maxLength: 8 } };
};

let catalogue: SmallCatalogue;
/** Pairs of which some items lack an image or a title. */
let pairs: { readonly train: Pair[]; readonly validation: Pair[] };
beforeAll(async () => {
  catalogue = await smallCatalogue();
  pairs = { train: withGaps(catalogue.train), validation: withGaps(catalogue.validation) };
});
afterAll(() => catalogue.remove());

async function run(
  name: string,
  settings: GivenSettings,
  more: Pick<TrainOptions, 'resume' | 'signal' | 'onEvent' | 'init'> = {},
) {
  const events: TrainEvent[] = [];
  const out = join(catalogue.folder, name);
  const small = { batchSize: 8, epochs: 2, warmupSteps: 2, learningRate: 0.01, dataWorkers: 0 };
  const onEvent = (event: TrainEvent) => {
    events.push(event);
    more.onEvent?.(event);
  };
  const summary = await trainWith({ ...pairs, out, ...more, settings: { ...small, ...settings }, onEvent }, configOf);
  return { out, summary, events, steps: events.filter((event) => event.type === 'step') };
}

const weightsOf = ({ model }: LoadedModel) => [...namedParameters(model)].map(([name, x]) => [name, [...x.dataSync()]]);

it('starts from the encoders of a model of another architecture; what joins image and text is drawn as without a start', async () => {
  const still = { epochs: 1, learningRate: Number.MIN_VALUE, freeze: ['encoders'] };
  const weights = async (name: string) => {
    const loaded = await loadModelFolder(join(catalogue.folder, name));
    const found = new Map(weightsOf(loaded).map(([key, values]) => [key as string, values]));
    disposeModule(loaded.model);
    return found;
  };
  const { out: init } = await run('uniecs', { epochs: 1, drop: ['CMAL', 'CLAL', 'IMCL'] });
  await run('from-uniecs', { ...still, model: 'clip-sf' }, { init });
  await run('from-draw', { ...still, model: 'clip-sf' });
  const [start, found, drawn] = [await weights('uniecs'), await weights('from-uniecs'), await weights('from-draw')];
  expect([...found.keys()]).toEqual([...drawn.keys()]);
  for (const [name, values] of found) {
    const isEncoder = /^(image|text)_encoder\./.test(name);
    expect(values, name).toEqual((isEncoder ? start : drawn).get(name));
    if (/_encoder.*layers.*fc1\.weight/.test(name)) expect(values, name).not.toEqual(drawn.get(name));
  }
});

describe.each(['clip-sf', 'clip-ff'] as const)('%s', (model) => {
  it('trains, on items with gaps too; its folder is judged as its run was, and embeds as the model does', async () => {
    const before = tf.memory().numTensors;
    const { out, events, steps, summary } = await run(model, { model });
    expect(tf.memory().numTensors).toBe(before);
    expect(summary).toMatchObject({ steps: 6, skipped: 0, interrupted: false });
    expect(steps.map(({ terms }) => Object.keys(terms))).toEqual(steps.map(() => ['TASKS']));
    const meanOf = (from: number) => steps.slice(from, from + 3).reduce((sum, { loss }) => sum + loss / 3, 0);
    expect(meanOf(3)).toBeLessThan(meanOf(0));
    const named = model === 'clip-sf' ? 'CLIP_SF-tiny' : 'CLIP_FF-tiny';
    expect(await readFile(join(out, 'README.md'), 'utf8')).toContain(named);

    const loaded = await loadModelFolder(out);
    expect(loaded.config).toMatchObject({ model: { architecture: model }, training: { model } });
    const embedder = modelEmbedder(loaded, { batchSize: 5 });
    const validations = events.filter((event) => event.type === 'validation');
    const best = validations.find(({ step }) => step === summary.best?.step);
    expect(await evaluatePairs(embedder, pairs.validation)).toEqual(best?.report);

    const items = pairs.validation.flatMap(({ item1, item2 }): Item[] => [item1, item2]);
    const loader = { tokenizer: loaded.tokenizer, images: imageSource({ size: 8 }), maxLength: 8 };
    const eager = loaded.model.represent(tensorsOf<ItemTensors>(await itemBatch(items, loader, { partial: true })));
    const found = await embedder.embed(items);
    for (const view of ['fused', 'image', 'text'] as const) {
      const flat = tf.reshape(eager[view], [-1]);
      expect(found[view], view).toBeCloseToArray(flat, { relative: 1e-4, absolute: 2e-6 });
    }
    expect([...Array.from(found.hasImage), ...Array.from(found.hasText)]).toContain(0);
    const { title, image } = (catalogue.validation[0] as Pair).item1 as Required<Item>;
    const { fused, text } = await embedder.embed([{ id: 'both', title, image }]);
    expect(await embedder.embedQuery({ text: title, image })).toBeCloseToArray(fused, { absolute: 1e-6 });
    expect(await embedder.embedQuery({ text: title })).toBeCloseToArray(text, { absolute: 1e-6 });
    await embedder.dispose();
    await loader.images.dispose();
    disposeModule(loaded.model);
  });
});

it('a baseline of swapped pairs and modality dropout, stopped and resumed in micro-batches, ends with the same weights', async () => {
  const settings: GivenSettings = {
    ...{ model: 'clip-ff', microBatch: 3, epochs: 1 },
    ...{ batching: { swap: 0.5 }, modalityDropout: { image: 0.2, text: 0.2 } },
    losses: { tasks: { tasks: ['vt->vt', 'vt->v', 't->t'], imageSideWeight: 2 } },
  };
  const whole = await run('whole', settings);
  const controller = new AbortController();
  const onEvent = ({ type }: TrainEvent) => void (type === 'step' && controller.abort());
  const stopped = await run('stopped', settings, { signal: controller.signal, onEvent });
  expect(stopped.summary).toMatchObject({ steps: 1, interrupted: true });
  const resumed = await run('stopped', settings, { resume: true });
  expect(resumed.summary).toMatchObject({ steps: 3, interrupted: false });
  const plain = await run('plain', { ...settings, batching: {}, modalityDropout: {} });
  for (const { summary } of [resumed, plain]) expect(summary.skipped).toBe(0);
  const [a, b, c] = await Promise.all(
    [whole, resumed, plain].map(async ({ out }) => weightsOf(await loadModelFolder(out))),
  );
  expect(b).toEqual(a);
  expect(c).not.toEqual(a);
});
