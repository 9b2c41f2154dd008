import '@tensorflow/tfjs-backend-cpu';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadTokenizer, trainTokenizer } from '@uniecs/encoders/node';
import { namedParameters, seededRandom, UniecsError } from '@uniecs/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelFingerprint } from '../embedding/model-embedder.js';
import { type RetrievalModel, retrievalModel } from '../model/retrieval-model.js';
import { smallConfig } from '../testing/small-training.js';
import { loadModelFolder, loadWeights, modelFiles, writeModelConfig, writeWeights } from './model-folder.js';

const tokenizer = trainTokenizer(['red shirt', 'blue shirt', 'red cap'], { minFrequency: 1 });
const { vocabularySize } = loadTokenizer(tokenizer);
const built = (seed: number) => {
  const config = smallConfig();
  return retrievalModel({ ...config, text: { ...config.text, vocabularySize } }, seededRandom(seed));
};
const read = (variable: tf.Variable) => ({ data: variable.dataSync() as Float32Array });

let folder: string;
let model: RetrievalModel;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retrieval-model-'));
  model = built(1);
  await writeModelConfig(folder, { version: 1, model: model.config, training: { seed: 3 } }, tokenizer);
  await writeWeights(join(folder, modelFiles.weights), model, read, { metadata: { note: 'x' } });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const weightsOf = (each: RetrievalModel) =>
  new Map([...namedParameters(each)].map(([name, variable]) => [name, [...variable.dataSync()]]));

async function refusal(promise: Promise<unknown>): Promise<UniecsError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(UniecsError.isInstance(error), String(error)).toBe(true);
  return error as UniecsError;
}

/** Changes the stored config. */
function edit(change: (config: { version: number; model: Record<string, object> }) => object): void {
  const path = join(folder, modelFiles.config);
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))));
}

describe('a model folder', () => {
  it('holds the model: config, tokenizer and weights to the bit', async () => {
    const loaded = await loadModelFolder(folder);
    expect(loaded.config).toEqual({ version: 1, model: model.config, training: { seed: 3 } });
    expect(weightsOf(loaded.model)).toEqual(weightsOf(model));
    expect(loaded.tokenizer.vocabularySize).toBe(vocabularySize);
    expect(loaded.tokenizer.encodeBatch(['red shirt'], 5).ids[0]).toBe(2);
  });

  it('has a fingerprint that a weight changes, a copy does not', async () => {
    const [a, b] = [await loadModelFolder(folder), await loadModelFolder(folder)];
    expect(modelFingerprint(a)).toMatch(/^[0-9a-f]{16}$/);
    expect(modelFingerprint(b)).toBe(modelFingerprint(a));
    const variable = [...namedParameters(b.model).values()].at(-1) as tf.Variable;
    const values = variable.dataSync().slice();
    values[0] = (values[0] as number) + 1e-6;
    variable.assign(tf.tensor(values, variable.shape));
    expect(modelFingerprint(b)).not.toBe(modelFingerprint(a));
  });

  it('has another fingerprint by what the weights do not show: heads, a norm, a special token, the pixels', async () => {
    const loaded = await loadModelFolder(folder);
    const names = [modelFingerprint(loaded)];
    const { config } = loaded.model;
    const others = [
      { ...config, image: { ...config.image, heads: 1 } },
      { ...config, fusion: { ...config.fusion, norm: 'pre' } },
      { ...config, pixels: { mean: [0, 0, 0], std: [1, 1, 1] } },
    ];
    for (const other of others) {
      names.push(modelFingerprint({ ...loaded, model: { ...loaded.model, config: other } as RetrievalModel }));
    }
    const path = join(folder, modelFiles.tokenizer);
    const content = JSON.parse(readFileSync(path, 'utf8'));
    // Another layout of the same content is the same tokenizer.
    writeFileSync(path, JSON.stringify(Object.fromEntries(Object.entries(content).reverse()), null, 2));
    expect(modelFingerprint(await loadModelFolder(folder))).toBe(names[0]);
    const { vocab } = content.model;
    const [a, b] = Object.keys(vocab).slice(-2) as [string, string];
    [vocab[a], vocab[b]] = [vocab[b], vocab[a]];
    writeFileSync(path, JSON.stringify(content));
    names.push(modelFingerprint(await loadModelFolder(folder)));
    expect(new Set(names).size).toBe(5);
  });

  it('refuses weights of another size by what differs, with no parameter changed', async () => {
    const other = built(9);
    const path = join(folder, modelFiles.weights);
    const kept = weightsOf(other);
    const shorter = { tree: { image_encoder: other.tree.image_encoder } };
    await writeWeights(join(folder, 'part.safetensors'), shorter, read);
    const error = await refusal(loadWeights(other, join(folder, 'part.safetensors')));
    expect(error).toMatchObject({ code: 'data', where: 'loadWeights' });
    expect(error.message).toContain('part.safetensors');
    expect(weightsOf(other)).toEqual(kept);

    truncateSync(path, readFileSync(path).length - 2);
    expect((await refusal(loadWeights(other, path))).code).toBe('file');
    expect(weightsOf(other)).toEqual(kept);
  });

  it('whose config and weights do not belong together is refused, with nothing left in memory', async () => {
    edit(({ version, model: { text, ...rest } }) => ({ version, model: { ...rest, text: { ...text, maxLength: 9 } } }));
    const before = tf.memory().numTensors;
    const error = await refusal(loadModelFolder(folder));
    expect(error.code).toBe('data');
    expect(error.hint).toContain('config.json');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('whose tokenizer has another vocabulary than the model is refused', async () => {
    writeFileSync(join(folder, modelFiles.tokenizer), JSON.stringify(trainTokenizer(['red'], { minFrequency: 1 })));
    const error = await refusal(loadModelFolder(folder));
    expect(error).toMatchObject({
      code: 'data',
      expected: `a tokenizer of ${vocabularySize} entries, as the model has`,
    });
  });

  it.each<[string, () => void]>([
    ['no config', () => void writeFileSync(join(folder, modelFiles.config), '{')],
    ['an empty config', () => edit(() => ({}))],
    ['a config that is null', () => void writeFileSync(join(folder, modelFiles.config), 'null')],
    ['a config of a later version', () => edit((config) => ({ ...config, version: 2 }))],
    [
      'another architecture',
      () => edit(({ version, ...rest }) => ({ version, model: { ...rest.model, architecture: 'clip' } })),
    ],
    [
      'a config without the text encoder',
      () => edit(({ version, model: { text, ...rest } }) => ({ version, model: rest })),
    ],
    ['a tokenizer that is no JSON', () => void writeFileSync(join(folder, modelFiles.tokenizer), 'x')],
    ['truncated weights', () => truncateSync(join(folder, modelFiles.weights), 100)],
  ])('with %s is refused', async (_, damage) => {
    damage();
    const error = await refusal(loadModelFolder(folder));
    expect(error.code).toBe('file');
    expect(error.message).toContain(folder);
  });

  it('that is not there is refused', async () => {
    expect((await refusal(loadModelFolder(join(folder, 'none')))).code).toBe('file');
  });
});
