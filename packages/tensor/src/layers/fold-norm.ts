import { add, matMul, mean, mul, reshape, sub, type Tensor } from '@tensorflow/tfjs-core';
import { stopGradient } from '../ops/stop-gradient.js';
import type { LayerNorm } from './layer-norm.js';
import { affine, type Linear } from './linear.js';

/**
 * `linear(norm(x))` from `standardize(x)`: scale and shift of the norm go into the linear map's weight and bias, `W' = W diag(γ)` and
 * `b' = b + W β`, so that they cost no pass over the tokens. Each row of W' is moved to sum to zero: standardized vectors sum to
 * zero, so the result stays, and the gradient sums to zero, as `standardize` wants it.
 */
export function foldNorm(
  standardized: Tensor,
  { tree: { weight: scale, bias: shift } }: LayerNorm,
  { tree }: Linear,
): Tensor {
  const scaled = mul(tree.weight, scale);
  // The mean's own gradient is zero: that of W' is a sum of outer products with vectors that sum to zero.
  const centered = sub(scaled, stopGradient(mean(scaled, 1, true)));
  const moved = reshape(matMul(tree.weight as never, reshape(shift, [-1, 1]) as never), [-1]);
  return affine(standardized, centered, tree.bias ? add(tree.bias, moved) : moved);
}
