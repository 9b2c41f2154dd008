import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { ModalityInputs, Representations } from '@uniecs/gated-fusion';
import type { ForwardContext, Module, Random } from '@uniecs/tensor';

/**
 * What makes embeddings of an item's token features: the gated fusion, or a baseline in its place. Whatever it is, a row's embedding does
 * not depend on its batch mates, and what stands in the rows of a missing modality does not matter.
 */
export interface ItemFusion extends Module {
  /** One embedding per row, of what the row has: [B, D], L2-normalised. */
  forward(inputs: ModalityInputs, context?: ForwardContext): Tensor2D;
  /** f, v and t of the batch: `forward` of both, of the image alone and of the text alone. */
  represent(inputs: ModalityInputs, context?: ForwardContext): Representations;
}

/** What every fusion is made from, beside its own options. */
export interface ItemFusionOptions {
  /** Dv, width of the image tokens. */
  readonly imageWidth: number;
  /** Dt, width of the text tokens. */
  readonly textWidth: number;
  /** Source of the initial parameters. */
  readonly random: Random;
}
