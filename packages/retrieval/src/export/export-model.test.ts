import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTokenizer, trainTokenizer } from '@uniecs/encoders/node';
import type { Embeddings, Item } from '@uniecs/mbeer';
import { disposeModule, seededRandom } from '@uniecs/tensor';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { modelEmbedder } from '../embedding/model-embedder.js';
import { type LoadedModel, tokenizerDigest, writeModelConfig } from '../files/model-folder.js';
import type { Architecture, ModelConfig } from '../model/model-config.js';
import { retrievalModel } from '../model/retrieval-model.js';
import { type SmallCatalogue, smallCatalogue, withGaps } from '../testing/small-catalogue.js';
import { scatter } from '../testing/small-training.js';
import { exportModel } from './export-model.js';
import { exportRoles } from './export-roles.js';
import { exportedEmbedder } from './exported-embedder.js';
import { openExported } from './open-exported.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let root: string;
let catalogue: SmallCatalogue;
let items: Item[];
let ours: Embeddings;
let loaded: LoadedModel;
const views = ['fused', 'image', 'text'] as const;
const folderOf = (name: string) => join(root, name);

/** Large enough for weights that are held in less, of sizes that differ from each other. */
function configOf(vocabularySize: number, architecture: Architecture = 'uniecs'): ModelConfig {
  const shared = { width: 36, heads: 2, ffnRatio: 2, dropout: 0 };
  const uniecs = {
    crossLayers: 1,
    selfBlocks: 1,
    fusionBlocks: 1,
    norm: 'post',
    indicator: 'own',
    gating: true,
  } as const;
  const fusions = {
    uniecs: { ...shared, ...uniecs, gateBias: 0, fusionInput: 'concat', residual: 'attended' } as const,
    'clip-sf': { width: 36 },
    'clip-ff': { ...shared, blocks: 1 },
  };
  return {
    architecture,
    size: 'tiny',
    image: { imageSize: 12, patchSize: 4, width: 40, layers: 1, heads: 2, activation: 'quickGelu' },
    text: { vocabularySize, maxLength: 7, width: 44, layers: 1, heads: 2 },
    fusion: fusions[architecture],
  } as ModelConfig;
}

async function modelOf(architecture: Architecture): Promise<LoadedModel> {
  const titles = catalogue.train.flatMap(({ item1, item2 }) => [item1.title as string, item2.title as string]);
  const json = trainTokenizer(titles);
  const tokenizer = loadTokenizer(json);
  const config = configOf(tokenizer.vocabularySize, architecture);
  const model = retrievalModel(config, seededRandom(2));
  scatter(model, seededRandom(3));
  await writeModelConfig(folderOf(architecture), { version: 1, model: config }, json);
  return { model, tokenizer, tokenizerDigest: tokenizerDigest(json), config: { version: 1, model: config } };
}

async function embeddingsOf(model: LoadedModel): Promise<Embeddings> {
  const embedder = modelEmbedder(model, { batchSize: 4 });
  return embedder.embed(items).finally(() => embedder.dispose());
}

async function exportedEmbeddings(folder: string, batchSize = 4): Promise<Embeddings> {
  const embedder = await exportedEmbedder(folder, { batchSize });
  return embedder.embed(items).finally(() => embedder.dispose());
}

/** The mean over rows that have what the view is made of. */
function meanCosine(a: Embeddings, b: Embeddings, view: (typeof views)[number]): number {
  const has = view === 'fused' ? undefined : view === 'image' ? a.hasImage : a.hasText;
  let sum = 0;
  let rows = 0;
  for (let row = 0; row < a.count; row++) {
    if (has && !has[row]) continue;
    rows++;
    for (let i = row * a.dimension; i < (row + 1) * a.dimension; i++)
      sum += (a[view][i] as number) * (b[view][i] as number);
  }
  return sum / rows;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'export-model-'));
  catalogue = await smallCatalogue();
  items = withGaps(catalogue.train.slice(0, 11)).map(({ item1, item2 }, i) => (i % 2 === 0 ? item2 : item1));
  expect(items.some(({ image }) => image === undefined) && items.some(({ title }) => title === undefined)).toBe(true);
  loaded = await modelOf('uniecs');
  ours = await embeddingsOf(loaded);
  for (const weights of ['float32', 'float16', 'int8'] as const) {
    await exportModel(loaded, { folder: folderOf('uniecs'), out: folderOf(weights), weights });
  }
});
afterAll(async () => {
  disposeModule(loaded.model);
  await catalogue.remove();
  await rm(root, { recursive: true });
});

describe('exportModel', () => {
  it('gives files that embed items with and without image or title as the model does, in batches of any size', async () => {
    for (const batchSize of [1, 4, 13]) {
      const found = await exportedEmbeddings(folderOf('float32'), batchSize);
      for (const view of views) expect(found[view]).toBeCloseToArray(ours[view], { relative: 0, absolute: 1e-5 });
      expect(found.hasImage).toEqual(ours.hasImage);
    }
  });

  it('of the baselines too', async () => {
    for (const architecture of ['clip-sf', 'clip-ff'] as const) {
      const model = await modelOf(architecture);
      await exportModel(model, { folder: folderOf(architecture), out: folderOf(`${architecture}-onnx`) });
      const [expected, found] = [await embeddingsOf(model), await exportedEmbeddings(folderOf(`${architecture}-onnx`))];
      for (const view of views) expect(found[view]).toBeCloseToArray(expected[view], { relative: 0, absolute: 1e-5 });
      disposeModule(model.model);
    }
  });

  it('in float16 and int8 gives files of less bytes with a mean cosine of at least 0.9999 and 0.99', async () => {
    const bytes = async (weights: string) => {
      const { roles } = JSON.parse(await readFile(join(folderOf(weights), 'export.json'), 'utf8'));
      return Object.values(roles as Record<string, { bytes: number }>).reduce((sum, file) => sum + file.bytes, 0);
    };
    const [half, eighth] = [await exportedEmbeddings(folderOf('float16')), await exportedEmbeddings(folderOf('int8'))];
    for (const view of views) {
      expect(meanCosine(ours, half, view), view).toBeGreaterThan(0.9999);
      expect(meanCosine(ours, eighth, view), view).toBeGreaterThan(0.99);
      expect(meanCosine(ours, eighth, view), view).toBeLessThan(0.9999999);
    }
    expect(await bytes('float16')).toBeLessThan((await bytes('float32')) * 0.7);
    expect(await bytes('int8')).toBeLessThan(await bytes('float16'));
  });

  it('in every role, with the numbers of the parts', async () => {
    const out = folderOf('roles');
    const { roles } = await exportModel(loaded, { folder: folderOf('uniecs'), out, roles: exportRoles });
    expect(Object.keys(roles)).toEqual([...exportRoles]);
    expect(roles.item?.inputs.map(({ name, shape }) => [name, ...shape])).toEqual([
      ['pixels', 'batch', 12, 12, 3],
      ['ids', 'batch', 7],
      ['mask', 'batch', 7],
      ['has_image', 'batch'],
      ['has_text', 'batch'],
    ]);
    const opened = await openExported(out);
    const draw = seededRandom(9);
    const floats = (length: number, ...shape: number[]) =>
      ({ dtype: 'float32', shape, data: Float32Array.from({ length }, () => draw.normal()) }) as const;
    const pixels = floats(5 * 12 * 12 * 3, 5, 12, 12, 3);
    const ids = {
      dtype: 'int32',
      shape: [5, 7],
      data: Int32Array.from({ length: 35 }, () => draw.integer(20)),
    } as const;
    const mask = {
      dtype: 'float32',
      shape: [5, 7],
      data: Float32Array.from({ length: 35 }, (_, i) => Number(i % 7 < 4)),
    } as const;
    const flags = (...values: number[]) => ({ dtype: 'float32', shape: [5], data: Float32Array.from(values) }) as const;
    const [has_image, has_text] = [flags(1, 1, 0, 1, 1), flags(1, 0, 1, 1, 1)];
    const V = (await opened.model('image-tokens').run({ pixels })).tokens;
    const T = (await opened.model('text-tokens').run({ ids, mask })).tokens;
    const parts = { image_tokens: V, text_tokens: T, text_mask: mask } as Parameters<
      ReturnType<typeof opened.model>['run']
    >[0];
    const fuse = async (image: typeof has_image, text: typeof has_text) =>
      (await opened.model('fusion').run({ ...parts, has_image: image, has_text: text })).embedding?.data;
    const [all, none] = [flags(1, 1, 1, 1, 1), flags(0, 0, 0, 0, 0)];
    const close = { relative: 0, absolute: 2e-6 };
    const item = await opened.model('item').run({ pixels, ids, mask, has_image, has_text });
    expect(item.embedding?.data).toBeCloseToArray((await fuse(has_image, has_text)) as Float32Array, close);
    const image = await opened.model('image').run({ pixels });
    expect(image.embedding?.data).toBeCloseToArray((await fuse(all, none)) as Float32Array, close);
    const text = await opened.model('text').run({ ids, mask });
    expect(text.embedding?.data).toBeCloseToArray((await fuse(none, all)) as Float32Array, close);
    await opened.dispose();
  });

  it('refuses a folder that is not empty, and leaves it as it is', async () => {
    const again = exportModel(loaded, { folder: folderOf('uniecs'), out: folderOf('float32') });
    await expect(again).rejects.toMatchObject({ code: 'file' });
    expect((await exportedEmbeddings(folderOf('float32'))).fused).toBeCloseToArray(ours.fused, { absolute: 1e-5 });
  });
});

describe('openExported', () => {
  it('refuses a file that is not the one that was exported, and a manifest that names one outside', async () => {
    const damaged = folderOf('damaged');
    await cp(folderOf('float32'), damaged, { recursive: true });
    const path = join(damaged, 'fusion.onnx');
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    await writeFile(path, bytes);
    await expect(openExported(damaged)).rejects.toThrow(/SHA-256/);
    await writeFile(path, bytes.subarray(0, 100));
    await expect(openExported(damaged)).rejects.toMatchObject({ code: 'data' });
    await rm(path);
    await expect(openExported(damaged)).rejects.toMatchObject({ code: 'file' });
    const manifest = await readFile(join(damaged, 'export.json'), 'utf8');
    for (const name of ['../float32/fusion.onnx', '/etc/passwd', '', '.hidden']) {
      await writeFile(join(damaged, 'export.json'), manifest.replace('"fusion.onnx"', JSON.stringify(name)));
      await expect(openExported(damaged), name).rejects.toMatchObject({ code: 'data' });
    }
    await writeFile(join(damaged, 'export.json'), '{');
    await expect(openExported(damaged)).rejects.toMatchObject({ code: 'file' });
  });

  it('says which role is missing and how to get it', async () => {
    const opened = await openExported(folderOf('float32'));
    expect(() => opened.model('item')).toThrow(/role 'item'.*--roles item/);
    await opened.dispose();
  });
});
