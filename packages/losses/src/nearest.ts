import * as tf from '@tensorflow/tfjs-core';
import { stopGradient, UniecsError } from '@uniecs/tensor';
import { checkCount } from './check-option.js';
import type { NearestCount } from './term.js';

/** How many hard negatives per anchor: a count, or a share in (0, 1] of the batch size. */
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
 * `allowed` `[N, N]` holds 1 or 0; `k` is at most N.
 */
export function nearestMask(similarity: tf.Tensor2D, allowed: tf.Tensor2D, k: number): tf.Tensor2D {
  if (k === 0) return tf.zerosLike(allowed);
  return tf.tidy(() => {
    const scores = tf.where(tf.greater(allowed, 0), stopGradient(similarity), tf.fill(allowed.shape, -1e30));
    // A one-hot of the chosen columns would take N * k * N floats; the k-th value is enough to find them again.
    const { values } = tf.topk(scores, k);
    const threshold = tf.slice(values, [0, k - 1], [-1, 1]);
    const above = tf.cast(tf.greater(scores, threshold), 'float32');
    const tied = tf.cast(tf.equal(scores, threshold), 'float32');
    const room = tf.sub(k, tf.sum(above, 1, true));
    const chosenTies = tf.mul(tied, tf.cast(tf.lessEqual(tf.cumsum(tied, 1), room), 'float32'));
    return tf.mul(tf.add(above, chosenTies), allowed) as tf.Tensor2D;
  });
}
