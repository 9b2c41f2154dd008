import * as tf from '@tensorflow/tfjs-core';
import {
  type ForwardContext,
  layerNorm,
  linear,
  type Module,
  parameter,
  type Random,
  transformerBlock,
} from '@uniecs/tensor';

/** What the fusion network's transformer blocks read: one concatenated vector, or a token per modality. */
export type FusionInput = 'concat' | 'tokens';

/** The fusion network of Eq. 6. */
export interface FusionNetwork extends Module {
  /**
   * @param image Pool(V'') [B, D]
   * @param text Pool(T'') [B, D]
   * @returns f [B, D], not yet L2-normalised
   */
  forward(image: tf.Tensor2D, text: tf.Tensor2D, context?: ForwardContext): tf.Tensor2D;
}

export interface FusionNetworkOptions {
  /** D */
  readonly width: number;
  readonly heads: number;
  readonly blocks: number;
  readonly ffnRatio: number;
  readonly dropout: number;
  readonly input: FusionInput;
  readonly random: Random;
}

/**
 * `f = FusionNetwork([Pool(V''); Pool(T'')])` (Eq. 6): pre-norm transformer blocks and a final LayerNorm.
 *
 * - `concat`: the two pools are concatenated and projected from 2D to D, so the blocks run on a sequence of one, where
 *   self-attention is two linear maps. It is how `[;]` is used in Eq. 3, and the authors' way.
 * - `tokens`: two tokens, a learned embedding of the modality added to each, and the mean of the two outputs.
 */
export function fusionNetwork(options: FusionNetworkOptions): FusionNetwork {
  const { width, heads, blocks, ffnRatio, dropout, input, random } = options;
  const layers = Array.from({ length: blocks }, (_, i) =>
    transformerBlock({ width, heads, ffnRatio, dropout, norm: 'pre', random: random.fork(`layers.${i}`) }),
  );
  const norm = layerNorm({ size: width });
  const encode = (sequence: tf.Tensor3D, context: ForwardContext | undefined) => {
    let x = sequence;
    for (const layer of layers) x = layer.forward(x, undefined, context) as tf.Tensor3D;
    return norm.forward(x) as tf.Tensor3D;
  };
  if (input === 'concat') {
    const projection = linear({ inputSize: 2 * width, outputSize: width, random: random.fork('projection') });
    return {
      tree: { projection, layers, layer_norm: norm },
      forward: (image, text, context) =>
        tf.tidy(() => {
          const joined = projection.forward(tf.concat([image, text], 1));
          return tf.squeeze(encode(tf.expandDims(joined, 1) as tf.Tensor3D, context), [1]) as tf.Tensor2D;
        }),
    };
  }
  const stream = random.fork('modality_embedding');
  const embedding = parameter([2, width], () => stream.normal() * 0.02);
  return {
    tree: { modality_embedding: embedding, layers, layer_norm: norm },
    forward: (image, text, context) =>
      tf.tidy(() => {
        const tokens = tf.add(tf.stack([image, text], 1), tf.expandDims(embedding, 0)) as tf.Tensor3D;
        return tf.mean(encode(tokens, context), 1) as tf.Tensor2D;
      }),
  };
}
