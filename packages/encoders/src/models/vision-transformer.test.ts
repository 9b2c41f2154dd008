import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { disposeModule, dropoutSource, namedParameters, parameters, seededRandom } from '@uniecs/tensor';
import { expectNoTensorLeak, finiteDifference, randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { flatten, visionOracle } from '../testing/float64-oracle.js';
import { randomize } from '../testing/randomize.js';
import { visionTransformer } from './vision-transformer.js';

const config = { imageSize: 6, patchSize: 3, width: 6, layers: 2, heads: 2, ffnRatio: 3 };
const imageLength = 6 * 6 * 3;

function encoder(seed: string, more: Partial<Parameters<typeof visionTransformer>[0]> = {}) {
  const random = seededRandom(seed);
  const made = visionTransformer({ ...config, ...more, random });
  randomize(made, random.fork('values'));
  return made;
}

function batch(seed: string, count: number) {
  const values = randomArray(seededRandom(seed), [count, 6, 6, 3]);
  const images = Array.from({ length: count }, (_, i) => values.subarray(i * imageLength, (i + 1) * imageLength));
  return { images, pixels: tf.tensor4d(values, [count, 6, 6, 3]) };
}

describe('visionTransformer', () => {
  it.each(['gelu', 'quickGelu'] as const)('gives what float64 loops over the equations give, with %s', (activation) => {
    const vit = encoder('forward', { activation });
    const { images, pixels } = batch('pixels', 3);
    const flat = flatten(vit);
    const oracle = visionOracle(vit.config, flat);
    const { tokens, mask } = vit.forward(pixels);
    expect(mask).toBeUndefined();
    expect(tokens).toBeCloseToArray(
      images.map((image) => oracle(flat.values, image)),
      { relative: 1e-4, absolute: 1e-5 },
    );
  });

  it('has the gradients of finite differences for every parameter', () => {
    const vit = encoder('gradients');
    const { images, pixels } = batch('pixels', 2);
    const factors = randomArray(seededRandom('factors'), [2, 5, 6]);
    const flat = flatten(vit);
    const oracle = visionOracle(vit.config, flat);
    const loss = (values: Float64Array) =>
      images
        .flatMap((image) => oracle(values, image).flat())
        .reduce((sum, value, i) => sum + value * (factors[i] as number), 0);
    const { grads } = tf.variableGrads(
      () => tf.sum(tf.mul(vit.forward(pixels).tokens, tf.tensor3d(factors, [2, 5, 6]))) as tf.Scalar,
      parameters(vit),
    );
    const actual = [...namedParameters(vit).values()].flatMap((variable) => [
      ...(grads[variable.name] as tf.Tensor).dataSync(),
    ]);
    expect(actual).toBeCloseToArray(finiteDifference(loss, flat.values), { relative: 1e-3, absolute: 1e-4 });
  }, 30_000);

  it("a row's features do not depend on its batch mates", () => {
    const vit = encoder('rows');
    const { images, pixels } = batch('mates', 3);
    const together = tf.unstack(vit.forward(pixels).tokens);
    images.forEach((image, row) => {
      const alone = vit.forward(tf.tensor4d(image, [1, 6, 6, 3])).tokens;
      expect(tf.squeeze(alone, [0])).toBeCloseToArray(together[row] as tf.Tensor, { relative: 1e-6 });
    });
  });

  it('with dropout, a row has the same features in any batch for the same row id, step and seed', () => {
    const vit = encoder('dropout', { dropout: 0.3 });
    const { images, pixels } = batch('mates', 3);
    const key = tf.tensor1d([7, 11]);
    const source = (rows: number[]) => ({ dropout: dropoutSource({ key, rows: tf.tensor1d(rows) }) });
    const together = tf.unstack(vit.forward(pixels, source([4, 9, 2])).tokens)[1] as tf.Tensor;
    const image = tf.tensor4d(images[1] as Float32Array, [1, 6, 6, 3]);
    const alone = tf.squeeze(vit.forward(image, source([9])).tokens, [0]);
    expect(alone).toBeCloseToArray(together, { relative: 1e-6 });
    expect(alone).not.toBeCloseToArray(tf.squeeze(vit.forward(image).tokens, [0]));
    expect(alone).not.toBeCloseToArray(tf.squeeze(vit.forward(image, source([8])).tokens, [0]));
  });

  it("names and shapes its parameters as CLIP's vision checkpoints do", () => {
    const shapes = [...namedParameters(encoder('names', { layers: 1 }))].map(([name, v]) => `${name} ${v.shape}`);
    const layer = 'encoder.layers.0';
    expect(shapes.sort()).toEqual(
      [
        'embeddings.class_embedding 6',
        'embeddings.patch_embedding.weight 6,3,3,3',
        'embeddings.position_embedding.weight 5,6',
        'pre_layrnorm.weight 6',
        'pre_layrnorm.bias 6',
        ...['q', 'k', 'v', 'out'].flatMap((p) => [
          `${layer}.self_attn.${p}_proj.weight 6,6`,
          `${layer}.self_attn.${p}_proj.bias 6`,
        ]),
        ...['1', '2'].flatMap((n) => [`${layer}.layer_norm${n}.weight 6`, `${layer}.layer_norm${n}.bias 6`]),
        `${layer}.mlp.fc1.weight 18,6`,
        `${layer}.mlp.fc1.bias 18`,
        `${layer}.mlp.fc2.weight 6,18`,
        `${layer}.mlp.fc2.bias 6`,
        'post_layernorm.weight 6',
        'post_layernorm.bias 6',
      ].sort(),
    );
  });

  it('the same seed gives the same parameters, another seed others', () => {
    const values = (seed: number) => flatten(visionTransformer({ ...config, random: seededRandom(seed) })).values;
    expect(values(3)).toEqual(values(3));
    expect(values(3)).not.toEqual(values(4));
  });

  it('leaves no tensors behind', async () => {
    const { pixels } = batch('leak', 2);
    await expectNoTensorLeak(() => {
      const vit = encoder('leak');
      vit.forward(pixels).tokens.dispose();
      disposeModule(vit);
    });
  });

  it('says what is wrong with a shape or a size', () => {
    const vit = encoder('errors');
    expect(() => vit.forward(tf.zeros([2, 6, 5, 3]))).toThrow(
      /visionTransformer: expected pixels of shape \[B, 6, 6, 3\], got \[2, 6, 5, 3\]/,
    );
    expect(() => encoder('errors', { patchSize: 4 })).toThrow(/imageSize that is a multiple of patchSize, got 6 and 4/);
    expect(() => encoder('errors', { heads: 4 })).toThrow(/heads/);
  });
});
