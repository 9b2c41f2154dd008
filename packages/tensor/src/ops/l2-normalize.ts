import {
  cast,
  customGrad,
  greater,
  maximum,
  mul,
  rsqrt,
  scalar,
  square,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';

type Save = (tensors: Tensor[]) => void;

/**
 * L2 normalization over the last axis: `x / max(|x|, epsilon)`. A zero row stays zero; its gradient is `dy / epsilon`, as for
 * every row shorter than epsilon.
 *
 * @param x [..., D]
 * @param epsilon smallest norm (PyTorch's `F.normalize`: 1e-12; float32 squares it, so norms under 1e-18 count as 1e-18)
 */
export function l2Normalize<T extends Tensor>(x: T, epsilon = 1e-12): T {
  const floor = Math.max(epsilon * epsilon, 1e-36);
  const op = customGrad((input: unknown, saveTensors: unknown) => {
    const x = input as Tensor;
    const squares = sum(square(x), -1, true);
    const inverse = rsqrt(maximum(squares, scalar(floor)));
    const y = mul(x, inverse);
    const longer = cast(greater(squares, scalar(floor)), 'float32');
    (saveTensors as Save)([y, inverse, longer]);
    return {
      value: y,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [y, inverse, longer] = saved as [Tensor, Tensor, Tensor];
        return mul(sub(dy, mul(y, mul(sum(mul(dy, y), -1, true), longer))), inverse);
      },
    };
  });
  return op(x) as T;
}
