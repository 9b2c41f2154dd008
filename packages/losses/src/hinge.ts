import * as tf from '@tensorflow/tfjs-core';
import { type AnchorValues, divideByCount, type Reduction } from './anchor-values.js';

/**
 * Margin ranking against a set of candidates, one value per anchor (the form of Eq. 11 and 16):
 * `sum_j c_ij max(0, margin + S_ij - p_i)`, divided by `sum_j c_ij` where `over` is `mean`.
 * `similarity` `[N, N]`, `positive` p `[N]`, `anchors` `[N]` and `candidates` c `[N, N]` hold 1 or 0. An anchor
 * without candidates has the value 0.
 */
export function hinge({
  similarity,
  positive,
  margin,
  anchors,
  candidates,
  over,
}: {
  similarity: tf.Tensor2D;
  positive: tf.Tensor1D;
  margin: number;
  anchors: tf.Tensor1D;
  candidates: tf.Tensor2D;
  over: Reduction;
}): Pick<AnchorValues, 'values' | 'anchors'> {
  const excess = tf.relu(tf.add(tf.sub(similarity, tf.expandDims(positive, 1)), margin));
  return { values: tf.mul(overCandidates(excess, candidates, over), anchors), anchors };
}

/** Sum or mean over the marked candidates of each row: `x` and `candidates` `[N, N]`, result `[N]`. */
export function overCandidates(x: tf.Tensor, candidates: tf.Tensor, over: Reduction): tf.Tensor {
  const total = tf.sum(tf.mul(x, candidates), 1);
  return over === 'sum' ? total : divideByCount(total, tf.sum(candidates, 1));
}
