import * as tf from '@tensorflow/tfjs-core';
import type { Modality, ModalityInput, ModalityInputs } from '@uniecs/gated-fusion';
import {
  type ForwardContext,
  l2Normalize,
  layerNorm,
  linear,
  maskedMean,
  parameter,
  type TransformerBlock,
  transformerBlock,
} from '@uniecs/tensor';
import { scoped } from '../scoped.js';
import { checkGiven, type ItemFusion, type ItemFusionOptions } from './item-fusion.js';

/** Options of `featureFusion`. */
export interface FeatureFusionConfig {
  /** D, width of the blocks and of the embedding. */
  readonly width: number;
  /** Attention heads; must divide D. */
  readonly heads: number;
  /** Transformer blocks over the tokens of both modalities; the paper's baseline has two. */
  readonly blocks: number;
  /** Width of the feed-forward networks as a multiple of D. */
  readonly ffnRatio: number;
  /** Rate in [0, 1) in the blocks; acts only with a `context.dropout`. */
  readonly dropout: number;
}

/** The tokens of a modality at the width D, and which of them count. */
interface Sequence {
  readonly tokens: tf.Tensor3D;
  readonly mask?: tf.Tensor2D | undefined;
}

/**
 * CLIP_FF, feature fusion: the tokens of both encoders, each projected to D with a learned vector of its modality added, in one sequence
 * through pre-norm transformer blocks; LayerNorm, masked mean, projection, L2 norm. A modality that a row lacks is masked; v and t are
 * the same path with one modality's tokens alone, zero where the row lacks it.
 *
 * A baseline of the paper's Table 1; the name is that of UniIR (Wei et al. 2023). It is trained here with the same encoders as UniECS.
 *
 * State dict: `{image,text}_projection`, `modality_embedding`, `blocks.N`, `layer_norm`, `projection.weight`.
 *
 * @throws UniecsError `argument` where the heads do not divide D
 */
export function featureFusion(options: FeatureFusionConfig & ItemFusionOptions): ItemFusion {
  const { width, heads, ffnRatio, dropout, imageWidth, textWidth, random } = options;
  const into = (modality: Modality, inputSize: number) =>
    linear({ inputSize, outputSize: width, std: 1 / Math.sqrt(inputSize), random: random.fork(modality) });
  const projections = { image: into('image', imageWidth), text: into('text', textWidth) };
  const stream = random.fork('modality_embedding');
  const embedding = parameter([2, width], () => stream.normal() * 0.02);
  const blocks: TransformerBlock[] = Array.from({ length: options.blocks }, (_, i) =>
    transformerBlock({ width, heads, ffnRatio, dropout, norm: 'pre', random: random.fork(`blocks.${i}`) }),
  );
  const norm = layerNorm({ size: width });
  const std = 1 / Math.sqrt(width);
  const output = linear({
    inputSize: width,
    outputSize: width,
    bias: false,
    std,
    random: random.fork('projection'),
  });

  function sequence(modality: Modality, input: ModalityInput | undefined): Sequence | undefined {
    if (!input) return undefined;
    const own = tf.slice(embedding, [modality === 'image' ? 0 : 1, 0], [1, width]);
    const tokens = tf.add(projections[modality].forward(input.tokens), tf.expandDims(own, 0)) as tf.Tensor3D;
    return { tokens, mask: counting(input) };
  }

  function embed({ tokens, mask }: Sequence, context?: ForwardContext): tf.Tensor2D {
    let x: tf.Tensor = tokens;
    for (const block of blocks) x = block.forward(x, mask, context);
    // The mean and the linear map commute, so the map is taken of one vector a row.
    const pooled = maskedMean(norm.forward(x) as tf.Tensor3D, mask);
    return l2Normalize(output.forward(pooled)) as tf.Tensor2D;
  }

  const sequences = ({ image, text }: ModalityInputs) => ({
    image: sequence('image', image),
    text: sequence('text', text),
  });

  return {
    tree: {
      image_projection: projections.image,
      text_projection: projections.text,
      modality_embedding: embedding,
      blocks,
      layer_norm: norm,
      projection: output,
    },
    forward: (inputs, context) => {
      checkGiven(inputs, 'featureFusion.forward');
      return tf.tidy(() => {
        const { image, text } = sequences(inputs);
        return embed(joined(image, text), context);
      });
    },
    represent: (inputs, context) => {
      checkGiven(inputs, 'featureFusion.represent');
      return scoped(() => {
        const { image, text } = sequences(inputs);
        const fused = embed(joined(image, text), context);
        const alone = (own: Sequence | undefined) => (own ? embed(own, context) : tf.zerosLike(fused));
        return { fused, image: alone(image), text: alone(text) };
      });
    },
  };
}

/** [B, N]: which tokens of a modality count; undefined where all do. */
function counting({ tokens, mask, present }: ModalityInput): tf.Tensor2D | undefined {
  if (!present) return mask;
  return tf.mul<tf.Tensor2D>(mask ?? every(tokens), tf.expandDims(present, 1));
}

/** The tokens of both modalities one after the other. */
function joined(image: Sequence | undefined, text: Sequence | undefined): Sequence {
  if (!image || !text) return (image ?? text) as Sequence;
  const tokens = tf.concat([image.tokens, text.tokens], 1);
  if (!image.mask && !text.mask) return { tokens };
  return { tokens, mask: tf.concat([image.mask ?? every(image.tokens), text.mask ?? every(text.tokens)], 1) };
}

function every(tokens: tf.Tensor3D): tf.Tensor2D {
  return tf.ones([tokens.shape[0], tokens.shape[1]]);
}
