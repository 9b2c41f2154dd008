import { type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core';
import type { Module } from '../module.js';
import { layerNormalize } from '../ops/layer-normalize.js';
import { parameter } from '../parameter.js';

/** Layer normalization over the last axis with a learned scale and shift. */
export interface LayerNorm extends Module {
  readonly tree: { readonly weight: Variable; readonly bias: Variable };
  /** [..., size] to the same shape. */
  forward(x: Tensor): Tensor;
  readonly epsilon: number;
}

/** A layer normalization layer: `weight` [size] starts at 1, `bias` [size] at 0; epsilon 1e-5 (PyTorch), BERT uses 1e-12. */
export function layerNorm({ size, epsilon = 1e-5 }: { readonly size: number; readonly epsilon?: number }): LayerNorm {
  const tree = { weight: parameter([size], 1), bias: parameter([size], 0) };
  return { tree, epsilon, forward: (x) => tidy(() => layerNormalize(x, tree.weight, tree.bias, epsilon)) };
}
