import {
  add,
  customGrad,
  mean,
  mul,
  reshape,
  rsqrt,
  scalar,
  square,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { checkShape } from '../check-shape.js';
import { fusedKernel } from './fused-kernel.js';

type Save = (tensors: Tensor[]) => void;

/**
 * Layer normalization over the last axis: `(x - mean) / sqrt(variance + epsilon) * weight + bias`, biased variance.
 *
 * One op with a hand-written gradient; mean and inverse deviation are kept for it.
 *
 * @param x [..., D]
 * @param weight [D]
 * @param bias [D]
 * @param epsilon 1e-5 in PyTorch and CLIP, 1e-12 in BERT
 * @throws UniecsError `shape`
 */
export function layerNormalize(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  const width = x.shape.at(-1) ?? 1;
  checkShape(weight, 'weight', [width], 'layerNormalize');
  checkShape(bias, 'bias', [width], 'layerNormalize');
  const op = customGrad((input: unknown, scale: unknown, shift: unknown, saveTensors: unknown) => {
    const [x, weight, bias] = [input, scale, shift] as [Tensor, Tensor, Tensor];
    const [y, center, inverse] = fusedKernel('UniecsLayerNorm', { x, weight, bias }, { epsilon }, () => {
      const center = mean(x, -1, true);
      const centered = sub(x, center);
      const inverse = rsqrt(add(mean(square(centered), -1, true), scalar(epsilon)));
      return [add(mul(mul(centered, inverse), weight), bias), center, inverse];
    }) as [Tensor, Tensor, Tensor];
    (saveTensors as Save)([x, weight, center, inverse]);
    return {
      value: y,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [x, weight, center, inverse] = saved as [Tensor, Tensor, Tensor, Tensor];
        const flat = (t: Tensor) => reshape(t, [-1, width]);
        const normalized = mul(sub(x, center), inverse);
        const scaled = mul(dy, weight);
        const along = mean(mul(scaled, normalized), -1, true);
        const dx = mul(sub(sub(scaled, mean(scaled, -1, true)), mul(normalized, along)), inverse);
        return [dx, sum(flat(mul(dy, normalized)), 0), sum(flat(dy), 0)];
      },
    };
  });
  return op(x, weight, bias);
}
