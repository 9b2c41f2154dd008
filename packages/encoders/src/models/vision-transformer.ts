import {
  add,
  concat,
  fill,
  reshape,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  tidy,
  transpose,
  type Variable,
} from '@tensorflow/tfjs-core';
import {
  type Activation,
  affine,
  checkShape,
  dropout as drop,
  type Embedding,
  embedding,
  type ForwardContext,
  layerNorm,
  type Module,
  parameter,
  type Random,
  transformerBlock,
  UniecsError,
} from '@uniecs/tensor';
import type { TokenFeatures } from './token-features.js';

/** Sizes and form of a `visionTransformer`. */
export interface VisionTransformerConfig {
  /** Side of the images, S, a multiple of `patchSize`. */
  readonly imageSize: number;
  /** Side of a patch, p. */
  readonly patchSize: number;
  /** Width of the token features, D. */
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Default 4. */
  readonly ffnRatio?: number;
  /** Default 0, as CLIP. */
  readonly dropout?: number;
  /** Default `gelu`; OpenAI's CLIP weights want `quickGelu`. */
  readonly activation?: Activation;
  /** What the normalizations add to the variance; default 1e-5, as CLIP. */
  readonly epsilon?: number;
}

/** An image encoder. Another one of this form takes its place. */
export interface VisionEncoder extends Module {
  readonly config: Required<VisionTransformerConfig>;
  /** pixels float32 [B, S, S, 3], normalised (`normalizePixels`), to tokens [B, 1 + (S/p)², D], class token first, no mask. */
  forward(pixels: Tensor, context?: ForwardContext): TokenFeatures;
}

/** The image encoder that `visionTransformer` makes. */
export interface VisionTransformer extends VisionEncoder {
  /** What enters the first block and what leaves each block, layers + 1 tensors [B, 1 + (S/p)², D], before the final norm. */
  hiddenStates(pixels: Tensor, context?: ForwardContext): Tensor3D[];
}

/**
 * The vision transformer of CLIP (Dosovitskiy et al. 2021; Radford et al. 2021): patches by a linear map without bias, a class
 * token, learned positions, LayerNorm, pre-norm blocks, final LayerNorm.
 *
 * Parameters are named as in the vision part of Hugging Face's CLIP checkpoints (`vision_model.` taken off), `pre_layrnorm`
 * included. CLIP applies the final norm to the class token alone, since nothing else leaves it; here all tokens leave, and all
 * get it, so the first one is CLIP's pooled output.
 *
 * @throws UniecsError `argument` when patchSize does not divide imageSize or heads does not divide width; forward: `shape`
 */
export function visionTransformer(options: VisionTransformerConfig & { readonly random: Random }): VisionTransformer {
  const { imageSize, patchSize, width, layers, heads, random } = options;
  const { ffnRatio = 4, dropout = 0, activation = 'gelu', epsilon = 1e-5 } = options;
  if (imageSize % patchSize !== 0) {
    throw new UniecsError({
      code: 'argument',
      where: 'visionTransformer',
      expected: 'an imageSize that is a multiple of patchSize',
      got: `${imageSize} and ${patchSize}`,
      hint: 'choose a patchSize that divides imageSize',
    });
  }
  const side = imageSize / patchSize;
  const embeddings = patchEmbeddings({ patchSize, width, count: side * side, random: random.fork('embeddings') });
  const norms = { pre: layerNorm({ size: width, epsilon }), post: layerNorm({ size: width, epsilon }) };
  const blocks = Array.from({ length: layers }, (_, i) =>
    transformerBlock({ width, heads, ffnRatio, dropout, activation, epsilon, random: random.fork(`layers.${i}`) }),
  );

  function hiddenStates(pixels: Tensor, context?: ForwardContext): Tensor3D[] {
    checkShape(pixels, 'pixels', ['B', imageSize, imageSize, 3], 'visionTransformer');
    return tidy(() => {
      const embedded = norms.pre.forward(embeddings.forward(pixels as Tensor4D));
      const states = [drop(embedded, dropout, context) as Tensor3D];
      for (const block of blocks) states.push(block.forward(states.at(-1) as Tensor3D, undefined, context) as Tensor3D);
      return states;
    });
  }

  function forward(pixels: Tensor, context?: ForwardContext): TokenFeatures {
    return { tokens: tidy(() => norms.post.forward(hiddenStates(pixels, context).at(-1) as Tensor3D) as Tensor3D) };
  }
  return {
    config: { imageSize, patchSize, width, layers, heads, ffnRatio, dropout, activation, epsilon },
    tree: { embeddings, pre_layrnorm: norms.pre, encoder: { tree: { layers: blocks } }, post_layernorm: norms.post },
    forward,
    hiddenStates,
  };
}

interface PatchEmbeddings extends Module {
  /** [B, S, S, 3] to [B, 1 + count, width]. */
  forward(pixels: Tensor4D): Tensor;
}

function patchEmbeddings(options: {
  patchSize: number;
  width: number;
  count: number;
  random: Random;
}): PatchEmbeddings {
  const { patchSize, width, count, random } = options;
  const classRandom = random.fork('class_embedding');
  const patchRandom = random.fork('patch_embedding');
  const classEmbedding = parameter([width], () => classRandom.normal() / Math.sqrt(width));
  const weight = parameter([width, 3, patchSize, patchSize], () => patchRandom.normal() * 0.02);
  const positions: Embedding = embedding({ count: count + 1, size: width, random: random.fork('position_embedding') });

  function forward(pixels: Tensor4D): Tensor {
    const [batch, side] = pixels.shape;
    const across = side / patchSize;
    const pixelsPerPatch = patchSize * patchSize * 3;
    return tidy(() => {
      // Rows of patches, then [row in patch, patch, column and colour]: one transposition brings each patch together.
      const rows = reshape(pixels, [batch * across, patchSize, across, patchSize * 3]);
      const patches = reshape(transpose(rows, [0, 2, 1, 3]), [batch, count, pixelsPerPatch]);
      const projection = reshape(transpose(weight as Variable, [0, 2, 3, 1]), [width, pixelsPerPatch]);
      const first = add(fill([batch, 1, width], 0), classEmbedding);
      return add(concat([first, affine(patches, projection)], 1), positions.tree.weight);
    });
  }
  const tree = {
    class_embedding: classEmbedding,
    patch_embedding: { tree: { weight } },
    position_embedding: positions,
  };
  return { tree, forward };
}
