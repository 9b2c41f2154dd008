import {
  add,
  customGrad,
  equal,
  exp,
  log,
  max,
  mul,
  range,
  reshape,
  scalar,
  sub,
  sum,
  type Tensor,
  softmax as tfSoftmax,
  tidy,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { checkShape } from '../check-shape.js';
import { stopGradient } from './stop-gradient.js';

/** Softmax over the last axis, shifted by the largest logit; rows sum to 1. */
export function softmax(logits: Tensor): Tensor {
  return tfSoftmax(logits, -1);
}

/** Log-softmax over the last axis: `x - max - log sum exp(x - max)`; finite for logits within ±1e38. */
export function logSoftmax(logits: Tensor): Tensor {
  return tidy(() => {
    const shifted = sub(logits, stopGradient(max(logits, -1, true)));
    return sub(shifted, log(sum(exp(shifted), -1, true)));
  });
}

/**
 * Cross entropy of each row: `-log softmax(logits)[label]`. A logit of -Infinity is a class that is left out.
 *
 * @param logits float32 [N, M]
 * @param labels int32 [N], 0 to M - 1 (not checked: tensors are not read back)
 * @returns [N]
 * @throws UniecsError `shape`
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const dims = checkShape(logits, 'logits', ['N', 'M'], 'softmaxCrossEntropy');
  checkShape(labels, 'labels', ['N'], 'softmaxCrossEntropy', dims);
  const { N, M } = dims as { N: number; M: number };
  return crossEntropyOp(logits, labels, N, M);
}

/** One op with the gradient `(softmax - one hot) dy`, which keeps the logits and a number a row. */
function crossEntropyOp(logits: Tensor, labels: Tensor, N: number, M: number): Tensor {
  const isLabel = (labels: Tensor) => equal(reshape(labels, [N, 1]), range(0, M, 1, 'int32'));
  const op = customGrad((input: unknown, saveTensors: unknown) => {
    const x = input as Tensor;
    const largest = max(x, -1, true);
    const shifted = sub(x, largest);
    const logSum = log(sum(exp(shifted), -1, true));
    (saveTensors as (tensors: Tensor[]) => void)([x, add(logSum, largest), labels]);
    // A choice, not a product with a one-hot row: -Infinity times 0 would be NaN.
    const chosen = sum(where(isLabel(labels), shifted, zerosLike(shifted)), -1);
    return {
      value: sub(reshape(logSum, [N]), chosen),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [x, logSumExp, labels] = saved as [Tensor, Tensor, Tensor];
        const shares = exp(sub(x, logSumExp));
        return mul(reshape(dy, [N, 1]), where(isLabel(labels), sub(shares, scalar(1)), shares));
      },
    };
  });
  return op(logits);
}

/** `log sum exp` over the last axis, shifted by the largest entry. */
export function logSumExp(x: Tensor): Tensor {
  return tidy(() => {
    const top = stopGradient(max(x, -1, true));
    return add(log(sum(exp(sub(x, top)), -1)), reshape(top, x.shape.slice(0, -1)));
  });
}
