import * as tf from '@tensorflow/tfjs-core';
import type { LossTerm } from '@uniecs/losses';

/** A term that is NaN in a batch with a product (by its number, on the side of items 1), and small in any other. */
export function failingTerm(product: number): LossTerm {
  return {
    name: 'FAILING',
    group: 'OWN',
    compute: ({ item1: { productId, fused, valid } }) => {
      const failed = tf.any(tf.equal(productId, product));
      const loss = tf.mul(0.01, tf.sum(fused));
      return {
        loss: tf.add<tf.Scalar>(loss, tf.where(failed, tf.scalar(Number.NaN), tf.scalar(0))),
        perAnchor: tf.zerosLike(valid.fused),
        anchors: tf.sum(valid.fused),
        maskedNegatives: tf.scalar(0),
      };
    },
  };
}

/** A term of one parameter of a caller's, which sinks by about the learning rate a step; below zero its loss is NaN. */
export function sinkingTerm(level: tf.Variable): LossTerm {
  return {
    name: 'SINKING',
    group: 'OWN',
    module: { tree: { level } },
    compute: ({ item1 }) => ({
      loss: tf.sum(tf.log(level)),
      perAnchor: tf.zerosLike(item1.valid.fused),
      anchors: tf.sum(item1.valid.fused),
      maskedNegatives: tf.scalar(0),
    }),
  };
}
