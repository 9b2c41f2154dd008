import '@tensorflow/tfjs-backend-cpu';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { clipMean, pretrainedText, pretrainedVision } from '@uniecs/encoders/node';
import type { Pair } from '@uniecs/mbeer';
import { disposeModule, namedParameters, parameters, seededRandom, UniecsError } from '@uniecs/tensor';
import { compareArrays } from '@uniecs/tensor/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelEmbedder, modelFingerprint } from '../embedding/model-embedder.js';
import { modelConfig } from '../model/model-config.js';
import { retrievalModel } from '../model/retrieval-model.js';
import { smallCatalogue } from '../testing/small-catalogue.js';
import { drawFanIn } from '../training/initial-weights.js';
import { train } from '../training/train.js';
import { type ImportOptions, importModel } from './import-model.js';
import { loadModelFolder, modelFiles } from './model-folder.js';

/** Checkpoints as transformers and open_clip wrote them, of random weights (tools/parity). */
const checkpoint = (name: string) =>
  fileURLToPath(new URL(`../../../../tools/parity/fixtures/pretrained/${name}`, import.meta.url));

let folder: string;
let out: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retrieval-import-'));
  out = join(folder, 'model');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const options = (more: Partial<ImportOptions> = {}): ImportOptions => ({
  ...{ vision: checkpoint('open-clip'), text: checkpoint('bert-masked-bf16'), out, size: 'tiny', seed: 3, ...more },
});

async function refusal(promise: Promise<unknown>): Promise<UniecsError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(UniecsError.isInstance(error), String(error)).toBe(true);
  return error as UniecsError;
}

/** Whether two variables hold the same bits (`toEqual` takes seconds for a million numbers). */
const isSame = (a: tf.Variable, b: tf.Variable | undefined) =>
  b !== undefined && Buffer.from(a.dataSync().buffer).equals(Buffer.from(b.dataSync().buffer));

describe('importModel', () => {
  it("writes a model folder with the checkpoints' weights, shapes, tokenizer and preprocessing", async () => {
    const summary = await importModel(options());
    const { model, tokenizer, config } = await loadModelFolder(out);
    const vision = await pretrainedVision(checkpoint('open-clip'));
    const text = await pretrainedText(checkpoint('bert-masked-bf16'), { maxLength: 16 });
    for (const [part, encoder] of Object.entries({ image_encoder: vision.encoder, text_encoder: text.encoder })) {
      const ours = namedParameters(model.tree[part as 'image_encoder']);
      for (const [name, variable] of namedParameters(encoder)) {
        expect(ours.get(name)?.dataSync(), name).toEqual(variable.dataSync());
      }
    }
    expect(config.model.image).toEqual(vision.encoder.config);
    expect(config.model.text).toEqual(text.encoder.config);
    expect(config.model.pixels).toEqual({
      fit: 'fill',
      filter: 'bilinear',
      mean: [0.5, 0.4, 0.3],
      std: [0.2, 0.25, 0.5],
    });
    expect(tokenizer.vocabularySize).toBe(text.encoder.config.vocabularySize);
    expect(config.imported).toMatchObject({ preset: 'recommended', seed: 3, vision: { kind: 'OpenAI or open_clip' } });
    expect(summary.parameters).toBe(parameters(model).reduce((sum, { size }) => sum + size, 0));
    expect(readFileSync(join(out, modelFiles.card), 'utf8')).toContain('not trained');
    for (const module of [model, vision.encoder, text.encoder]) disposeModule(module);
  });

  it('draws the fusion as a run of that seed and preset would', async () => {
    for (const preset of ['recommended', 'paper'] as const) {
      const { config } = await importModel(options({ preset, out: join(folder, preset) }));
      const { model } = await loadModelFolder(join(folder, preset));
      expect(config.fusion).toEqual(modelConfig('tiny', preset, 9).fusion);
      const fresh = retrievalModel(config, seededRandom(3).fork('model'));
      if (preset === 'recommended') drawFanIn(fresh, seededRandom(3).fork('fan-in'));
      const expected = namedParameters(fresh.tree.fusion);
      for (const [name, variable] of namedParameters(model.tree.fusion)) {
        expect(isSame(variable, expected.get(name)), name).toBe(true);
      }
      disposeModule(model);
      disposeModule(fresh);
    }
  });

  it('without an image encoder draws one of the size; other image sizes and lengths are taken', async () => {
    await importModel(options({ vision: undefined, maxLength: 7, out: join(folder, 'text') }));
    const { model } = await loadModelFolder(join(folder, 'text'));
    expect(model.config.image).toMatchObject({ imageSize: 64, width: 128 });
    expect(model.config.pixels).toBeUndefined();
    expect(model.config.text.maxLength).toBe(7);
    disposeModule(model);
    const { config, vision } = await importModel(options({ imageSize: 20, out: join(folder, 'large') }));
    expect(config.image.imageSize).toBe(20);
    expect(vision?.notes).toContain('positions of 3 x 3 patches interpolated to 5 x 5 (bicubic)');
  });

  it('is what a run starts from, whose folder keeps encoders and preprocessing and can be resumed', async () => {
    await importModel(options());
    const { train: pairs, remove } = await smallCatalogue({ train: 4 });
    const run = { train: pairs, validation: pairs, init: out, out: join(folder, 'run') };
    const settings = { epochs: 1, batchSize: 2, dataWorkers: 0, freeze: ['encoders'] };
    const stop = new AbortController();
    const first = await train({
      ...run,
      settings,
      signal: stop.signal,
      onEvent: ({ type }) => type === 'step' && stop.abort(),
    });
    expect(first.interrupted).toBe(true);
    const { init: _, ...again } = run;
    expect((await train({ ...again, resume: true })).steps).toBe(2);
    const [before, after] = [await loadModelFolder(out), await loadModelFolder(run.out)];
    expect(after.config.model).toEqual(before.config.model);
    const words = (each: typeof before) => each.model.tree.text_encoder;
    for (const [name, variable] of namedParameters(words(after))) {
      expect(variable.dataSync(), name).toEqual(namedParameters(words(before)).get(name)?.dataSync());
    }
    expect(modelFingerprint(after)).not.toBe(modelFingerprint(before));
    disposeModule(before.model);
    disposeModule(after.model);
    await remove();
  }, 60_000);

  it('embeds images as its preprocessing says, which its fingerprint knows', async () => {
    await importModel(options());
    const { train: pairs, remove } = await smallCatalogue({ train: 1 });
    const { item1 } = pairs[0] as Pair;
    const embed = async () => {
      const loaded = await loadModelFolder(out);
      const embedder = modelEmbedder(loaded, { batchSize: 1 });
      const { image } = await embedder.embed([item1]);
      await embedder.dispose();
      const fingerprint = modelFingerprint(loaded);
      disposeModule(loaded.model);
      return { image, fingerprint };
    };
    const own = await embed();
    const path = join(out, modelFiles.config);
    const config = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(
      path,
      JSON.stringify({ ...config, model: { ...config.model, pixels: { ...config.model.pixels, mean: clipMean } } }),
    );
    const other = await embed();
    await remove();
    expect(compareArrays(other.image, own.image)).toBeDefined();
    expect(other.fingerprint).not.toBe(own.fingerprint);
  }, 30_000);

  it('leaves nothing behind in memory, also where the second checkpoint is refused', async () => {
    const before = tf.memory().numTensors;
    await importModel(options());
    const refused = await refusal(
      importModel(options({ vision: checkpoint('bert-cased'), out: join(folder, 'other') })),
    );
    expect(refused.code).toBe('unsupported');
    expect(existsSync(join(folder, 'other'))).toBe(false);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a folder that holds anything else, and takes one of an import that was killed', async () => {
    mkdirSync(out);
    writeFileSync(join(out, modelFiles.weights), 'half of it');
    await importModel(options());
    const again = await refusal(importModel(options()));
    expect(again).toMatchObject({ code: 'file', where: 'importModel' });
    const other = join(folder, 'taken');
    mkdirSync(other);
    copyFileSync(join(out, modelFiles.config), join(other, 'notes.json'));
    expect((await refusal(importModel(options({ out: other })))).got).toContain('notes.json');
    expect(readdirSync(other)).toEqual(['notes.json']);
  });
});
