import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { ModalityInputs, Representations } from '@uniecs/gated-fusion';
import { type ForwardContext, type Module, type Random, UniecsError } from '@uniecs/tensor';

/**
 * What makes embeddings of an item's token features: the gated fusion, or a baseline in its place. Whatever it is, a row's embedding does
 * not depend on its batch mates, and what stands in the rows of a missing modality does not matter.
 */
export interface ItemFusion extends Module {
  /**
   * One embedding per row, of what the row has: [B, D], L2-normalised.
   *
   * @throws UniecsError `argument` without image and text
   */
  forward(inputs: ModalityInputs, context?: ForwardContext): Tensor2D;
  /**
   * f, v and t of the batch: `forward` of both, of the image alone and of the text alone.
   *
   * @throws UniecsError as `forward`
   */
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

/** Refuses a batch without image and text. */
export function checkGiven({ image, text }: ModalityInputs, where: string): void {
  if (image || text) return;
  throw new UniecsError({
    code: 'argument',
    where,
    expected: 'image, text or both',
    got: 'neither',
    hint: 'pass the token features of at least one modality',
  });
}
