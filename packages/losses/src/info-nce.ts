import * as tf from '@tensorflow/tfjs-core';
import { stopGradient } from '@uniecs/tensor';
import type { AnchorValues } from './anchor-values.js';
import { diagonal } from './candidates.js';
import { divideByTemperature, type ResolvedTemperature } from './temperature.js';

/** Arguments of `infoNce`. */
export interface InfoNceInput {
  /** `[..., N, N]`, query i against candidate j; the positive of row i is column i */
  readonly similarity: tf.Tensor;
  /** `[..., N]`, the similarity's diagonal where the caller has it more cheaply; default taken from it */
  readonly positive?: tf.Tensor;
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
  const { similarity, falseNegatives, symmetric = false } = input;
  const every = tf.ones(similarity.shape.slice(0, -1));
  const queries = input.queries ? tf.mul(every, input.queries) : every;
  const candidates = input.candidates ? tf.mul(every, input.candidates) : every;
  const anchors = tf.mul(queries, candidates);
  const logits = divideByTemperature(similarity, input.temperature);
  const positive = divideByTemperature(input.positive ?? diagonal(similarity), input.temperature);
  const forward = oneDirection(logits, positive, {
    anchors,
    existing: tf.expandDims(candidates, -2),
    falseNegatives,
    axis: -1,
  });
  if (!symmetric) return { ...forward, anchors };
  const backward = oneDirection(logits, positive, {
    anchors,
    existing: tf.expandDims(queries, -1),
    falseNegatives,
    axis: -2,
  });
  return {
    values: tf.mul(tf.add(forward.values, backward.values), 0.5),
    anchors,
    maskedNegatives: tf.add(forward.maskedNegatives, backward.maskedNegatives),
  };
}

interface Direction {
  readonly anchors: tf.Tensor;
  /** `[..., 1, N]` or `[..., N, 1]`, 1 for a candidate that exists */
  readonly existing: tf.Tensor;
  readonly falseNegatives: tf.Tensor | undefined;
  /** the axis of the candidates */
  readonly axis: -1 | -2;
}

/** Added to the logit of a candidate that does not count: its exponential is 0 beside any other. */
const excluded = -1e30;

function oneDirection(logits: tf.Tensor, positive: tf.Tensor, { anchors, existing, falseNegatives, axis }: Direction) {
  const counted = falseNegatives ? tf.mul(existing, tf.sub(1, falseNegatives)) : existing;
  const masked = tf.add(logits, tf.mul(tf.sub(1, counted), excluded));
  const largest = stopGradient(tf.max(masked, axis));
  const gap = tf.sub(largest, positive);
  const ofEach = tf.add(logSumExp(masked, tf.expandDims(largest, axis), axis), gap);
  // Where a row is no anchor, all candidates may be left out: the gap is huge there, but never infinite.
  const values = tf.where(tf.greater(anchors, 0), ofEach, tf.zerosLike(ofEach));
  if (!falseNegatives) return { values, maskedNegatives: tf.scalar(0) };
  const dropped = tf.mul(tf.expandDims(anchors, axis), tf.mul(existing, falseNegatives));
  return { values, maskedNegatives: tf.sum(dropped) as tf.Scalar };
}

/** `log sum exp(x - shift)` over an axis, and its gradient from the exponentials it has already: no other array of x's size is kept. */
function logSumExp(x: tf.Tensor, shift: tf.Tensor, axis: -1 | -2): tf.Tensor {
  return tf.customGrad((...inputs) => {
    const [values, save] = inputs as unknown as [tf.Tensor, tf.GradSaveFunc];
    const exponentials = tf.exp(tf.sub(values, shift));
    const total = tf.sum(exponentials, axis);
    save([exponentials, total]);
    return {
      value: tf.log(total),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [kept, sums] = saved as [tf.Tensor, tf.Tensor];
        return tf.mul(kept, tf.expandDims(tf.div(dy, sums), axis));
      },
    };
  })(x);
}
