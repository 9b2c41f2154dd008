import * as tf from '@tensorflow/tfjs-core';
import { stopGradient } from '@uniecs/tensor';
import type { AnchorValues } from './anchor-values.js';
import { identityMask } from './identity-mask.js';
import { divideByTemperature, type ResolvedTemperature } from './temperature.js';

/** Arguments of `infoNce`. */
export interface InfoNceInput {
  /** `[..., N, N]`, query i against candidate j; the positive of row i is column i */
  readonly similarity: tf.Tensor;
  /** tau: a number above 0, or a learned temperature */
  readonly temperature: ResolvedTemperature;
  /** `[..., N]`, 1 where the query exists; default all */
  readonly queries?: tf.Tensor;
  /** `[..., N]`, 1 where the candidate exists; default all */
  readonly candidates?: tf.Tensor;
  /** `[N, N]` or `[..., N, N]`, 1 where candidate j is no negative for query i; default none; 0 on the diagonal */
  readonly falseNegatives?: tf.Tensor;
  /** the mean of both directions, query to candidate and candidate to query; default false */
  readonly symmetric?: boolean;
}

/**
 * In-batch InfoNCE, one value per anchor (the form of Eq. 8, 9, 15 and 17):
 * `-log( exp(S_ii / tau) / sum_j exp(S_ij / tau) )`, natural logarithm, >= 0.
 * A row is an anchor where query and candidate both exist; a candidate that does not exist, or that is a false
 * negative, is left out of the denominator. The sum is taken relative to its largest term, so that a low temperature
 * does not overflow. Leading axes are independent problems. Values `[..., N]`.
 */
export function infoNce(input: InfoNceInput): AnchorValues {
  const { similarity, symmetric = false } = input;
  const every = tf.ones(similarity.shape.slice(0, -1));
  const queries = input.queries ? tf.mul(every, input.queries) : every;
  const candidates = input.candidates ? tf.mul(every, input.candidates) : every;
  const anchors = tf.mul(queries, candidates);
  const logits = divideByTemperature(similarity, input.temperature);
  const forward = oneDirection(logits, anchors, candidates, input.falseNegatives);
  if (!symmetric) return { ...forward, anchors };
  const dropped = input.falseNegatives && transposeLast(input.falseNegatives);
  const backward = oneDirection(transposeLast(logits), anchors, queries, dropped);
  return {
    values: tf.mul(tf.add(forward.values, backward.values), 0.5),
    anchors,
    maskedNegatives: tf.add(forward.maskedNegatives, backward.maskedNegatives),
  };
}

const excluded = -1e30;

function oneDirection(logits: tf.Tensor, anchors: tf.Tensor, columns: tf.Tensor, dropped: tf.Tensor | undefined) {
  const eye = identityMask(logits.shape[logits.rank - 1] as number);
  const existing = tf.expandDims(columns, -2);
  const kept = dropped ? tf.mul(existing, tf.sub(1, dropped)) : existing;
  const counted = tf.greater(tf.maximum(kept, eye), 0);
  const masked = tf.where(counted, logits, tf.fill(logits.shape, excluded));
  const largest = stopGradient(tf.max(masked, -1, true));
  const logSum = tf.log(tf.sum(tf.exp(tf.sub(masked, largest)), -1));
  const gap = tf.sum(tf.mul(tf.sub(largest, logits), eye), -1);
  return {
    values: tf.mul(tf.add(logSum, gap), anchors),
    maskedNegatives: dropped
      ? (tf.sum(tf.mul(tf.expandDims(anchors, -1), tf.mul(existing, dropped))) as tf.Scalar)
      : tf.scalar(0),
  };
}

function transposeLast(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis);
  axes.splice(-2, 2, x.rank - 1, x.rank - 2);
  return tf.transpose(x, axes);
}
