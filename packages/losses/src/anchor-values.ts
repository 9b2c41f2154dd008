import * as tf from '@tensorflow/tfjs-core';
import type { TermValue } from './term.js';

/** One part of a term: a value per anchor, before the reduction over the anchors. */
export interface AnchorValues {
  /** `[..., N]`, 0 where the row is no anchor */
  readonly values: tf.Tensor;
  /** `[..., N]`, 1 where the row is an anchor, 0 elsewhere */
  readonly anchors: tf.Tensor;
  /** how many (anchor, candidate) entries were left out as false negatives */
  readonly maskedNegatives: tf.Scalar;
}

/** How a term reduces over its anchors: the mean over the valid ones, or their sum. */
export type Reduction = 'mean' | 'sum';

/**
 * Averages over all anchors of all parts: `sum values / sum anchors`, so that a part with few valid rows counts for as
 * many. No anchor at all gives 0, still attached to the graph. `perAnchor[i]` is the mean of row i's values.
 */
export function averageOfParts(parts: readonly AnchorValues[]): TermValue {
  const values = tf.stack(parts.map((p) => p.values));
  const anchors = tf.stack(parts.map((p) => p.anchors));
  const n = values.shape[values.rank - 1] as number;
  const valueRows = tf.reshape(values, [-1, n]);
  const anchorRows = tf.reshape(anchors, [-1, n]);
  return {
    loss: divideByCount(tf.sum(values), tf.sum(anchors)) as tf.Scalar,
    perAnchor: divideByCount(tf.sum(valueRows, 0), tf.sum(anchorRows, 0)) as tf.Tensor1D,
    anchors: tf.sum(tf.max(anchorRows, 0)),
    maskedNegatives: sumOf(parts.map((p) => p.maskedNegatives)),
  };
}

/**
 * Adds parts up, each reduced over its own anchors: `sum_p mean_i values_p[i]` (or `sum_i` where a part says so).
 * A part without anchors adds 0, still attached to the graph. `perAnchor[i]` is the sum of row i's values before the
 * reduction; `anchors` counts the rows that are an anchor of at least one part. Parts are `[N]`.
 */
export function sumOfParts(parts: readonly (AnchorValues & { readonly reduction: Reduction })[]): TermValue {
  const losses = parts.map(({ values, anchors, reduction }) =>
    reduction === 'sum' ? tf.sum(values) : divideByCount(tf.sum(values), tf.sum(anchors)),
  );
  const anchors = tf.max(tf.stack(parts.map((p) => p.anchors)), 0);
  return {
    loss: sumOf(losses),
    perAnchor: sumOf(parts.map((p) => p.values)),
    anchors: tf.sum(anchors),
    maskedNegatives: sumOf(parts.map((p) => p.maskedNegatives)),
  };
}

/** `x / count`, and `x` where the count is 0 (there x is 0 too). */
export function divideByCount(x: tf.Tensor, count: tf.Tensor): tf.Tensor {
  return tf.div(x, tf.maximum(count, 1));
}

function sumOf<T extends tf.Tensor>(tensors: readonly tf.Tensor[]): T {
  return tensors.reduce((total, x) => tf.add(total, x)) as T;
}
