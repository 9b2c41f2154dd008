import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { namedParameters, seededRandom } from '@uniecs/tensor';
import { expectNoTensorLeak, randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { type GatedCrossLayerOptions, gatedCrossLayer } from './gated-cross-layer.js';
import { scatter } from './testing/small-fusion.js';
import type { PerModality, TokenStream } from './token-stream.js';

const width = 6;
const random = seededRandom(1);
const tokens = (count: number) => tf.tensor3d(randomArray(random, [2, count, width]), [2, count, width]);
const image: TokenStream = { tokens: tokens(5), presence: 1 };
const text: TokenStream = {
  tokens: tokens(3),
  mask: tf.tensor2d([
    [1, 1, 1],
    [1, 0, 0],
  ]),
  presence: 1,
};

function layerWith(options: Partial<GatedCrossLayerOptions> = {}) {
  const layer = gatedCrossLayer({ width, heads: 3, random: seededRandom(2), ...options });
  scatter(layer, seededRandom(3));
  return layer;
}

/** The weights of both sides exchanged. */
function mirrored(options: Partial<GatedCrossLayerOptions>) {
  const [layer, source] = [layerWith(options), namedParameters(layerWith(options))];
  for (const [name, variable] of namedParameters(layer)) {
    const other = name.startsWith('image') ? name.replace('image', 'text') : name.replace('text', 'image');
    variable.assign(source.get(other) as tf.Variable);
  }
  return layer;
}

/** All tokens of an absent modality, zeroed and projected: the same vector N times. */
const repeated = (count: number): TokenStream => ({ tokens: tf.tile(tokens(1), [1, count, 1]), presence: 0 });

describe.each([{}, { norm: 'pre', indicator: 'other' }, { gating: false }] as const)(
  'gatedCrossLayer with options %o',
  (options) => {
    it('treats the modalities as mirror images: neither reads what the other has become in this layer', () => {
      const straight = layerWith(options).forward({ image, text });
      const exchanged = mirrored(options).forward({ image: text, text: image });
      expect(exchanged.text.tokens).toBeCloseToArray(straight.image.tokens);
      expect(exchanged.image.tokens).toBeCloseToArray(straight.text.tokens);
    });

    it('keeps masks and presence, and shapes', () => {
      const after: PerModality<TokenStream> = layerWith(options).forward({ image, text });
      expect(after.image.tokens.shape).toEqual(image.tokens.shape);
      expect(after.text.tokens.shape).toEqual(text.tokens.shape);
      expect(after.text.mask).toBe(text.mask);
      expect(after.image).not.toHaveProperty('mask');
      expect([after.image.presence, after.text.presence]).toEqual([1, 1]);
    });

    it('gives for one zero token what it gives for all tokens of an absent modality', () => {
      const layer = layerWith(options);
      const many = repeated(3);
      const one = { ...many, tokens: tf.slice(many.tokens, [0, 0, 0], [-1, 1, -1]) };
      const [long, short] = [layer.forward({ image, text: many }), layer.forward({ image, text: one })];
      expect(short.image.tokens).toBeCloseToArray(long.image.tokens, { absolute: 3e-6 });
      expect(tf.tile(short.text.tokens, [1, 3, 1])).toBeCloseToArray(long.text.tokens, { absolute: 3e-6 });
    });

    it('leaves no tensor behind', async () => {
      const layer = layerWith(options);
      await expectNoTensorLeak(() => {
        const after = layer.forward({ image, text });
        tf.dispose([after.image.tokens, after.text.tokens]);
      });
    });
  },
);

describe('gatedCrossLayer', () => {
  it('shows the gate of the image the presence of its own modality, or of the other one if told so', () => {
    const reacts = (indicator: 'own' | 'other', to: 'image' | 'text') => {
      const layer = layerWith({ indicator });
      const streams = { image, text };
      const before = layer.forward(streams).image.tokens;
      const after = layer.forward({ ...streams, [to]: { ...streams[to], presence: 0 } }).image.tokens;
      return (tf.max(tf.abs(tf.sub(after, before))).dataSync()[0] as number) > 1e-3;
    };
    expect([reacts('own', 'image'), reacts('own', 'text')]).toEqual([true, false]);
    expect([reacts('other', 'image'), reacts('other', 'text')]).toEqual([false, true]);
  });
});
