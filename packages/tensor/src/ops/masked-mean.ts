import { div, expandDims, matMul, maximum, mean, scalar, squeeze, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';

/**
 * The mean over the tokens that a mask keeps.
 *
 * @param tokens [B, L, D]
 * @param mask float32 [B, L], 1 for a token that counts, 0 for padding; default all 1
 * @returns [B, D]; zero where the mask keeps nothing
 */
export function maskedMean(tokens: Tensor, mask?: Tensor): Tensor {
  if (mask === undefined) return mean(tokens, 1);
  return tidy(() => {
    const shares = div(mask, maximum(sum(mask, 1, true), scalar(1)));
    return squeeze(matMul(expandDims(shares, 1), tokens as never), [1]);
  });
}
