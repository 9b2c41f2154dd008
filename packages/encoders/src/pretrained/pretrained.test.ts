import '@tensorflow/tfjs-backend-cpu';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { disposeModule, type FileTensor, namedParameters, UniecsError } from '@uniecs/tensor';
import { readSafetensors, writeSafetensors } from '@uniecs/tensor/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clipPreparation } from '../images/pixel-preparation.js';
import { loadTokenizer } from '../tokenizer/load-tokenizer.js';
import type { CheckpointReport } from './match-weights.js';
import { pretrainedText } from './pretrained-text.js';
import { pretrainedVision } from './pretrained-vision.js';

/** Checkpoints as transformers and open_clip wrote them, of random weights (tools/parity). */
const fixtures = fileURLToPath(new URL('../../../../tools/parity/fixtures/pretrained', import.meta.url));

let root: string;
/** A copy of a checkpoint, to be damaged. */
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'encoders-pretrained-'));
  folder = join(root, 'checkpoint');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const take = (name: string) => cpSync(join(fixtures, name), folder, { recursive: true });

function edit(name: string, change: (json: Record<string, unknown>) => unknown): void {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(change(existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {})));
}

async function rewrite(change: (tensors: Map<string, FileTensor>) => void, name = 'model.safetensors'): Promise<void> {
  const tensors = new Map((await readSafetensors(join(folder, name))).tensors);
  change(tensors);
  await writeSafetensors(join(folder, name), tensors);
}

/** The refusal of a checkpoint, after which no tensor may be left. */
async function refusal(load: () => Promise<unknown>): Promise<UniecsError> {
  const before = tf.memory().numTensors;
  const error = await load().then(
    () => undefined,
    (reason) => reason,
  );
  expect(UniecsError.isInstance(error), String(error)).toBe(true);
  expect(tf.memory().numTensors).toBe(before);
  return error as UniecsError;
}

const vision = (options = {}) => refusal(() => pretrainedVision(folder, options));
const text = (options = {}) => refusal(() => pretrainedText(folder, options));

describe('what a checkpoint lacks or has too much of', () => {
  it('is reported by name: missing, misshapen, unexpected', async () => {
    take('bert-cased');
    await rewrite((tensors) => {
      const bias = 'encoder.layer.1.output.dense.bias';
      tensors.delete('embeddings.LayerNorm.weight');
      tensors.set(bias, { dtype: 'F32', shape: [3], data: new Float32Array(3) });
      tensors.set('encoder.layer.2.output.dense.bias', tensors.get('pooler.dense.bias') as FileTensor);
    });
    const error = await text();
    expect(error).toMatchObject({ code: 'data', got: '1 missing, 1 misshapen, 1 unexpected' });
    expect(error.details.list).toEqual([
      'missing: embeddings.LayerNorm.weight',
      'misshapen: encoder.layer.1.output.dense.bias is [3], expected floats of [10]',
      'unexpected: encoder.layer.2.output.dense.bias',
    ]);
    expect((error.details.report as CheckpointReport).missing).toEqual(['embeddings.LayerNorm.weight']);
  });

  it('the other tower, heads and projections are counted as unused, by part', async () => {
    const { encoder, report } = await pretrainedVision(join(fixtures, 'clip-model'));
    disposeModule(encoder);
    expect(report).toMatchObject({ kind: 'Hugging Face CLIP', dtypes: ['F32'], taken: 55, unexpected: [] });
    expect(report.unused).toEqual({ logit_scale: 1, text_model: 36, text_projection: 1, visual_projection: 1 });
    const masked = await pretrainedText(join(fixtures, 'bert-masked-bf16'));
    disposeModule(masked.encoder);
    expect(masked.report.unused).toEqual({ cls: 5 });
    expect(masked.report.dtypes).toEqual(['BF16']);
    expect(masked.report.notes).toEqual([expect.stringMatching(/^3 of \d+ rows of the table of words left out/)]);
  });

  it('a configuration of more layers than there are weights takes no memory for them', async () => {
    take('clip-vision-f16');
    edit('config.json', (config) => ({ ...config, num_hidden_layers: 1000, hidden_size: 65_536 }));
    expect((await vision()).got).toMatch(/^\d+ missing, \d+ misshapen$/);
    edit('config.json', (config) => ({ ...config, num_hidden_layers: 1e9 }));
    expect((await vision()).expected).toContain('num_hidden_layers');
  });

  it('a weight that is not finite is refused by name', async () => {
    take('bert-cased');
    await rewrite((tensors) => {
      const { data } = tensors.get('encoder.layer.0.output.dense.bias') as { data: Float32Array };
      data[2] = Number.NaN;
    });
    expect((await text()).got).toBe("NaN at element 2 of 'encoder.layer.0.output.dense.bias'");
  });

  it('a tokenizer with more tokens than the table is refused', async () => {
    take('bert-cased');
    writeFileSync(join(folder, 'vocab.txt'), `${readFileSync(join(folder, 'vocab.txt'), 'utf8')}one\ntwo\n`);
    expect(await text()).toMatchObject({ code: 'data', expected: expect.stringContaining('a tokenizer of at most') });
  });
});

describe('hostile and damaged files', () => {
  const index = 'model.safetensors.index.json';
  const shard = 'model-00001-of-00004.safetensors';
  const outside = (to: string) =>
    edit(index, (json) => ({
      ...json,
      weight_map: Object.fromEntries(Object.keys(json.weight_map as object).map((name) => [name, to])),
    }));

  it.each(['../x.safetensors', '/etc/passwd', 'a/b.safetensors', '..', '.', '', 'a\\b', 'a\0b'])(
    'an index that names %j is refused',
    async (name) => {
      take('clip-model');
      writeFileSync(join(root, 'x.safetensors'), '');
      outside(name);
      expect(await vision()).toMatchObject({ code: 'data', expected: expect.stringContaining('names of files in') });
    },
  );

  it('a link out of the folder is refused, one within it and one of the cache of snapshots are followed', async () => {
    take('clip-model');
    renameSync(join(folder, shard), join(root, shard));
    symlinkSync(join(root, shard), join(folder, shard));
    expect(await vision()).toMatchObject({ code: 'data', got: 'a link out of it' });
    rmSync(join(folder, shard));
    renameSync(join(root, shard), join(folder, 'inner'));
    symlinkSync('inner', join(folder, shard));
    disposeModule((await pretrainedVision(folder)).encoder);

    const [snapshots, blobs] = [join(root, 'models--a--b', 'snapshots'), join(root, 'models--a--b', 'blobs')];
    mkdirSync(snapshots, { recursive: true });
    mkdirSync(blobs);
    renameSync(join(folder, 'inner'), join(blobs, 'abc'));
    rmSync(join(folder, shard));
    renameSync(folder, join(snapshots, 'rev'));
    symlinkSync('../../blobs/abc', join(snapshots, 'rev', shard));
    disposeModule((await pretrainedVision(join(snapshots, 'rev'))).encoder);
    const config = join(snapshots, 'rev', 'config.json');
    renameSync(config, join(root, 'config.json'));
    symlinkSync(join(root, 'config.json'), config);
    expect((await refusal(() => pretrainedVision(join(snapshots, 'rev')))).got).toBe('a link out of it');
  });

  it.each<[string, () => void, string]>([
    ['an index without a map', () => edit(index, () => ({})), 'data'],
    ['an index that maps to numbers', () => edit(index, () => ({ weight_map: { a: 3 } })), 'data'],
    ['an index of a weight that no file has', () => edit(index, () => ({ weight_map: { nothing: shard } })), 'data'],
    ['an index that is no JSON', () => writeFileSync(join(folder, index), '{'), 'file'],
    ['a missing shard', () => rmSync(join(folder, shard)), 'file'],
    [
      'a truncated shard',
      () => writeFileSync(join(folder, shard), readFileSync(join(folder, shard)).subarray(0, 99)),
      'file',
    ],
    [
      'two shards with the same weights',
      () => {
        cpSync(join(folder, shard), join(folder, 'again.safetensors'));
        edit(index, (json) => ({ weight_map: { ...(json.weight_map as object), logit_scale: 'again.safetensors' } }));
      },
      'data',
    ],
    ['a configuration that is a list', () => writeFileSync(join(folder, 'config.json'), '[]'), 'file'],
    ['a configuration of 2 MB', () => writeFileSync(join(folder, 'config.json'), ' '.repeat(2e6)), 'file'],
    ['no configuration', () => rmSync(join(folder, 'config.json')), 'file'],
    ['no weights', () => rmSync(join(folder, index)), 'file'],
  ])('%s is refused', async (_, damage, code) => {
    take('clip-model');
    damage();
    expect((await vision()).code).toBe(code);
  });

  it.each([
    ['pytorch_model.bin', 'torch.load('],
    ['pytorch_model.bin.index.json', 'torch.load('],
    ['open_clip_pytorch_model.bin', 'torch.load('],
  ])('a folder with %s alone is refused with the conversion', async (name, conversion) => {
    mkdirSync(folder);
    writeFileSync(join(folder, name), '');
    const error = await vision();
    expect(error).toMatchObject({ code: 'unsupported', got: expect.stringContaining('runs code when it is read') });
    expect(error.hint).toContain(conversion);
    expect((await refusal(() => pretrainedVision(join(folder, 'ViT-B-16.pt')))).hint).toContain('torch.jit.load(');
    // What a zip of TorchScript holds, and one of a pickle does not.
    for (const [content, call] of [
      ['PK ViT-B-16/constants.pkl', 'torch.jit.load('],
      ['PK archive/data.pkl', 'torch.load('],
    ] as const) {
      writeFileSync(join(folder, 'a.pt'), content);
      expect((await refusal(() => pretrainedVision(join(folder, 'a.pt')))).hint).toContain(call);
    }
  });
});

describe('models that are not supported are named', () => {
  it.each<[string, string, object]>([
    ['SigLIP', 'clip-vision-f16', { model_type: 'siglip_vision_model' }],
    ['a tanh activation', 'clip-vision-f16', { hidden_act: 'gelu_pytorch_tanh' }],
    ['heads that do not divide the width', 'clip-vision-f16', { num_attention_heads: 3 }],
    ['a text for a number', 'clip-vision-f16', { hidden_size: '10' }],
    ['RoBERTa', 'bert-cased', { model_type: 'roberta' }],
    ['relative positions', 'bert-cased', { position_embedding_type: 'relative_key' }],
    ['a decoder', 'bert-cased', { is_decoder: true }],
    ['a dropout of 1', 'bert-cased', { hidden_dropout_prob: 1 }],
  ])('%s', async (_, name, change) => {
    take(name);
    edit('config.json', (config) => ({ ...config, ...change }));
    expect(['unsupported', 'data']).toContain((await (name.startsWith('bert') ? text() : vision())).code);
  });

  it('weights of another encoder', async () => {
    folder = join(fixtures, 'bert-cased');
    expect((await vision()).code).toBe('unsupported');
    folder = join(fixtures, 'clip-model');
    expect((await text()).code).toBe('unsupported');
  });

  it('open_clip forms of other layers', async () => {
    take('open-clip');
    edit('open_clip_config.json', (json) => {
      const model = json.model_cfg as Record<string, object>;
      return { ...json, model_cfg: { ...model, vision_cfg: { ...model.vision_cfg, attentional_pool: true } } };
    });
    expect((await vision()).got).toBe('one with attentional_pool');
  });

  it('lengths and sides that cannot be', async () => {
    folder = join(fixtures, 'bert-cased');
    expect(await text({ maxLength: 20 })).toMatchObject({
      code: 'argument',
      expected: expect.stringContaining('to 19'),
    });
    folder = join(fixtures, 'clip-model');
    for (const imageSize of [13, 0, -3, 4.5, Number.NaN]) expect((await vision({ imageSize })).code).toBe('argument');
    folder = join(fixtures, 'state-dict', 'weights.safetensors');
    expect(await vision()).toMatchObject({ code: 'argument', hint: expect.stringContaining('--activation') });
  });
});

describe('how images are prepared', () => {
  const prepared = async () => {
    const { encoder, preparation, report } = await pretrainedVision(folder);
    disposeModule(encoder);
    return { preparation, notes: report.notes };
  };

  it.each<[string, Record<string, unknown>, object]>([
    ['as CLIP', {}, clipPreparation],
    [
      'stretched',
      { size: { height: 12, width: 12 }, do_center_crop: false, resample: 2 },
      { fit: 'fill', filter: 'bilinear' },
    ],
    ['sides as numbers', { size: 12, crop_size: 12, resample: 1 }, { fit: 'cover', filter: 'lanczos' }],
    ['not normalised', { do_normalize: false }, { mean: [0, 0, 0], std: [1, 1, 1] }],
    ['normalised otherwise', { image_mean: [0.5, 0.5, 0.5] }, { mean: [0.5, 0.5, 0.5], std: clipPreparation.std }],
  ])('%s, from preprocessor_config.json', async (_, change, expected) => {
    take('clip-model');
    edit('preprocessor_config.json', (config) => ({ ...config, ...change }));
    expect((await prepared()).preparation).toMatchObject(expected);
  });

  it('from processor_config.json, from open_clip_config.json, and as CLIP with a note where nothing says it', async () => {
    take('clip-model');
    renameSync(join(folder, 'preprocessor_config.json'), join(folder, 'x.json'));
    expect(await prepared()).toEqual({
      preparation: clipPreparation,
      notes: ["no file says how images are prepared: as CLIP's are"],
    });
    edit('processor_config.json', () => ({ image_processor: { resample: 2 } }));
    expect((await prepared()).preparation).toMatchObject({ filter: 'bilinear' });
    rmSync(folder, { recursive: true });
    take('open-clip');
    expect((await prepared()).preparation).toMatchObject({ fit: 'fill', filter: 'bilinear', mean: [0.5, 0.4, 0.3] });
  });

  it.each<[string, Record<string, unknown>]>([
    ['another side than the cut', { size: { shortest_edge: 16 } }],
    ['no cut', { do_center_crop: false }],
    ['no scaling', { do_resize: false }],
    ['another range', { rescale_factor: 1 / 127.5 }],
    ['a filter that is not here', { resample: 0 }],
    ['a deviation of zero', { image_std: [0, 1, 1] }],
  ])('%s is refused', async (_, change) => {
    take('clip-model');
    edit('preprocessor_config.json', (config) => ({ ...config, ...change }));
    expect(['unsupported', 'data', 'argument']).toContain((await vision()).code);
  });
});

describe('the tokenizer', () => {
  it('of vocab.txt keeps case where tokenizer_config.json says so', async () => {
    take('bert-cased');
    const idsOf = async () => {
      const { encoder, tokenizer } = await pretrainedText(folder);
      disposeModule(encoder);
      return [...loadTokenizer(tokenizer).encodeBatch(['Puma Σ'], 5).ids];
    };
    const cased = await idsOf();
    edit('tokenizer_config.json', () => ({ do_lower_case: true }));
    expect(await idsOf()).not.toEqual(cased);
  });

  it('with special tokens of other names is refused', async () => {
    take('bert-cased');
    edit('tokenizer_config.json', () => ({ pad_token: { content: '<pad>' } }));
    expect(await text()).toMatchObject({ code: 'unsupported', got: '"<pad>"' });
  });

  it('that is missing or of another kind is refused', async () => {
    take('bert-cased');
    rmSync(join(folder, 'vocab.txt'));
    expect((await text()).code).toBe('file');
    edit('tokenizer.json', () => ({ model: { type: 'BPE', vocab: {}, merges: [] } }));
    expect((await text()).code).toBe('data');
  });
});

it('the same weights come from a folder, its file, single or in shards', async () => {
  const { encoder } = await pretrainedVision(join(fixtures, 'clip-model'));
  const expected = new Map([...namedParameters(encoder)].map(([name, variable]) => [name, [...variable.dataSync()]]));
  disposeModule(encoder);
  take('clip-model');
  const all = new Map<string, FileTensor>();
  for (const n of [1, 2, 3, 4]) {
    const path = join(folder, `model-0000${n}-of-00004.safetensors`);
    for (const [name, tensor] of (await readSafetensors(path)).tensors) all.set(`module.${name}`, tensor);
  }
  await writeSafetensors(join(folder, 'model.safetensors'), all);
  for (const path of [folder, join(folder, 'model.safetensors')]) {
    const again = (await pretrainedVision(path)).encoder;
    for (const [name, variable] of namedParameters(again)) expect([...variable.dataSync()]).toEqual(expected.get(name));
    disposeModule(again);
  }
});
