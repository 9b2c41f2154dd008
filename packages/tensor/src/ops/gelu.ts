import { add, customGrad, erf, exp, mul, scalar, sigmoid, square, sub, type Tensor } from '@tensorflow/tfjs-core';

type Save = (tensors: Tensor[]) => void;

// Both activations touch the widest arrays of a transformer, so the formulas are arranged for the fewest passes over memory.
const geluOp = customGrad((input: unknown, saveTensors: unknown) => {
  const x = input as Tensor;
  const u = mul(x, scalar(Math.SQRT1_2));
  const doubled = add(erf(u), scalar(1));
  (saveTensors as Save)([u, doubled]);
  return {
    value: mul(mul(x, doubled), scalar(0.5)),
    gradFunc: (dy: Tensor, saved: Tensor[]) => {
      const [u, doubled] = saved as [Tensor, Tensor];
      // 2 Φ(x) + 2 x φ(x) with x = √2 u and 2 x φ(x) = u exp(log(2 / √π) - u²).
      const density = exp(sub(scalar(Math.log(2 / Math.sqrt(Math.PI))), square(u)));
      return mul(mul(dy, add(doubled, mul(u, density))), scalar(0.5));
    },
  };
});

/** GELU, exact: `x Φ(x)` with the normal distribution function Φ; any shape. Hendrycks and Gimpel 2016. */
export function gelu<T extends Tensor>(x: T): T {
  return geluOp(x) as T;
}

const quickGeluOp = customGrad((input: unknown, saveTensors: unknown) => {
  const x = input as Tensor;
  const z = mul(x, scalar(1.702));
  const gate = sigmoid(z);
  (saveTensors as Save)([z, gate]);
  return {
    value: mul(x, gate),
    gradFunc: (dy: Tensor, saved: Tensor[]) => {
      const [z, gate] = saved as [Tensor, Tensor];
      return mul(dy, mul(gate, add(sub(z, mul(z, gate)), scalar(1))));
    },
  };
});

/** QuickGELU: `x sigmoid(1.702 x)`; any shape. The activation of OpenAI's CLIP. */
export function quickGelu<T extends Tensor>(x: T): T {
  return quickGeluOp(x) as T;
}
