import { add, customGrad, erf, exp, mul, scalar, sigmoid, square, sub, type Tensor } from '@tensorflow/tfjs-core';

type Save = (tensors: Tensor[]) => void;

const geluOp = customGrad((input: unknown, saveTensors: unknown) => {
  const x = input as Tensor;
  const cdf = add(mul(erf(mul(x, scalar(Math.SQRT1_2))), scalar(0.5)), scalar(0.5));
  (saveTensors as Save)([x, cdf]);
  return {
    value: mul(x, cdf),
    gradFunc: (dy: Tensor, saved: Tensor[]) => {
      const [x, cdf] = saved as [Tensor, Tensor];
      const density = mul(exp(mul(square(x), scalar(-0.5))), scalar(1 / Math.sqrt(2 * Math.PI)));
      return mul(dy, add(cdf, mul(x, density)));
    },
  };
});

/** GELU, exact: `x Φ(x)` with the normal distribution function Φ; any shape. Hendrycks and Gimpel 2016. */
export function gelu<T extends Tensor>(x: T): T {
  return geluOp(x) as T;
}

const quickGeluOp = customGrad((input: unknown, saveTensors: unknown) => {
  const x = input as Tensor;
  const gate = sigmoid(mul(x, scalar(1.702)));
  (saveTensors as Save)([x, gate]);
  return {
    value: mul(x, gate),
    gradFunc: (dy: Tensor, saved: Tensor[]) => {
      const [x, gate] = saved as [Tensor, Tensor];
      const slope = mul(mul(x, scalar(1.702)), sub(scalar(1), gate));
      return mul(dy, mul(gate, add(slope, scalar(1))));
    },
  };
});

/** QuickGELU: `x sigmoid(1.702 x)`; any shape. The activation of OpenAI's CLIP. */
export function quickGelu<T extends Tensor>(x: T): T {
  return quickGeluOp(x) as T;
}
