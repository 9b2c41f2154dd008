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
 * many. With `weights` w, numbers above 0, one a part: `sum w_p values_p / sum w_p anchors_p`, still an average, of which
 * only the weights' ratios matter. No anchor at all gives 0, still attached to the graph. `perAnchor[i]` is the (weighted)
 * mean of row i's values.
 */
export function averageOfParts(parts: readonly AnchorValues[], weights?: readonly number[]): TermValue {
  const n = parts[0]?.values.shape.at(-1) as number;
  const factors = weights && atLeastOne(weights);
  const rows = (arrays: readonly tf.Tensor[]) => {
    const weighted = factors ? arrays.map((x, p) => tf.mul(x, factors[p] as number)) : arrays;
    return tf.reshape(tf.stack([...weighted]), [-1, n]);
  };
  const values = rows(parts.map((p) => p.values));
  const anchors = rows(parts.map((p) => p.anchors));
  return {
    loss: divideByCount(tf.sum(values), tf.sum(anchors)) as tf.Scalar,
    perAnchor: divideByCount(tf.sum(values, 0), tf.sum(anchors, 0)) as tf.Tensor1D,
    anchors: tf.sum(tf.minimum(tf.max(anchors, 0), 1)),
    maskedNegatives: sumOf(parts.map((p) => p.maskedNegatives)),
  };
}

/** The weights with the smallest brought to 1, so that the weight of any anchors is no less than `divideByCount` takes for none. */
function atLeastOne(weights: readonly number[]): number[] {
  const least = Math.min(...weights);
  return weights.map((weight) => weight / least);
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
