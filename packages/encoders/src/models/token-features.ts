import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';

/** What every encoder gives: a vector per token, and which tokens count. */
export interface TokenFeatures {
  /** float32 [B, N, D]. */
  readonly tokens: Tensor3D;
  /** float32 [B, N], 1 for a token, 0 for padding; absent when every token counts. */
  readonly mask?: Tensor2D;
}
