import * as tf from '@tensorflow/tfjs-core';
import { type Linear, l2Normalize, linear, type Module, maskedMean, parameter, type Random } from '@uniecs/tensor';
import type { Modality, PerModality, Presence, TokenStream } from './token-stream.js';

/** A shortcut around the fusion network: from a modality's tokens straight to the embedding. */
export interface PooledResidual extends Module {
  readonly tree: PerModality<Linear> & { readonly scale: tf.Variable } & Module['tree'];
  /**
   * @param streams tokens V' and T' (Eq. 1), or V'' and T'' (Eq. 5)
   * @param fused [B, D], the fusion network's output
   * @returns [B, D], not normalised
   */
  forward(streams: PerModality<TokenStream>, fused: tf.Tensor2D): tf.Tensor2D;
  /** The same from means [B, D] that are already taken, and who has the modality. */
  forwardMeans(means: PerModality<tf.Tensor2D>, presence: PerModality<Presence>, fused: tf.Tensor2D): tf.Tensor2D;
}

/**
 * `norm(A mean V') + norm(B mean T') + s / sqrt(D) * FusionNetwork(...)`, present modalities only, norm the L2 norm; A, B: D x D, s a
 * learned scale from 1.
 *
 * Not in the paper. The fusion network ends in a LayerNorm, so its part starts about as long as the others: the sum of
 * normalised image and text embeddings, a strong baseline, is where the model starts, and the fusion refines it.
 */
export function pooledResidual({ width, random }: { readonly width: number; readonly random: Random }): PooledResidual {
  const map = (modality: Modality) =>
    linear({
      inputSize: width,
      outputSize: width,
      bias: false,
      std: 1 / Math.sqrt(width),
      random: random.fork(modality),
    });
  const tree = { image: map('image'), text: map('text'), scale: parameter([1], 1) };

  function part(modality: Modality, mean: tf.Tensor2D, presence: Presence): tf.Tensor2D | undefined {
    if (presence === 0) return undefined;
    const direction = l2Normalize(tree[modality].forward(mean) as tf.Tensor2D);
    return presence === 1 ? direction : tf.mul<tf.Tensor2D>(direction, tf.expandDims(presence, 1));
  }

  const forwardMeans: PooledResidual['forwardMeans'] = (means, presence, fused) =>
    tf.tidy(() => {
      const scaled = tf.mul(fused, tf.mul(tree.scale, 1 / Math.sqrt(width)));
      const parts = [part('image', means.image, presence.image), part('text', means.text, presence.text)];
      return [scaled, ...parts.filter((x) => x !== undefined)].reduce((sum, x) => tf.add(sum, x)) as tf.Tensor2D;
    });

  return {
    tree,
    forwardMeans,
    forward: ({ image, text }, fused) =>
      tf.tidy(() => {
        const mean = ({ tokens, mask }: TokenStream) => maskedMean(tokens, mask) as tf.Tensor2D;
        const means = { image: mean(image), text: mean(text) };
        return forwardMeans(means, { image: image.presence, text: text.presence }, fused);
      }),
  };
}
