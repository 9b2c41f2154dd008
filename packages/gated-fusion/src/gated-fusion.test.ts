import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { parameters, seededRandom, stateDict } from '@uniecs/tensor';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { describe, expect, it, vi } from 'vitest';
import { checkOptions } from './check-options.js';
import { type GatedFusionOptions, gatedFusion } from './gated-fusion.js';
import type { ModalityInputs } from './modality-input.js';
import { paperFusion, recommendedFusion } from './presets.js';
import { fusion64 } from './testing/float64-fusion.js';
import { features3d, parameters64, randomFeatures, row64, sizes, smallFusion } from './testing/small-fusion.js';

vi.setConfig({ testTimeout: 30_000 });

const image = randomFeatures('image', 1);
const text = randomFeatures('text', 1);
// Rows: both with a full title, both with a short one, image only, text only.
const imagePresent = [1, 1, 1, 0] as const;
const textPresent = [1, 1, 0, 1] as const;
const textMask = [
  [1, 1, 1, 1, 1, 1, 1],
  [1, 1, 1, 0, 0, 0, 0],
  [1, 1, 0, 0, 0, 0, 0],
  [1, 1, 1, 1, 1, 0, 0],
];

const mixedBatch = (): Required<ModalityInputs> => ({
  image: { tokens: features3d(image), present: tf.tensor1d([...imagePresent]) },
  text: { tokens: features3d(text), mask: tf.tensor2d(textMask), present: tf.tensor1d([...textPresent]) },
});

const allForms: Partial<GatedFusionOptions>[] = (['post', 'pre'] as const).flatMap((norm) =>
  (['own', 'other'] as const).flatMap((indicator) =>
    [true, false].flatMap((gating) =>
      (['concat', 'tokens'] as const).map((fusionInput) => ({ norm, indicator, gating, fusionInput })),
    ),
  ),
);

// With the shortcut around it, the fusion's form does not matter to the oracle: one more of each input suffices.
const forms = [
  ...allForms.map((form) => ({ ...form, residual: 'none' as const })),
  ...(['pooled', 'attended'] as const).flatMap((residual) =>
    (['concat', 'tokens'] as const).map((fusionInput) => ({
      norm: 'post' as const,
      indicator: 'own' as const,
      gating: true,
      fusionInput,
      residual,
    })),
  ),
];

describe.each(forms)(
  'norm $norm, indicator $indicator, gating $gating, fusion input $fusionInput, residual $residual',
  (form) => {
    it('computes f, v and t of a mixed batch as the float64 oracle does, which zeroes all tokens of what is absent', () => {
      const fusion = smallFusion(form);
      const p = parameters64(fusion);
      const got = fusion.represent(mixedBatch());
      const rows = imagePresent.map((_, row) => row);
      const oracle = (withImage: 0 | 1, withText: 0 | 1) =>
        rows.map((row) => {
          const hasImage = (withImage * (imagePresent[row] as number)) as 0 | 1;
          const hasText = (withText * (textPresent[row] as number)) as 0 | 1;
          return fusion64(
            p,
            fusion.config,
            row64(image, row, undefined, hasImage),
            row64(text, row, textMask[row], hasText),
          );
        });
      expect(got.fused).toBeCloseToArray(oracle(1, 1), { absolute: 5e-6 });
      expect(got.image).toBeCloseToArray(oracle(1, 0), { absolute: 5e-6 });
      expect(got.text).toBeCloseToArray(oracle(0, 1), { absolute: 5e-6 });
      expect(fusion.forward(mixedBatch())).toBeCloseToArray(got.fused, { relative: 0, absolute: 0 });
    });
  },
);

describe('gatedFusion', () => {
  it('gives v as forward without text and t as forward without image', () => {
    const fusion = smallFusion();
    const both = {
      image: { tokens: features3d(image) },
      text: { tokens: features3d(text), mask: tf.tensor2d(textMask) },
    };
    const got = fusion.represent(both);
    expect(fusion.forward({ image: both.image })).toBeCloseToArray(got.image, { relative: 0, absolute: 0 });
    expect(fusion.forward({ text: both.text })).toBeCloseToArray(got.text, { relative: 0, absolute: 0 });
  });

  it('gives L2-normalised rows', () => {
    const f = smallFusion().forward(mixedBatch());
    expect(tf.sum(tf.square(f), 1)).toBeCloseToArray([1, 1, 1, 1]);
  });

  it('takes a batch of one', () => {
    const fusion = smallFusion();
    const one = (x: tf.Tensor3D) => tf.slice(x, [0, 0, 0], [1, -1, -1]);
    const got = fusion.forward({ image: { tokens: one(features3d(image)) }, text: { tokens: one(features3d(text)) } });
    const expected = fusion64(parameters64(fusion), fusion.config, row64(image, 0), row64(text, 0));
    expect(got).toBeCloseToArray([expected], { absolute: 5e-6 });
  });

  it('gives the same for identical tokens as for one of them', () => {
    const fusion = smallFusion();
    const first = tf.slice(features3d(image), [0, 0, 0], [-1, 1, -1]);
    const repeated = tf.tile(first, [1, 5, 1]);
    const title = { tokens: features3d(text), mask: tf.tensor2d(textMask) };
    const expected = fusion.forward({ image: { tokens: first }, text: title });
    expect(fusion.forward({ image: { tokens: repeated }, text: title })).toBeCloseToArray(expected, { absolute: 2e-6 });
  });

  it('gives every row with neither modality the same finite embedding', () => {
    const fusion = smallFusion();
    const none = tf.zeros([4]) as tf.Tensor1D;
    const batch = mixedBatch();
    const got = fusion.forward({
      image: { tokens: features3d(image), present: none },
      text: { ...batch.text, present: none } as never,
    });
    const row = fusion64(
      parameters64(fusion),
      fusion.config,
      row64(image, 0, undefined, 0),
      row64(text, 0, undefined, 0),
    );
    expect(got).toBeCloseToArray([row, row, row, row], { absolute: 5e-6 });
  });

  it('stays finite where a present modality has no valid token', () => {
    const blank = { tokens: features3d(text), mask: tf.zeros([4, 7]) as tf.Tensor2D };
    const got = smallFusion().forward({ image: { tokens: features3d(image) }, text: blank });
    expect(tf.sum(tf.square(got), 1)).toBeCloseToArray([1, 1, 1, 1]);
  });

  it('runs without cross layers, self-attention blocks and fusion blocks', () => {
    const fusion = smallFusion({ crossLayers: 0, selfBlocks: 0, fusionBlocks: 0 });
    const expected = fusion64(parameters64(fusion), fusion.config, row64(image, 0), row64(text, 0, textMask[0]));
    const got = fusion.forward({ image: { tokens: features3d(image) }, text: { tokens: features3d(text) } });
    expect(tf.slice(got, 0, 1)).toBeCloseToArray([expected], { absolute: 5e-6 });
  });

  it('reads no tensor back, so that it can be traced', () => {
    const fusion = smallFusion();
    const batch = mixedBatch();
    const spies = [vi.spyOn(tf.Tensor.prototype, 'dataSync'), vi.spyOn(tf.Tensor.prototype, 'data')];
    fusion.represent(batch);
    fusion.forward({ text: batch.text });
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it('leaves no tensor behind', async () => {
    const fusion = smallFusion({ norm: 'pre', fusionInput: 'tokens' });
    const batch = mixedBatch();
    await expectNoTensorLeak(() => {
      tf.dispose(fusion.forward(batch));
      tf.dispose(fusion.forward({ image: batch.image }));
      tf.dispose({ ...fusion.represent(batch) });
      const { value, grads } = tf.variableGrads(() => tf.sum(fusion.represent(batch).fused));
      tf.dispose([value, ...Object.values(grads)]);
    });
    await expectNoTensorLeak(() => {
      for (const variable of parameters(smallFusion())) variable.dispose();
    });
  });

  it('names its parameters as documented, with the gate as one weight [D, 2D + 1]', () => {
    const shapes = Object.fromEntries(
      [...stateDict(smallFusion({ crossLayers: 1 }))].map(([name, v]) => [name, v.shape]),
    );
    expect(shapes).toMatchObject({
      'image_projection.weight': [6, 11],
      'text_projection.bias': [6],
      'cross_layers.0.image.cross_attn.q_proj.weight': [6, 6],
      'cross_layers.0.text.layer_norm.weight': [6],
      'cross_layers.0.text.gate.weight': [6, 13],
      'image_blocks.0.mlp.fc1.weight': [24, 6],
      'text_pool.linear.weight': [6, 6],
      'fusion.projection.weight': [6, 12],
      'fusion.layer_norm.bias': [6],
    });
    const ungated = [...stateDict(smallFusion({ gating: false, fusionInput: 'tokens' })).keys()];
    expect(ungated.filter((name) => name.includes('gate') || name.includes('projection'))).toEqual([
      'image_projection.weight',
      'image_projection.bias',
      'text_projection.weight',
      'text_projection.bias',
    ]);
    expect(ungated).toContain('fusion.modality_embedding');
  });

  it('starts from the same parameters for the same seed, and gates at gateBias', () => {
    const make = (seed: number) =>
      gatedFusion({
        ...recommendedFusion,
        imageWidth: 11,
        textWidth: 13,
        width: 6,
        heads: 3,
        random: seededRandom(seed),
      });
    const [a, b, c] = [make(1), make(1), make(2)].map((fusion) => parameters64(fusion)) as [
      Map<string, Float64Array>,
      Map<string, Float64Array>,
      Map<string, Float64Array>,
    ];
    for (const [name, values] of a) expect(b.get(name)).toEqual(values);
    expect(c.get('image_projection.weight')).not.toEqual(a.get('image_projection.weight'));
    expect(a.get('cross_layers.2.text.gate.bias')).toEqual(new Float64Array(6).fill(-2));
    expect(a.size).toBe(stateDict(make(1)).size);
  });

  it('has presets that are plain tables: the paper as printed, and recommended', () => {
    expect(paperFusion).toEqual({
      norm: 'post',
      indicator: 'own',
      gating: true,
      gateBias: 0,
      fusionInput: 'concat',
      residual: 'none',
    });
    const config = checkOptions({ imageWidth: 2, textWidth: 3 });
    const sizesOfTheAuthors = {
      width: 256,
      heads: 8,
      crossLayers: 3,
      selfBlocks: 2,
      fusionBlocks: 3,
      ffnRatio: 4,
      dropout: 0.1,
    };
    expect(config).toEqual({ imageWidth: 2, textWidth: 3, ...sizesOfTheAuthors, ...paperFusion });
  });

  it.each([
    [{ heads: 4 }, 'heads to be a divisor of width 6, got 4'],
    [{ width: 0 }, 'width to be a whole number of at least 1, got 0'],
    [{ crossLayers: 1.5 }, 'crossLayers to be a whole number of at least 0, got 1.5'],
    [{ ffnRatio: 0 }, 'ffnRatio'],
    [{ dropout: 1 }, 'dropout to be a rate from 0 to below 1, got 1'],
    [{ gateBias: Number.NaN }, 'gateBias'],
    [{ norm: 'rms' as never }, "norm to be 'post' or 'pre', got 'rms'"],
    [{ indicator: 'both' as never }, 'indicator'],
    [{ fusionInput: 'sum' as never }, 'fusionInput'],
  ])('refuses options out of range: %o', (options, message) => {
    const before = tf.memory().numTensors;
    expect(() => smallFusion(options)).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses wrong shapes and no modality at all', () => {
    const fusion = smallFusion();
    const { image, text } = mixedBatch() as { image: { tokens: tf.Tensor3D }; text: { tokens: tf.Tensor3D } };
    const cut = (x: tf.Tensor3D) => tf.slice(x, 0, sizes.batch - 1);
    expect(() => fusion.forward({})).toThrow('expected image, text or both, got neither');
    expect(() => fusion.forward({ image: { tokens: text.tokens } })).toThrow('image.tokens of shape [B, N, 11]');
    expect(() => fusion.represent({ image: { tokens: cut(image.tokens) }, text })).toThrow('text.tokens');
    expect(() => fusion.forward({ text: { ...text, mask: tf.ones([4, 6]) as tf.Tensor2D } })).toThrow('text.mask');
    expect(() => fusion.forward({ text: { ...text, present: tf.ones([3]) as tf.Tensor1D } })).toThrow('text.present');
    expect(() => fusion.forward({ image: { tokens: tf.zeros([4, 0, 11]) } })).toThrow('at least one token');
  });
});
