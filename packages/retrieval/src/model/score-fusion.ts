import * as tf from '@tensorflow/tfjs-core';
import type { ModalityInputs } from '@uniecs/gated-fusion';
import { l2Normalize, linear, maskedMean } from '@uniecs/tensor';
import { scoped } from '../scoped.js';
import { checkGiven, type ItemFusion, type ItemFusionOptions } from './item-fusion.js';

/** Options of `scoreFusion`. */
export interface ScoreFusionConfig {
  /** D, width of the embedding. */
  readonly width: number;
}

/**
 * CLIP_SF, score fusion: `v = norm(A mean V)`, `t = norm(B mean T)`, `f = norm(v + t)` of what a row has; means over the valid tokens,
 * norm the L2 norm, A: D x Dv, B: D x Dt. The dot product of two f is, up to their lengths, the sum of the similarities of the single
 * modalities. Where a row lacks a modality, its v or t is zero.
 *
 * A baseline of the paper's Table 1; the name is that of UniIR (Wei et al. 2023). It is trained here with the same encoders as UniECS.
 * Differs from CLIP: the mean of the tokens in place of the class and end tokens.
 *
 * State dict: `image.weight`, `text.weight`.
 */
export function scoreFusion(options: ScoreFusionConfig & ItemFusionOptions): ItemFusion {
  const { width, imageWidth, textWidth, random } = options;
  const map = (name: string, inputSize: number) =>
    linear({ inputSize, outputSize: width, bias: false, std: 1 / Math.sqrt(inputSize), random: random.fork(name) });
  const maps = { image: map('image', imageWidth), text: map('text', textWidth) };

  function part(modality: 'image' | 'text', inputs: ModalityInputs): tf.Tensor2D | undefined {
    const input = inputs[modality];
    if (!input) return undefined;
    const direction = l2Normalize(maps[modality].forward(maskedMean(input.tokens, input.mask))) as tf.Tensor2D;
    return input.present ? tf.mul<tf.Tensor2D>(direction, tf.expandDims(input.present, 1)) : direction;
  }

  function joined(image: tf.Tensor2D | undefined, text: tf.Tensor2D | undefined): tf.Tensor2D {
    return image && text ? l2Normalize(tf.add<tf.Tensor2D>(image, text)) : ((image ?? text) as tf.Tensor2D);
  }

  return {
    tree: maps,
    forward: (inputs) => {
      checkGiven(inputs, 'scoreFusion.forward');
      return tf.tidy(() => joined(part('image', inputs), part('text', inputs)));
    },
    represent: (inputs) => {
      checkGiven(inputs, 'scoreFusion.represent');
      return scoped(() => {
        const image = part('image', inputs);
        const text = part('text', inputs);
        const fused = joined(image, text);
        return { fused, image: image ?? tf.zerosLike(fused), text: text ?? tf.zerosLike(fused) };
      });
    },
  };
}
