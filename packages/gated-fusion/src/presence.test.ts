import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { counterUniform, dropoutSource } from '@uniecs/tensor';
import '@uniecs/tensor/testing';
import { describe, expect, it, vi } from 'vitest';
import type { ModalityInputs } from './modality-input.js';
import { type Axis, fusion64, type Sites64 } from './testing/float64-fusion.js';
import {
  features3d,
  parameters64,
  randomFeatures,
  row64,
  sizes,
  smallFusion,
  zeroToken,
} from './testing/small-fusion.js';

vi.setConfig({ testTimeout: 30_000 });

const exactly = { relative: 0, absolute: 0 };
const image = randomFeatures('image', 1);
const text = randomFeatures('text', 1);
const otherImage = randomFeatures('image', 2);
const otherText = randomFeatures('text', 2);
const textLengths = [7, 3, 2, 5];
const maskOf = (lengths: readonly number[]) =>
  lengths.map((length) => Array.from({ length: sizes.text }, (_, n) => (n < length ? 1 : 0)));

interface Batch {
  images?: tf.Tensor3D;
  texts?: tf.Tensor3D;
  imagePresent?: number[];
  textPresent?: number[];
  lengths?: number[];
}

function inputs(batch: Batch = {}): ModalityInputs {
  const { images = features3d(image), texts = features3d(text), lengths = textLengths } = batch;
  const { imagePresent = [1, 1, 1, 0], textPresent = [1, 1, 0, 1] } = batch;
  return {
    image: { tokens: images, present: tf.tensor1d(imagePresent) },
    text: { tokens: texts, mask: tf.tensor2d(maskOf(lengths)), present: tf.tensor1d(textPresent) },
  };
}

/** Tokens with some rows' values taken from another batch. */
function replaceRows(x: tf.Tensor3D, other: tf.Tensor3D, rows: number[]): tf.Tensor3D {
  const chosen = tf.tensor3d([0, 1, 2, 3].map((row) => [[rows.includes(row) ? 1 : 0]]));
  return tf.where(tf.cast(chosen, 'bool'), other, x);
}

const row = (x: tf.Tensor2D, index: number) => tf.slice(x, [index, 0], [1, -1]);

describe('an absent modality', () => {
  it('as one zero token equals all of its tokens zeroed, in float64 to the last digits', () => {
    for (const form of [{}, { norm: 'pre', indicator: 'other', fusionInput: 'tokens' }, { gating: false }] as const) {
      const fusion = smallFusion(form);
      const p = parameters64(fusion);
      const v = fusion64(p, fusion.config, row64(image, 0), row64(text, 0, undefined, 0));
      expect(fusion64(p, fusion.config, row64(image, 0), zeroToken('text'))).toBeCloseToArray(v, {
        dtype: 'float64',
        absolute: 1e-13,
      });
      const t = fusion64(p, fusion.config, row64(image, 0, undefined, 0), row64(text, 0));
      expect(fusion64(p, fusion.config, zeroToken('image'), row64(text, 0))).toBeCloseToArray(t, {
        dtype: 'float64',
        absolute: 1e-13,
      });
    }
  });

  it('is the same left out, marked absent in every row, and marked absent in a mixed batch', () => {
    for (const form of [{}, { norm: 'pre', indicator: 'other', fusionInput: 'tokens' }, { gating: false }] as const) {
      const fusion = smallFusion(form);
      const leftOut = fusion.forward({ image: { tokens: features3d(image) } });
      const marked = fusion.forward(inputs({ imagePresent: [1, 1, 1, 1], textPresent: [0, 0, 0, 0] }));
      expect(marked).toBeCloseToArray(leftOut, { absolute: 3e-6 });
      const mixed = fusion.forward(inputs());
      expect(row(mixed, 2)).toBeCloseToArray(row(leftOut, 2), { absolute: 3e-6 });
      const { text: title } = inputs({ textPresent: [1, 1, 1, 1] });
      const textAlone = fusion.forward({ text: title });
      expect(row(mixed, 3)).toBeCloseToArray(row(textAlone, 3), { absolute: 3e-6 });
    }
  });

  it('leaves the features that the row holds in its place without influence and without gradient', () => {
    const fusion = smallFusion();
    const before = fusion.represent(inputs());
    const images = replaceRows(features3d(image), features3d(otherImage), [3]);
    const texts = replaceRows(features3d(text), features3d(otherText), [2]);
    const after = fusion.represent(inputs({ images, texts }));
    expect(after.fused).toBeCloseToArray(before.fused, exactly);
    expect(after.image).toBeCloseToArray(before.image, exactly);
    expect(after.text).toBeCloseToArray(before.text, exactly);
    const gradients = tf.grads((x, y) =>
      tf.sum(fusion.forward(inputs({ images: x as tf.Tensor3D, texts: y as tf.Tensor3D }))),
    );
    const [dImages, dTexts] = gradients([images, texts]) as [tf.Tensor3D, tf.Tensor3D];
    expect(tf.slice(dImages, 3, 1)).toBeCloseToArray(tf.zeros([1, 5, 11]), exactly);
    expect(tf.slice(dTexts, 2, 1)).toBeCloseToArray(tf.zeros([1, 7, 13]), exactly);
  });

  it('gives every row without an image the same v, and every row without a text the same t', () => {
    const absent = smallFusion().represent(inputs({ imagePresent: [1, 0, 1, 0], textPresent: [0, 1, 0, 1] }));
    expect(row(absent.image, 1)).toBeCloseToArray(row(absent.image, 3), exactly);
    expect(row(absent.text, 0)).toBeCloseToArray(row(absent.text, 2), exactly);
  });
});

describe("a row's embedding", () => {
  it("does not depend on its batch mates' features, lengths and presence", () => {
    const fusion = smallFusion();
    const before = fusion.represent(inputs());
    for (const kept of [0, 1, 2, 3]) {
      const others = [0, 1, 2, 3].filter((index) => index !== kept);
      const flip = (present: number[]) => present.map((x, index) => (index === kept ? x : 1 - x));
      const after = fusion.represent(
        inputs({
          images: replaceRows(features3d(image), features3d(otherImage), others),
          texts: replaceRows(features3d(text), features3d(otherText), others),
          imagePresent: flip([1, 1, 1, 0]),
          textPresent: flip([1, 1, 0, 1]),
          lengths: textLengths.map((length, index) => (index === kept ? length : 8 - length)),
        }),
      );
      for (const key of ['fused', 'image', 'text'] as const) {
        expect(row(after[key], kept)).toBeCloseToArray(row(before[key], kept), exactly);
      }
    }
  });

  it('is the same alone, with only the tokens that it has', () => {
    const fusion = smallFusion();
    const mixed = fusion.forward(inputs());
    const images = features3d(image);
    const texts = features3d(text);
    const own = (x: tf.Tensor3D, index: number, length = -1) => ({
      tokens: tf.slice(x, [index, 0, 0], [1, length, -1]),
    });
    const alone = [
      fusion.forward({ image: own(images, 0), text: own(texts, 0, 7) }),
      fusion.forward({ image: own(images, 1), text: own(texts, 1, 3) }),
      fusion.forward({ image: own(images, 2) }),
      fusion.forward({ text: own(texts, 3, 5) }),
    ];
    expect(tf.concat(alone)).toBeCloseToArray(mixed, { absolute: 3e-6 });
  });

  it('moves with the row', () => {
    const fusion = smallFusion();
    const order = [2, 0, 3, 1];
    const moved = fusion.forward(
      inputs({
        images: tf.gather(features3d(image), order),
        texts: tf.gather(features3d(text), order),
        imagePresent: [1, 1, 0, 1],
        textPresent: [0, 1, 1, 1],
        lengths: order.map((index) => textLengths[index] as number),
      }),
    );
    expect(moved).toBeCloseToArray(tf.gather(fusion.forward(inputs()), order), exactly);
  });

  it('does not depend on padding: neither its content nor its length, and padding gets no gradient', () => {
    const fusion = smallFusion();
    const mask = tf.expandDims(tf.tensor2d(maskOf(textLengths)), 2);
    const inPadding = tf.add(
      features3d(text),
      tf.mul(tf.mul(tf.sub(1, mask), features3d(otherText)), 100),
    ) as tf.Tensor3D;
    const before = fusion.represent(inputs());
    const after = fusion.represent(inputs({ texts: inPadding }));
    expect(after.fused).toBeCloseToArray(before.fused, exactly);
    expect(after.text).toBeCloseToArray(before.text, exactly);
    const gradient = tf.grad((x) => tf.sum(fusion.forward(inputs({ texts: x as tf.Tensor3D }))))(inPadding);
    expect(tf.mul(gradient, tf.sub(1, mask))).toBeCloseToArray(tf.zeros([4, 7, 13]), exactly);
    const { text: title, image: picture } = inputs();
    const pad = (x: tf.Tensor, axes: [number, number][]) => tf.pad(x, axes, 1e3);
    const longer = {
      tokens: pad(title?.tokens as tf.Tensor3D, [
        [0, 0],
        [0, 4],
        [0, 0],
      ]) as tf.Tensor3D,
      mask: tf.pad(title?.mask as tf.Tensor2D, [
        [0, 0],
        [0, 4],
      ]),
      present: title?.present,
    };
    expect(fusion.forward({ image: picture, text: longer })).toBeCloseToArray(before.fused, { absolute: 3e-6 });
  });
});

describe('with dropout', () => {
  const rate = 0.3;
  const key = [5, 11];
  const rowIds = [40, 7, 3, 1001];
  const source = (rows = rowIds) => ({ dropout: dropoutSource({ key: tf.tensor1d(key), rows: tf.tensor1d(rows) }) });

  /** The dropout factors of one row, drawn in the order of a forward pass over streams of these lengths. */
  function sites(rowId: number, lengths: { image: number; text: number }): Sites64 {
    const axisSizes: Record<Axis, number> = { ...lengths, heads: sizes.heads, one: 1, two: 2, width: sizes.width };
    let site = 0;
    return (axes) => {
      const shape = axes.map((axis) => axisSizes[axis]);
      const position = { key: tf.tensor1d(key), rows: tf.tensor1d([rowId]), site: site++ };
      const uniforms = counterUniform(position, [1, ...shape]).dataSync();
      return (...place) => {
        const index = place.reduce((sum, x, axis) => sum * (shape[axis] as number) + x, 0);
        return (uniforms[index] as number) >= rate ? 1 / (1 - rate) : 0;
      };
    };
  }

  it('is the model with one zero token for what is absent, in a mixed batch and in one without the modality', () => {
    for (const form of [{}, { norm: 'pre', fusionInput: 'tokens' }] as const) {
      const fusion = smallFusion({ ...form, dropout: rate });
      const p = parameters64(fusion);
      const padded = { image: sizes.image, text: sizes.text };
      const title = (index: number) => row64(text, index, maskOf(textLengths)[index]);
      const expected = [
        fusion64(p, fusion.config, row64(image, 0), title(0), sites(40, padded)),
        fusion64(p, fusion.config, row64(image, 1), title(1), sites(7, padded)),
        fusion64(p, fusion.config, row64(image, 2), zeroToken('text'), sites(3, padded)),
        fusion64(p, fusion.config, zeroToken('image'), title(3), sites(1001, padded)),
      ];
      expect(fusion.forward(inputs(), source())).toBeCloseToArray(expected, { absolute: 1e-5 });
      const withoutText = rowIds.map((id, index) =>
        fusion64(p, fusion.config, row64(image, index), zeroToken('text'), sites(id, { image: sizes.image, text: 1 })),
      );
      expect(fusion.forward({ image: { tokens: features3d(image) } }, source())).toBeCloseToArray(withoutText, {
        absolute: 1e-5,
      });
    }
  });

  it('still gives a row the same whatever its batch mates and its place', () => {
    const fusion = smallFusion({ dropout: rate });
    const { fused } = fusion.represent(inputs(), source());
    const texts = replaceRows(features3d(text), features3d(otherText), [1, 2, 3]);
    const others = fusion.represent(inputs({ texts, imagePresent: [1, 0, 0, 1] }), source([40, 8, 9, 10]));
    expect(row(others.fused, 0)).toBeCloseToArray(row(fused, 0), exactly);
  });

  it('takes as many dropout sites whatever is present, so that replayed passes agree', () => {
    const fusion = smallFusion({ dropout: rate });
    const count = (batch: ModalityInputs) => {
      const context = source();
      fusion.forward(batch, context);
      return context.dropout.nextSite();
    };
    expect(count({ image: { tokens: features3d(image) } })).toBe(count(inputs()));
    expect(count({ text: { tokens: features3d(text) } })).toBe(count(inputs()));
  });
});
