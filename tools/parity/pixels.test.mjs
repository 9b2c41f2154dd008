import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { clipPreparation, decodeImage, normalizePixels, pretrainedVision } from '@uniecs/encoders/node';
import { disposeModule, l2Normalize } from '@uniecs/tensor';
import { compareArrays } from '@uniecs/tensor/testing';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readFixture } from './fixture.mjs';
import { checkpoints } from './pretrained.mjs';

/** @type {ReturnType<typeof readFixture<{ name: string, width: number, height: number }>>} */
const { cases, arrays } = readFixture('pixels');
const side = 24;

/**
 * The image that `reference/pixel_cases.py` makes: ramps, blocks and noise in whole numbers.
 * @param {number} i
 */
async function picture(i) {
  const [width, height] = [11 + ((i * 37) % 97), 13 + ((i * 53) % 71)];
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++, at++) {
        const ramp = (x * ((i % 7) + 1) * (c + 1) + y * ((i % 5) + 2)) >> (i % 3);
        const blocks = (((x >> 2) ^ (y >> 3)) * (29 + 17 * c)) % 97;
        const noise = ((x * 7919 + y * 104729 + c * 1299709 + i * 15485863) % 1009) % (1 + 12 * (i % 4));
        pixels[at] = (ramp + blocks + noise) % 256;
      }
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** @param {string} name */
async function file(name) {
  if (Number(name) < 35) return picture(Number(name));
  return new Uint8Array(
    /** @type {Iterable<number>} */ (/** @type {unknown} */ (arrays(`files/${name}`).get('jpeg')?.data)),
  );
}

/**
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
const largestDifference = (a, b) =>
  Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - /** @type {number} */ (b[i]))), a.length - b.length);

const { fit, filter } = clipPreparation;
const expectedOf = (/** @type {string} */ name, /** @type {string} */ what) =>
  /** @type {Uint8Array} */ (/** @type {unknown} */ (arrays(`expected/${name}`).get(what)?.data));

describe("50 images are prepared as CLIP's processor does with Pillow", () => {
  it('scaled by the shorter side and cut: no pixel differs, decoded from a JPEG or not', async () => {
    for (const { name } of cases) {
      const ours = await decodeImage(await file(name), side, { fit, filter });
      expect(largestDifference(ours, expectedOf(name, 'cover')), name).toBe(0);
    }
    expect(cases).toHaveLength(50);
  });

  it('stretched with each filter: no pixel differs', async () => {
    for (const { name } of cases.filter(({ name }) => Number(name) % 10 === 4)) {
      for (const each of /** @type {const} */ (['bilinear', 'bicubic', 'lanczos'])) {
        const ours = await decodeImage(await file(name), side, { fit: 'fill', filter: each });
        expect(largestDifference(ours, expectedOf(name, `fill.${each}`)), `${name} ${each}`).toBe(0);
      }
    }
  });

  it('normalised to 1e-6', async () => {
    for (const { name } of cases.slice(0, 3)) {
      const ours = normalizePixels(await decodeImage(await file(name), side, { fit, filter }));
      const theirs = /** @type {Float32Array} */ (arrays(`expected/${name}`).get('normalized')?.data);
      expect(compareArrays(ours, theirs, { relative: 1e-6, absolute: 1e-6 })).toBeUndefined();
    }
  });

  it('so the embeddings have a cosine of 0.9999 at least, which stretched or with another filter they have not', async () => {
    const { encoder } = await pretrainedVision(`${checkpoints}/open-clip`, { imageSize: side });
    const embed = (/** @type {Uint8Array[]} */ images) => {
      const pixels = Float32Array.from(images.flatMap((each) => [...normalizePixels(each)]));
      const { tokens } = encoder.forward(tf.tensor4d(pixels, [images.length, side, side, 3]));
      return l2Normalize(tf.squeeze(tf.slice(tokens, [0, 0, 0], [-1, 1, -1]), [1]));
    };
    const leastCosine = async (
      /** @type {typeof cases} */ some,
      /** @type {import('@uniecs/encoders/node').DecodeOptions} */ options,
    ) => {
      const theirs = embed(some.map(({ name }) => new Uint8Array(expectedOf(name, 'cover'))));
      const images = await Promise.all(some.map(async ({ name }) => decodeImage(await file(name), side, options)));
      return Math.min(...tf.sum(tf.mul(embed(images), theirs), 1).dataSync());
    };
    expect(await leastCosine(cases, { fit, filter })).toBeGreaterThan(0.9999);
    expect(await leastCosine(cases.slice(0, 5), { fit: 'fill', filter })).toBeLessThan(0.9999);
    expect(await leastCosine(cases.slice(0, 5), { fit })).toBeLessThan(0.9999);
    disposeModule(encoder);
  }, 30_000);
});
