import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile, hostTensor } from '@uniecs/compile';
import { type ItemRepresentations, type PairRepresentations, pdc, v2t } from '@uniecs/losses';
import { l2Normalize, seededRandom } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { expect, it } from 'vitest';
import { lossHead } from './loss-head.js';

/** A batch whose N² is more than a traced graph takes as a constant. */
const [N, D] = [257, 5];

it('differentiates losses in a batch of hundreds of pairs, compiled as eagerly', async () => {
  const random = seededRandom(3);
  const vectors = Array.from({ length: 6 }, () => l2Normalize(tf.tensor2d(randomArray(random, [N, D]), [N, D])));
  const terms = [v2t({ maskFalseNegatives: true }), pdc({ excludeDiagonal: true })];
  const head = ({ vectors, valid }: { vectors: tf.Tensor2D[]; valid: tf.Tensor1D }) => {
    const item = (first: number): ItemRepresentations => ({
      fused: vectors[first] as tf.Tensor2D,
      image: vectors[first + 1] as tf.Tensor2D,
      text: vectors[first + 2] as tf.Tensor2D,
      valid: { fused: valid, image: valid, text: valid },
      productId: tf.range(first * N, (first + 1) * N, 1, 'int32'),
    });
    const pairs: PairRepresentations = { item1: item(0), item2: item(3) };
    return lossHead(terms, pairs).map(({ loss, representations }) => ({
      loss,
      representations: [...representations],
    }));
  };
  const valid = tf.ones([N]) as tf.Tensor1D;
  const eager = head({ vectors, valid });
  const state = terms.flatMap(({ module }) => (module ? [module] : []));
  const compiled = compile(head, { state });
  const got = await compiled({ vectors: vectors.map(hostTensor), valid: hostTensor(valid) });
  await compiled.dispose();
  expect(got).toHaveLength(terms.length);
  eager.forEach(({ loss, representations }, t) => {
    expect(got[t]?.loss.data as Float32Array).toBeCloseToArray(loss.dataSync() as Float32Array);
    representations.forEach((gradient, i) => {
      const largest = tf.max(tf.abs(gradient)).dataSync()[0] as number;
      expect(got[t]?.representations[i]?.data as Float32Array).toBeCloseToArray(gradient.dataSync() as Float32Array, {
        relative: 1e-5,
        absolute: 1e-5 * Math.max(largest, 1e-3),
      });
    });
  });
});
