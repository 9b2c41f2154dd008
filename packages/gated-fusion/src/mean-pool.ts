import * as tf from '@tensorflow/tfjs-core';
import { type LayerNorm, type Linear, layerNorm, linear, type Module, type Random } from '@uniecs/tensor';
import type { TokenStream } from './token-stream.js';

/** The pool of Eq. 6: one vector per row from the valid tokens of a modality. */
export interface MeanPool extends Module {
  /** @returns `tanh(Linear(LayerNorm(mean of the valid tokens)))`, [B, D]; a row without a valid token has a mean of zero */
  forward(stream: Pick<TokenStream, 'tokens' | 'mask'>): tf.Tensor2D;
}

/** Masked mean, LayerNorm, Linear, tanh. The paper says only "Pool"; these are the authors' parts, with the mask added. */
export function meanPool({ width, random }: { readonly width: number; readonly random: Random }): MeanPool {
  const norm: LayerNorm = layerNorm({ size: width });
  const projection: Linear = linear({ inputSize: width, outputSize: width, random });
  return {
    tree: { layer_norm: norm, linear: projection },
    forward: (stream) =>
      tf.tidy(() => tf.tanh(projection.forward(norm.forward(maskedMean(stream.tokens, stream.mask)))) as tf.Tensor2D),
  };
}

/** The mean over the tokens [B, N, D] that the mask [B, N] keeps: [B, D], zero where it keeps none. */
export function maskedMean(tokens: tf.Tensor3D, mask: tf.Tensor2D | undefined): tf.Tensor2D {
  if (mask === undefined) return tf.mean(tokens, 1) as tf.Tensor2D;
  return tf.tidy(() => {
    const shares = tf.div(mask, tf.maximum(tf.sum(mask, 1, true), 1));
    return tf.squeeze(tf.matMul(tf.expandDims(shares, 1), tokens), [1]) as tf.Tensor2D;
  });
}
