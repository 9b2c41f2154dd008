import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';

/** A batch of B items as the model takes them. */
export interface ItemTensors {
  /** float32 [B, S, S, 3], normalised; what stands in the row of an item without an image does not matter. */
  readonly pixels: Tensor;
  /** int32 [B, L], token ids. */
  readonly ids: Tensor;
  /** float32 [B, L], 1 for a token, 0 for padding. */
  readonly mask: Tensor;
  /** float32 [B], 1 where the item has an image; absent when all have. */
  readonly hasImage?: Tensor1D | undefined;
  /** float32 [B], 1 where the item has a title; absent when all have. */
  readonly hasText?: Tensor1D | undefined;
}

/** A batch of B items as what frozen encoders gave; the other fields as in `ItemTensors`. */
export interface FeatureTensors {
  /** V, float32 [B, Nv, Dv]; what stands in the row of an item without an image does not matter. */
  readonly imageTokens: Tensor3D;
  /** T, float32 [B, L, Dt]; what stands at padding does not matter. */
  readonly textTokens: Tensor3D;
  readonly mask: Tensor2D;
  readonly hasImage?: Tensor1D | undefined;
  readonly hasText?: Tensor1D | undefined;
}
