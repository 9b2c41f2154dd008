import * as tf from '@tensorflow/tfjs-core';
import { type LayerNorm, type Linear, layerNorm, linear, type Module, maskedMean, type Random } from '@uniecs/tensor';
import type { TokenStream } from './token-stream.js';

/** The pool of Eq. 6: one vector per row from the valid tokens of a modality. */
export interface MeanPool extends Module {
  /** @returns `tanh(Linear(LayerNorm(mean of the valid tokens)))`, [B, D]; a row without a valid token has a mean of zero */
  forward(stream: Pick<TokenStream, 'tokens' | 'mask'>): tf.Tensor2D;
  /** The same from a mean [B, D] that is already taken. */
  forwardMean(mean: tf.Tensor): tf.Tensor2D;
}

/** Masked mean, LayerNorm, Linear, tanh. The paper says only "Pool"; these are the authors' parts, with the mask added. */
export function meanPool({ width, random }: { readonly width: number; readonly random: Random }): MeanPool {
  const norm: LayerNorm = layerNorm({ size: width });
  const projection: Linear = linear({ inputSize: width, outputSize: width, random });
  const forwardMean = (mean: tf.Tensor) =>
    tf.tidy(() => tf.tanh(projection.forward(norm.forward(mean))) as tf.Tensor2D);
  return {
    tree: { layer_norm: norm, linear: projection },
    forward: ({ tokens, mask }) => tf.tidy(() => forwardMean(maskedMean(tokens, mask))),
    forwardMean,
  };
}
