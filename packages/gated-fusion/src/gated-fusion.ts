import * as tf from '@tensorflow/tfjs-core';
import {
  type ForwardContext,
  l2Normalize,
  linear,
  type Module,
  maskedMean,
  type Random,
  type TransformerBlock,
  transformerBlock,
} from '@uniecs/tensor';
import { checkOptions } from './check-options.js';
import { type FusionInput, fusionNetwork } from './fusion-network.js';
import { type CrossNorm, gatedCrossLayer, type Indicator } from './gated-cross-layer.js';
import { meanPool } from './mean-pool.js';
import { checkInputs, type ModalityInput, type ModalityInputs, projectModality } from './modality-input.js';
import { type PooledResidual, pooledResidual } from './pooled-residual.js';
import type { Modality, PerModality, TokenStream } from './token-stream.js';

/** Where a shortcut to the embedding starts, if there is one. */
export type Residual = 'none' | 'pooled' | 'attended';

/** Options of `gatedFusion`; the defaults are the paper's equations with the sizes of the authors' code. */
export interface GatedFusionOptions {
  /** Dv, width of the image tokens. */
  readonly imageWidth: number;
  /** Dt, width of the text tokens. */
  readonly textWidth: number;
  /** D, width of the fusion and of the embedding; default 256. */
  readonly width?: number;
  /** Attention heads; must divide D. Default 8. */
  readonly heads?: number;
  /** Gated cross layers (Eq. 2 to 4); default 3. */
  readonly crossLayers?: number;
  /** Self-attention blocks per modality (Eq. 5); default 2. */
  readonly selfBlocks?: number;
  /** Transformer blocks of the fusion network (Eq. 6); default 3. */
  readonly fusionBlocks?: number;
  /** Width of the feed-forward networks as a multiple of D; default 4. */
  readonly ffnRatio?: number;
  /** Rate in [0, 1) on attention probabilities and block outputs; default 0.1. Acts only with a `context.dropout`. */
  readonly dropout?: number;
  /** Default `post`, Eq. 2 as printed. */
  readonly norm?: CrossNorm;
  /** Default `own`, Eq. 3 as printed. */
  readonly indicator?: Indicator;
  /** Default true; false is Table 4's "w/o gating", read as `V' + V_attn`. */
  readonly gating?: boolean;
  /** Initial bias of every gate; default 0. */
  readonly gateBias?: number;
  /** Default `concat`. */
  readonly fusionInput?: FusionInput;
  /**
   * Default `none`, the paper. Others add a shortcut from tokens to the embedding (`pooledResidual`), which trains much faster and
   * differs from the paper: `pooled` from the projected tokens V' and T', around all of the fusion; `attended` from V'' and T'' (Eq. 5),
   * around the pools and the fusion network alone.
   */
  readonly residual?: Residual;
  /** Source of the initial parameters. */
  readonly random: Random;
}

/** The three representations of a batch of items, each [B, D] and L2-normalised. */
export interface Representations {
  /** f: from what the row has. */
  readonly fused: tf.Tensor2D;
  /** v: text features and indicator set to zero. The same constant for every row without an image. */
  readonly image: tf.Tensor2D;
  /** t: image features and indicator set to zero. The same constant for every row without a text. */
  readonly text: tf.Tensor2D;
}

/** The gated cross-modal fusion of UniECS (3.3 and 3.4). */
export interface GatedFusion extends Module {
  /** The options as given, defaults filled in. */
  readonly config: Readonly<Required<Omit<GatedFusionOptions, 'random'>>>;
  /**
   * One embedding per row from image tokens, text tokens or both; rows of a batch may differ in what they have. A modality
   * that a row lacks enters as one zero token with indicator 0, exactly as if all of its tokens were zero; with dropout, where
   * the two would differ, one zero token is the definition. A row's embedding does not depend on its batch mates; with
   * dropout its draws depend on the batch's padded lengths N, so replay a pass in the same lengths.
   *
   * Contents are not read (the call can be traced): see `checkPresence`. Where a whole batch lacks a modality, the query and key
   * projections that would attend to its one token are outside the graph (their gradient is zero).
   *
   * @returns [B, D], L2-normalised
   * @throws UniecsError `argument` without image and text, `shape` for a wrong shape
   */
  forward(inputs: ModalityInputs, context?: ForwardContext): tf.Tensor2D;
  /**
   * f, v and t of the batch in three passes over one projection: `fused = forward({ image, text })`,
   * `image = forward({ image })`, `text = forward({ text })`.
   *
   * @throws UniecsError as `forward`
   */
  represent(inputs: ModalityInputs, context?: ForwardContext): Representations;
}

/**
 * Builds the fusion: projections (Eq. 1), gated cross layers (Eq. 2 to 4), self-attention blocks per modality (Eq. 5,
 * pre-norm), masked mean pools, the fusion network (Eq. 6), L2 normalisation.
 *
 * State dict: `image_projection`, `text_projection`, `cross_layers.N.{image,text}.{cross_attn,layer_norm,gate}`,
 * `{image,text}_blocks.N`, `{image,text}_pool.{layer_norm,linear}`,
 * `residual.{image.weight,text.weight,scale}` (not with `none`), `fusion.{projection | modality_embedding,layers.N,layer_norm}`.
 *
 * Where the paper is silent, the parts of the pool, the pre-norm blocks and the default sizes are those of the authors' code;
 * that padding is masked, in attention and in the pool, differs from it.
 *
 * @throws UniecsError `argument` for an option out of its range
 */
export function gatedFusion(options: GatedFusionOptions): GatedFusion {
  const { random, ...given } = options;
  const config = checkOptions(given);
  const { width, heads, ffnRatio, dropout, norm, indicator, gating, gateBias } = config;
  const repeat = <T>(count: number, name: string, make: (random: Random) => T): T[] =>
    Array.from({ length: count }, (_, i) => make(random.fork(`${name}.${i}`)));

  const projections = {
    image: linear({ inputSize: config.imageWidth, outputSize: width, random: random.fork('image_projection') }),
    text: linear({ inputSize: config.textWidth, outputSize: width, random: random.fork('text_projection') }),
  };
  const crossLayers = repeat(config.crossLayers, 'cross_layers', (stream) =>
    gatedCrossLayer({ width, heads, dropout, norm, indicator, gating, gateBias, random: stream }),
  );
  const block = (stream: Random) => transformerBlock({ width, heads, ffnRatio, dropout, norm: 'pre', random: stream });
  const blocks: PerModality<TransformerBlock[]> = {
    image: repeat(config.selfBlocks, 'image_blocks', block),
    text: repeat(config.selfBlocks, 'text_blocks', block),
  };
  const pools = {
    image: meanPool({ width, random: random.fork('image_pool') }),
    text: meanPool({ width, random: random.fork('text_pool') }),
  };
  const network = fusionNetwork({
    width,
    heads,
    blocks: config.fusionBlocks,
    ffnRatio,
    dropout,
    input: config.fusionInput,
    random: random.fork('fusion'),
  });
  const residual: PooledResidual | undefined =
    config.residual === 'none' ? undefined : pooledResidual({ width, random: random.fork('residual') });
  const widths = { image: config.imageWidth, text: config.textWidth };

  const project = (modality: Modality, input: ModalityInput | undefined, batch: number) =>
    projectModality(input, projections[modality], widths[modality], batch);

  /** The mean of V'' (or T''), [B, D]. */
  function meanOf(modality: Modality, { tokens, mask }: TokenStream, context?: ForwardContext): tf.Tensor2D {
    const last = blocks[modality].at(-1);
    if (!last) return maskedMean(tokens, mask) as tf.Tensor2D;
    let x: tf.Tensor = tokens;
    for (const layer of blocks[modality].slice(0, -1)) x = layer.forward(x, mask, context);
    return last.forwardMean(x, mask, context) as tf.Tensor2D;
  }

  function fuse(image: TokenStream, text: TokenStream, context?: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => {
      let streams: PerModality<TokenStream> = { image, text };
      for (const layer of crossLayers) streams = layer.forward(streams, context);
      const means = { image: meanOf('image', streams.image, context), text: meanOf('text', streams.text, context) };
      const [imagePool, textPool] = [pools.image.forwardMean(means.image), pools.text.forwardMean(means.text)];
      const fused = network.forward(imagePool, textPool, context);
      if (!residual) return l2Normalize(fused);
      if (config.residual === 'pooled') return l2Normalize(residual.forward({ image, text }, fused));
      return l2Normalize(residual.forwardMeans(means, { image: image.presence, text: text.presence }, fused));
    });
  }

  return {
    config,
    tree: {
      image_projection: projections.image,
      text_projection: projections.text,
      cross_layers: crossLayers,
      image_blocks: blocks.image,
      text_blocks: blocks.text,
      image_pool: pools.image,
      text_pool: pools.text,
      fusion: network,
      ...(residual ? { residual } : {}),
    },
    forward: (inputs, context) => {
      const batch = checkInputs(inputs, widths, 'GatedFusion.forward');
      return tf.tidy(() => fuse(project('image', inputs.image, batch), project('text', inputs.text, batch), context));
    },
    represent: (inputs, context) => {
      const batch = checkInputs(inputs, widths, 'GatedFusion.represent');
      return tf.tidy(() => {
        const image = project('image', inputs.image, batch);
        const text = project('text', inputs.text, batch);
        return {
          fused: fuse(image, text, context),
          image: fuse(image, project('text', undefined, batch), context),
          text: fuse(project('image', undefined, batch), text, context),
        };
      });
    },
  };
}
