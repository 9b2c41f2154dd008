import * as tf from '@tensorflow/tfjs-core';
import { identityMask } from './identity-mask.js';
import type { ItemRepresentations } from './representations.js';

/**
 * Marks the in-batch false negatives between a query side and a candidate side, `[N, N]`, 1 or 0, float32.
 * Candidate j is no negative for query i (i other than j) when the pairs share a product: candidate j is the product
 * of candidate i or of query i, or query j is the product of query i. The transpose is the same mask seen from the
 * candidates. Within one item (both arguments the same) it is plain equality of ids.
 */
export function falseNegatives(query: ItemRepresentations, candidate: ItemRepresentations): tf.Tensor2D {
  return tf.tidy(() => {
    const own = equalIds(candidate, candidate);
    const shared =
      query === candidate ? own : tf.logicalOr(tf.logicalOr(own, equalIds(query, candidate)), equalIds(query, query));
    return tf.mul(tf.cast(shared, 'float32'), offDiagonal(candidate.productId.shape[0])) as tf.Tensor2D;
  });
}

/** `[N, N]`, 0 on the diagonal and 1 elsewhere. */
export function offDiagonal(n: number): tf.Tensor2D {
  return tf.sub(1, identityMask(n)) as tf.Tensor2D;
}

function equalIds(a: ItemRepresentations, b: ItemRepresentations): tf.Tensor {
  return tf.equal(tf.expandDims(a.productId, 1), tf.expandDims(b.productId, 0));
}
