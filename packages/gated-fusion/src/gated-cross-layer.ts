import * as tf from '@tensorflow/tfjs-core';
import {
  type ForwardContext,
  type LayerNorm,
  layerNorm,
  type Module,
  type MultiHeadAttention,
  multiHeadAttention,
  type Random,
} from '@uniecs/tensor';
import { type Gate, gate } from './gate.js';
import type { Modality, PerModality, TokenStream } from './token-stream.js';

/** Where a cross layer normalises: `post` the attention's output (Eq. 2 as printed), `pre` its inputs (the authors' code). */
export type CrossNorm = 'post' | 'pre';

/** Whose presence a modality's gate sees: its `own` (Eq. 3 as printed) or the `other` one's (the authors' code). */
export type Indicator = 'own' | 'other';

/** One cross layer, Eq. 2 to 4 for both modalities in parallel: each reads the other's tokens as they entered the layer. */
export interface GatedCrossLayer extends Module {
  /** @returns both streams with new tokens of the same shapes; masks and presence pass through */
  forward(streams: PerModality<TokenStream>, context?: ForwardContext): PerModality<TokenStream>;
}

export interface GatedCrossLayerOptions {
  /** D */
  readonly width: number;
  /** Attention heads; must divide D. */
  readonly heads: number;
  /** Rate on the attention probabilities; default 0. */
  readonly dropout?: number;
  /** Default `post`. */
  readonly norm?: CrossNorm;
  /** Default `own`. */
  readonly indicator?: Indicator;
  /** Default true. False replaces Eq. 3 and 4 by `V' + V_attn`, a plain residual (Table 4's "w/o gating" does not say what). */
  readonly gating?: boolean;
  /** Initial bias of both gates; default 0. */
  readonly gateBias?: number;
  readonly random: Random;
}

interface Side {
  readonly cross_attn: MultiHeadAttention;
  readonly layer_norm: LayerNorm;
  readonly gate?: Gate;
}

/**
 * A gated cross layer:
 *
 * - `V_attn = LayerNorm(MHA(q = V', k = v = T'))` (Eq. 2); `norm: 'pre'`: `MHA(q = LayerNorm_v(V'), k = v = LayerNorm_t(T'))`
 * - `G = sigmoid(W [V'; V_attn; E] + b)`, `Vg = G * V_attn + (1 - G) * V'` (Eq. 3 and 4)
 *
 * and the mirror for text with its own parameters: `image` and `text`, each with `cross_attn`, `layer_norm` and, with gating,
 * `gate`. No feed-forward network in it. A row whose other modality has no valid token attends to nothing (zeros before
 * `out_proj`).
 *
 * @throws UniecsError `argument` when heads does not divide width
 */
export function gatedCrossLayer(options: GatedCrossLayerOptions): GatedCrossLayer {
  const { width, heads, dropout = 0, norm = 'post', indicator = 'own', gating = true, gateBias = 0, random } = options;
  const side = (stream: Random): Side => ({
    cross_attn: multiHeadAttention({ width, heads, dropout, random: stream.fork('cross_attn') }),
    layer_norm: layerNorm({ size: width }),
    ...(gating ? { gate: gate({ width, bias: gateBias, random: stream.fork('gate') }) } : {}),
  });
  const sides: PerModality<Side> = { image: side(random.fork('image')), text: side(random.fork('text')) };

  function half(
    own: Modality,
    streams: PerModality<TokenStream>,
    inputs: PerModality<tf.Tensor3D>,
    context?: ForwardContext,
  ) {
    const { cross_attn, layer_norm, gate } = sides[own];
    const other = own === 'image' ? 'text' : 'image';
    const { tokens } = streams[own];
    const oneKey = inputs[other].shape[1] === 1 && !(context?.dropout && dropout > 0);
    // Over a single key the attention does not depend on the query: one query stands for all, and its result is broadcast.
    const query = oneKey ? inputs[other] : inputs[own];
    const heard = cross_attn.forward(
      { query, key: inputs[other], keyMask: streams[other].mask },
      context,
    ) as tf.Tensor3D;
    const attended = norm === 'post' ? (layer_norm.forward(heard) as tf.Tensor3D) : heard;
    if (!gate) return tf.add(tokens, attended) as tf.Tensor3D;
    return gate.forward(tokens, attended, streams[indicator === 'own' ? own : other].presence);
  }

  return {
    tree: { image: { tree: { ...sides.image } }, text: { tree: { ...sides.text } } },
    forward: (streams, context) => {
      const input = (own: Modality) =>
        norm === 'pre' ? (sides[own].layer_norm.forward(streams[own].tokens) as tf.Tensor3D) : streams[own].tokens;
      const tokens = tf.tidy(() => {
        const inputs = { image: input('image'), text: input('text') };
        const image = half('image', streams, inputs, context);
        return { image, text: half('text', streams, inputs, context) };
      });
      return {
        image: { ...streams.image, tokens: tokens.image },
        text: { ...streams.text, tokens: tokens.text },
      };
    },
  };
}
