import {
  add,
  customGrad,
  mean,
  mul,
  ones,
  rsqrt,
  scalar,
  square,
  sub,
  type Tensor,
  zeros,
} from '@tensorflow/tfjs-core';
import { fusedKernel } from './fused-kernel.js';

type Save = (tensors: Tensor[]) => void;

/**
 * `(x - mean) / sqrt(variance + epsilon)` over the last axis, biased variance: layer normalization without scale and shift.
 *
 * The gradient is `inverse (dy - y mean(dy y))`: right for a gradient that sums to zero over the last axis, as that of a linear map
 * with rows that do (`foldNorm`), which saves two passes over memory.
 *
 * @param x [..., D]
 */
export function standardize(x: Tensor, epsilon: number): Tensor {
  const width = x.shape.at(-1) ?? 1;
  const op = customGrad((input: unknown, saveTensors: unknown) => {
    const x = input as Tensor;
    const unit = { weight: ones([width]), bias: zeros([width]) };
    const [y, , inverse] = fusedKernel('UniecsLayerNorm', { x, ...unit }, { epsilon }, () => {
      const center = mean(x, -1, true);
      const centered = sub(x, center);
      const inverse = rsqrt(add(mean(square(centered), -1, true), scalar(epsilon)));
      return [mul(centered, inverse), center, inverse];
    }) as [Tensor, Tensor, Tensor];
    (saveTensors as Save)([y, inverse]);
    return {
      value: y,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [y, inverse] = saved as [Tensor, Tensor];
        return mul(sub(dy, mul(y, mean(mul(dy, y), -1, true))), inverse);
      },
    };
  });
  return op(x);
}
