import { add, customGrad, erf, exp, mul, scalar, sigmoid, square, sub, type Tensor } from '@tensorflow/tfjs-core';
import { fusedKernel } from './fused-kernel.js';

type Save = (tensors: Tensor[]) => void;

const geluOp = customGrad((input: unknown, saveTensors: unknown) => {
  const x = input as Tensor;
  const [y] = fusedKernel('UniecsGelu', { x }, {}, () => [
    mul(mul(x, scalar(0.5)), add(erf(mul(x, scalar(Math.SQRT1_2))), scalar(1))),
  ]) as [Tensor];
  (saveTensors as Save)([x]);
  return {
    value: y,
    // Arranged for the fewest passes over the widest arrays of a transformer; half of dy goes into the product that made it.
    gradFunc: (dy: Tensor, saved: Tensor[]) => {
      const u = mul(saved[0] as Tensor, scalar(Math.SQRT1_2));
      // 2 Φ(x) + 2 x φ(x) with x = √2 u and 2 x φ(x) = u exp(log(2 / √π) - u²).
      const density = exp(sub(scalar(Math.log(2 / Math.sqrt(Math.PI))), square(u)));
      return mul(mul(dy, scalar(0.5)), add(add(erf(u), scalar(1)), mul(u, density)));
    },
  };
});

/** GELU, exact: `x Φ(x)` with the normal distribution function Φ; any shape. Hendrycks and Gimpel 2016. */
export function gelu<T extends Tensor>(x: T): T {
  return geluOp(x) as T;
}

const steepness = 1.702;

const quickGeluOp = customGrad((input: unknown, saveTensors: unknown) => {
  const x = input as Tensor;
  const [y] = fusedKernel('UniecsQuickGelu', { x }, { alpha: steepness }, () => [
    mul(x, sigmoid(mul(x, scalar(steepness)))),
  ]) as [Tensor];
  (saveTensors as Save)([x]);
  return {
    value: y,
    gradFunc: (dy: Tensor, saved: Tensor[]) => {
      const z = mul(saved[0] as Tensor, scalar(steepness));
      const gate = sigmoid(z);
      return mul(dy, mul(gate, add(sub(z, mul(z, gate)), scalar(1))));
    },
  };
});

/** QuickGELU: `x sigmoid(1.702 x)`; any shape. The activation of OpenAI's CLIP. */
export function quickGelu<T extends Tensor>(x: T): T {
  return quickGeluOp(x) as T;
}
