import {
  add,
  exp,
  log,
  max,
  mul,
  oneHot,
  reshape,
  sub,
  sum,
  type Tensor,
  softmax as tfSoftmax,
} from '@tensorflow/tfjs-core';
import { stopGradient } from './stop-gradient.js';

/** Softmax over the last axis, shifted by the largest logit; rows sum to 1. */
export function softmax(logits: Tensor): Tensor {
  return tfSoftmax(logits, -1);
}

/** Log-softmax over the last axis: `x - max - log sum exp(x - max)`; finite for logits of any finite size. */
export function logSoftmax(logits: Tensor): Tensor {
  const shifted = sub(logits, stopGradient(max(logits, -1, true)));
  return sub(shifted, log(sum(exp(shifted), -1, true)));
}

/**
 * Cross entropy of each row: `-log softmax(logits)[label]`.
 *
 * @param logits float32 [N, M]
 * @param labels int32 [N], 0 to M - 1
 * @returns [N]
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const [rows, classes] = logits.shape as [number, number];
  const chosen = oneHot(reshape(labels, [rows]) as Tensor, classes, 1, 0, 'float32');
  const shifted = sub(logits, stopGradient(max(logits, -1, true)));
  return sub(log(sum(exp(shifted), -1)), sum(mul(shifted, chosen), -1));
}

/** `log sum exp` over the last axis, shifted by the largest entry. */
export function logSumExp(x: Tensor): Tensor {
  const top = stopGradient(max(x, -1, true));
  return add(log(sum(exp(sub(x, top)), -1)), reshape(top, x.shape.slice(0, -1)));
}
