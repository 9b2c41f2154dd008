import { add, slice, type Tensor, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import {
  type Activation,
  checkShape,
  dropout as drop,
  embedding,
  type ForwardContext,
  layerNorm,
  type Module,
  type Random,
  type TransformerBlock,
  transformerBlock,
  UniecsError,
} from '@uniecs/tensor';
import type { TokenFeatures } from './token-features.js';

/** Sizes and form of `bert`. */
export interface BertConfig {
  /** Rows of the table of words: the tokenizer's `vocabularySize`. */
  readonly vocabularySize: number;
  /** Most tokens of a title, L. */
  readonly maxLength: number;
  /** Rows of the table of positions, at least `maxLength`, which is the default; BERT checkpoints have 512. */
  readonly positions?: number;
  /** Width of the token features, D. */
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Default 4. */
  readonly ffnRatio?: number;
  /** On the embeddings, the probabilities and the outputs of both branches; default 0 (BERT: 0.1). */
  readonly dropout?: number;
  /** Default `gelu`. */
  readonly activation?: Activation;
  /** What the normalizations add to the variance; default 1e-12, as BERT. */
  readonly epsilon?: number;
}

/** A text encoder. Another one of this form takes its place. */
export interface TextEncoder extends Module {
  readonly config: Required<BertConfig>;
  /**
   * ids int32 [B, L], below vocabularySize, and mask float32 [B, L], 1 for a token, 0 for padding (`encodeBatch` makes both), to
   * tokens [B, L, D] and that mask. L is at most maxLength. What stands at padding has no meaning and no influence.
   */
  forward(ids: Tensor, mask: Tensor, context?: ForwardContext): TokenFeatures;
}

/** The text encoder that `bert` makes. */
export interface Bert extends TextEncoder {
  /** What enters the first block and what leaves each block, layers + 1 tensors [B, L, D]; the last one is `forward`'s. */
  hiddenStates(ids: Tensor, mask: Tensor, context?: ForwardContext): Tensor3D[];
}

/**
 * BERT (Devlin et al. 2019) without its pooler: word, position and token-type embeddings, LayerNorm, post-norm blocks.
 *
 * Parameters are named as in Hugging Face's BERT checkpoints (`bert.` taken off). A title is one sequence, so all tokens are of
 * type 0. The returned mask is the one that was given, not a copy.
 *
 * @throws UniecsError `argument` when heads does not divide width or positions is below maxLength; forward: `shape`
 */
export function bert(options: BertConfig & { readonly random: Random }): Bert {
  const { vocabularySize, maxLength, positions = maxLength, width, layers, heads, random } = options;
  const { ffnRatio = 4, dropout = 0, activation = 'gelu', epsilon = 1e-12 } = options;
  if (positions < maxLength) {
    throw new UniecsError({
      code: 'argument',
      where: 'bert',
      expected: `at least ${maxLength} positions (maxLength)`,
      got: `${positions}`,
      hint: 'lower maxLength or leave positions out',
    });
  }
  const table = (count: number, name: string) => embedding({ count, size: width, random: random.fork(name) });
  const embeddings = {
    word_embeddings: table(vocabularySize, 'word_embeddings'),
    position_embeddings: table(positions, 'position_embeddings'),
    token_type_embeddings: table(2, 'token_type_embeddings'),
    LayerNorm: layerNorm({ size: width, epsilon }),
  };
  const blocks = Array.from({ length: layers }, (_, i) =>
    transformerBlock({
      width,
      heads,
      ffnRatio,
      dropout,
      activation,
      norm: 'post',
      epsilon,
      random: random.fork(`layer.${i}`),
    }),
  );

  function hiddenStates(ids: Tensor, mask: Tensor, context?: ForwardContext): Tensor3D[] {
    const dims = checkShape(ids, 'ids', ['B', 'L'], 'bert');
    checkShape(mask, 'mask', ['B', 'L'], 'bert', dims);
    const length = dims.L as number;
    if (length > maxLength) {
      throw new UniecsError({
        code: 'shape',
        where: 'bert',
        expected: `at most ${maxLength} tokens (maxLength)`,
        got: `${length}`,
        hint: 'encode the titles with maxLength',
      });
    }
    return tidy(() => {
      const place = slice(embeddings.position_embeddings.tree.weight, [0, 0], [length, width]);
      const type = slice(embeddings.token_type_embeddings.tree.weight, [0, 0], [1, width]);
      const sum = add(embeddings.word_embeddings.forward(ids), add(place, type));
      const states = [drop(embeddings.LayerNorm.forward(sum), dropout, context) as Tensor3D];
      for (const block of blocks) states.push(block.forward(states.at(-1) as Tensor3D, mask, context) as Tensor3D);
      return states;
    });
  }

  function forward(ids: Tensor, mask: Tensor, context?: ForwardContext): TokenFeatures {
    const tokens = tidy(() => hiddenStates(ids, mask, context).at(-1) as Tensor3D);
    return { tokens, mask: mask as Tensor2D };
  }
  return {
    config: { vocabularySize, maxLength, positions, width, layers, heads, ffnRatio, dropout, activation, epsilon },
    tree: { embeddings: { tree: embeddings }, encoder: { tree: { layer: blocks.map(bertNames) } } },
    forward,
    hiddenStates,
  };
}

/** The same variables under the names that BERT's checkpoints give them. */
function bertNames(block: TransformerBlock): Module {
  const { layer_norm1, self_attn, layer_norm2, mlp } = block.tree;
  const { q_proj, k_proj, v_proj, out_proj } = self_attn.tree;
  const { fc1, fc2 } = mlp.tree;
  const self = { tree: { query: q_proj, key: k_proj, value: v_proj } };
  return {
    tree: {
      attention: { tree: { self, output: { tree: { dense: out_proj, LayerNorm: layer_norm1 } } } },
      intermediate: { tree: { dense: fc1 } },
      output: { tree: { dense: fc2, LayerNorm: layer_norm2 } },
    },
  };
}
