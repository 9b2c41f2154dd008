import { add, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { Module } from '../module.js';
import { gelu, quickGelu } from '../ops/gelu.js';
import { maskedMean } from '../ops/masked-mean.js';
import { standardize } from '../ops/standardize.js';
import type { Random } from '../random/seeded-random.js';
import { dropout as drop, type ForwardContext } from './dropout.js';
import { foldNorm } from './fold-norm.js';
import { type LayerNorm, layerNorm } from './layer-norm.js';
import { type Linear, linear } from './linear.js';
import { type MultiHeadAttention, multiHeadAttention } from './multi-head-attention.js';

/** The activations of a feed-forward network, by name. */
export const activations = { gelu, quickGelu } as const;

/** The name of an activation. */
export type Activation = keyof typeof activations;

/** Self-attention and a feed-forward network, each with a residual and a normalization. */
export interface TransformerBlock extends Module {
  readonly tree: {
    readonly layer_norm1: LayerNorm;
    readonly self_attn: MultiHeadAttention;
    readonly layer_norm2: LayerNorm;
    readonly mlp: Module & { readonly tree: { readonly fc1: Linear; readonly fc2: Linear } };
  };
  /** x [B, L, D] to the same shape; mask float32 [B, L], 0 for padding that no token attends to. */
  forward(x: Tensor, mask?: Tensor, context?: ForwardContext): Tensor;
  /**
   * `maskedMean(forward(x, mask, context), mask)`, [B, D], for a block whose tokens are only pooled; the mask keeps a token of each
   * row. Without dropout and pre-norm, the mean is taken before the last linear map, which commutes with it: the same result, and
   * the widest product of the block, forward and backward, on one vector a row instead of L.
   */
  forwardMean(x: Tensor, mask?: Tensor, context?: ForwardContext): Tensor;
}

/** Sizes and form of a `transformerBlock`. */
export interface TransformerBlockOptions {
  readonly width: number;
  readonly heads: number;
  /** Width of the feed-forward network over `width`; default 4. */
  readonly ffnRatio?: number;
  /** On the probabilities and on both branches' outputs; default 0. */
  readonly dropout?: number;
  /** `pre` (default; CLIP): `x + f(norm(x))`; `post` (BERT): `norm(x + f(x))`. */
  readonly norm?: 'pre' | 'post';
  /** Default `gelu`. */
  readonly activation?: Activation;
  /** Of the normalizations; default 1e-5. */
  readonly epsilon?: number;
  readonly random: Random;
}

/** A transformer block, named as in CLIP's checkpoints. Vaswani et al. 2017; pre-norm as in Xiong et al. 2020. */
export function transformerBlock(options: TransformerBlockOptions): TransformerBlock {
  const { width, heads, ffnRatio = 4, dropout = 0, norm = 'pre', activation = 'gelu', random } = options;
  const hidden = Math.round(width * ffnRatio);
  const normOptions = { size: width, ...(options.epsilon === undefined ? {} : { epsilon: options.epsilon }) };
  const tree = {
    layer_norm1: layerNorm(normOptions),
    self_attn: multiHeadAttention({ width, heads, dropout, random: random.fork('self_attn') }),
    layer_norm2: layerNorm(normOptions),
    mlp: {
      tree: {
        fc1: linear({ inputSize: width, outputSize: hidden, random: random.fork('fc1') }),
        fc2: linear({ inputSize: hidden, outputSize: width, random: random.fork('fc2') }),
      },
    },
  };
  const { fc1, fc2 } = tree.mlp.tree;
  const activate = activations[activation];

  const attend = (h: Tensor, mask: Tensor | undefined, context: ForwardContext | undefined, norm?: LayerNorm) =>
    drop(tree.self_attn.forward({ query: h, keyMask: mask, norm }, context), dropout, context);
  const widen = (x: Tensor) => activate(foldNorm(standardize(x, tree.layer_norm2.epsilon), tree.layer_norm2, fc1));

  function forward(x: Tensor, mask?: Tensor, context?: ForwardContext): Tensor {
    const feed = (h: Tensor) => drop(fc2.forward(activate(fc1.forward(h))), dropout, context);
    return tidy(() => {
      if (norm === 'pre') {
        const attended = add(x, attend(x, mask, context, tree.layer_norm1));
        return add(attended, drop(fc2.forward(widen(attended)), dropout, context));
      }
      const attended = tree.layer_norm1.forward(add(x, attend(x, mask, context)));
      return tree.layer_norm2.forward(add(attended, feed(attended)));
    });
  }

  function forwardMean(x: Tensor, mask?: Tensor, context?: ForwardContext): Tensor {
    return tidy(() => {
      const drops = context?.dropout !== undefined && dropout > 0;
      if (norm === 'post' || drops) return maskedMean(forward(x, mask, context), mask);
      const attended = add(x, attend(x, mask, context, tree.layer_norm1));
      const hidden = widen(attended);
      return add(maskedMean(attended, mask), fc2.forward(maskedMean(hidden, mask)));
    });
  }
  return { tree, forward, forwardMean };
}
