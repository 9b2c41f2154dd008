import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type Module, namedParameters, seededRandom } from '@uniecs/tensor';
import { finiteDifference, randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it, vi } from 'vitest';
import type { ModalityInputs } from './modality-input.js';
import { fusion64 } from './testing/float64-fusion.js';
import {
  type Features,
  features3d,
  parameters64,
  randomFeatures,
  row64,
  sizes,
  smallFusion,
  zeroToken,
} from './testing/small-fusion.js';

vi.setConfig({ testTimeout: 30_000 });

// Rows: both with a short title, image only, text only.
const batch = 3;
const image = randomFeatures('image', 5, batch);
const text = randomFeatures('text', 5, batch);
const imagePresent = [1, 1, 0] as const;
const textPresent = [1, 0, 1] as const;
const textMask = [
  [1, 1, 1, 0, 0, 0, 0],
  [1, 1, 1, 1, 1, 1, 1],
  [1, 1, 1, 1, 1, 1, 0],
];
const cotangent = randomArray(seededRandom(9), [batch, sizes.width]);

const inputs = (images: tf.Tensor3D, texts: tf.Tensor3D): ModalityInputs => ({
  image: { tokens: images, present: tf.tensor1d([...imagePresent]) },
  text: { tokens: texts, mask: tf.tensor2d(textMask), present: tf.tensor1d([...textPresent]) },
});

const weighted = (f: tf.Tensor2D) => tf.sum(tf.mul(f, tf.tensor2d(cotangent, [batch, sizes.width]))) as tf.Scalar;

/** The same scalar by the oracle. */
function weighted64(
  fusion: ReturnType<typeof smallFusion>,
  p = parameters64(fusion),
  images: Features = image,
  texts: Features = text,
) {
  let sum = 0;
  for (let row = 0; row < batch; row++) {
    const picture = imagePresent[row] ? row64(images, row) : zeroToken('image');
    const title = textPresent[row] ? row64(texts, row, textMask[row]) : zeroToken('text');
    const f = fusion64(p, fusion.config, picture, title);
    f.forEach((value, d) => {
      sum += value * (cotangent[row * sizes.width + d] as number);
    });
  }
  return sum;
}

const closeness = { relative: 1e-3, absolute: 2e-5 };

describe.each([
  {},
  { norm: 'pre', indicator: 'other', fusionInput: 'tokens' },
  { gating: false },
  { residual: 'pooled' },
  { residual: 'attended' },
] as const)('with options %o', (form) => {
  const fusion = smallFusion({ crossLayers: 1, ffnRatio: 1, ...form });

  it('the gradient of every parameter is that of finite differences', () => {
    const { grads } = tf.variableGrads(() => weighted(fusion.forward(inputs(features3d(image), features3d(text)))));
    const p = parameters64(fusion);
    const left: string[] = [];
    for (const [name, variable] of namedParameters(fusion)) {
      const values = p.get(name) as Float64Array;
      const expected = finiteDifference((x) => weighted64(fusion, new Map(p).set(name, x)), values);
      const gradient = grads[variable.name];
      if (!gradient) left.push(name);
      const flat = tf.reshape(gradient ?? tf.zeros(variable.shape), [-1]);
      expect(flat, name).toBeCloseToArray(expected, closeness);
    }
    // Self-attention over a sequence of one does not depend on queries and keys: their zero gradient is left out.
    const single = /^fusion\.layers\.\d\.self_attn\.[qk]_proj/;
    expect(left).toEqual([...p.keys()].filter((name) => fusion.config.fusionInput === 'concat' && single.test(name)));
  });

  it('the gradient of the features is that of finite differences', () => {
    const gradients = tf.grads((x, y) => weighted(fusion.forward(inputs(x as tf.Tensor3D, y as tf.Tensor3D))));
    const [dImages, dTexts] = gradients([features3d(image), features3d(text)]) as [tf.Tensor, tf.Tensor];
    const p = parameters64(fusion);
    const with64 = (features: Features, values: Float64Array): Features => ({ ...features, values: values as never });
    const expectedImages = finiteDifference(
      (x) => weighted64(fusion, p, with64(image, x)),
      Float64Array.from(image.values),
    );
    const expectedTexts = finiteDifference(
      (x) => weighted64(fusion, p, image, with64(text, x)),
      Float64Array.from(text.values),
    );
    expect(tf.reshape(dImages, [-1])).toBeCloseToArray(expectedImages, closeness);
    expect(tf.reshape(dTexts, [-1])).toBeCloseToArray(expectedTexts, closeness);
  });
});

describe('represent', () => {
  it('has the gradient of its three passes, though they share projections', () => {
    const fusion = smallFusion();
    const { image: picture, text: title } = inputs(features3d(image), features3d(text));
    const together = allGradients(fusion, () => {
      const { fused, image, text } = fusion.represent({ image: picture, text: title });
      return tf.addN([weighted(fused), tf.mul(weighted(image), 2), tf.mul(weighted(text), 3)]);
    });
    const apart = [
      allGradients(fusion, () => weighted(fusion.forward({ image: picture, text: title }))),
      allGradients(fusion, () => tf.mul(weighted(fusion.forward({ image: picture })), 2)),
      allGradients(fusion, () => tf.mul(weighted(fusion.forward({ text: title })), 3)),
    ];
    for (const [name, gradient] of together) {
      const parts = apart.map((gradients) => gradients.get(name) as tf.Tensor);
      expect(gradient, name).toBeCloseToArray(tf.addN(parts), { relative: 1e-4, absolute: 1e-5 });
    }
  });
});

/** The gradient of a scalar by parameter name; zeros for a parameter outside its graph. */
function allGradients(module: Module, f: () => tf.Tensor): Map<string, tf.Tensor> {
  const { grads } = tf.variableGrads(f as () => tf.Scalar);
  return new Map([...namedParameters(module)].map(([name, v]) => [name, grads[v.name] ?? tf.zeros(v.shape)]));
}
