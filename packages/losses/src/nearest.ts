import * as tf from '@tensorflow/tfjs-core';
import { stopGradient, UniecsError } from '@uniecs/tensor';
import { checkCount } from './check-option.js';
import type { NearestCount } from './term.js';

/** How many hard negatives per anchor: a count, or a share in (0, 1] of the candidates that exist in the batch. */
export type HardNegatives = { readonly count: number } | { readonly share: number };

/** How many neighbours a batch of `batchSize` pairs allows: at most all of them. */
export function effectiveNeighbours(k: number, batchSize: number): NearestCount {
  return { option: 'k', requested: k, effective: Math.min(k, batchSize) };
}

/**
 * How many hard negatives a batch of `batchSize` pairs allows: at most batchSize - 1, so none in a batch of one.
 * A share is rounded down, but asks for at least one.
 */
export function effectiveHardNegatives(hardNegatives: HardNegatives, batchSize: number): NearestCount {
  const requested =
    'count' in hardNegatives ? hardNegatives.count : Math.max(1, Math.floor(hardNegatives.share * batchSize));
  return { option: 'hardNegatives', requested, effective: Math.min(requested, batchSize - 1) };
}

/**
 * K in a batch where some candidates do not exist (`valid` `[N]`, 1 or 0): as in a batch of as many pairs as there are
 * candidates, but at least 1. So a batch filled up with rows that do not exist has the K of the batch without them.
 * A count needs no such care: a row with fewer candidates has all of them.
 */
export function hardNegativesAmong(hardNegatives: HardNegatives, valid: tf.Tensor1D): number | tf.Scalar {
  const size = valid.shape[0];
  const { effective } = effectiveHardNegatives(hardNegatives, size);
  if ('count' in hardNegatives || effective === 0) return effective;
  return tf.tidy(() => {
    const bySize = Array.from({ length: size + 1 }, (_, n) =>
      Math.max(1, effectiveHardNegatives(hardNegatives, n).effective),
    );
    const isSize = tf.cast(tf.equal(tf.range(0, size + 1), tf.sum(valid)), 'float32');
    return tf.sum(tf.mul(tf.tensor1d(bySize), isSize)) as tf.Scalar;
  });
}

/** Refuses a count below 0 or a share outside (0, 1]. */
export function checkHardNegatives(where: string, hardNegatives: HardNegatives): void {
  if ('count' in hardNegatives) {
    checkCount(where, 'hardNegatives.count', hardNegatives.count, 0);
  } else if (!(hardNegatives.share > 0 && hardNegatives.share <= 1)) {
    throw new UniecsError({
      code: 'argument',
      where,
      expected: 'hardNegatives.share to be above 0 and at most 1',
      got: String(hardNegatives.share),
      hint: 'correct the option hardNegatives',
      details: { option: 'hardNegatives', value: hardNegatives },
    });
  }
}

/**
 * Marks the `k` largest allowed entries of each row: `[N, N]`, 1 or 0. Of equal entries the one with the lower column
 * comes first; a row with fewer than k allowed entries has all of them marked. The choice carries no gradient.
 * `allowed` `[N, N]` holds 1 or 0; `k` is at most N, as a tensor from 1.
 */
export function nearestMask(similarity: tf.Tensor2D, allowed: tf.Tensor2D, k: number | tf.Scalar): tf.Tensor2D {
  if (k === 0) return tf.zerosLike(allowed);
  return tf.tidy(() => {
    const scores = tf.where(tf.greater(allowed, 0), stopGradient(similarity), tf.fill(allowed.shape, -1e30));
    // A one-hot of the chosen columns would take N * k * N floats; the k-th value is enough to find them again.
    const threshold = typeof k === 'number' ? kthLargest(scores, k) : anyKthLargest(scores, k);
    const above = tf.cast(tf.greater(scores, threshold), 'float32');
    const tied = tf.cast(tf.equal(scores, threshold), 'float32');
    const room = tf.sub(k, tf.sum(above, 1, true));
    const chosenTies = tf.mul(tied, tf.cast(tf.lessEqual(tf.cumsum(tied, 1), room), 'float32'));
    return tf.mul(tf.add(above, chosenTies), allowed) as tf.Tensor2D;
  });
}

function kthLargest(scores: tf.Tensor2D, k: number): tf.Tensor {
  return tf.slice(tf.topk(scores, k).values, [0, k - 1], [-1, 1]);
}

function anyKthLargest(scores: tf.Tensor2D, k: tf.Scalar): tf.Tensor {
  const [, columns] = scores.shape;
  const isKth = tf.cast(tf.equal(tf.range(1, columns + 1), k), 'float32');
  return tf.sum(tf.mul(tf.topk(scores, columns).values, isKth), 1, true);
}
