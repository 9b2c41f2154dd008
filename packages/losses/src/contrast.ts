import type * as tf from '@tensorflow/tfjs-core';
import type { AnchorValues } from './anchor-values.js';
import { infoNce } from './info-nce.js';
import { type Side, similarity } from './representations.js';
import type { ResolvedTemperature } from './temperature.js';

/** InfoNCE of one view against another: row i of `query` should find row i of `candidate`. */
export function contrast(
  query: Side,
  candidate: Side,
  options: { temperature: ResolvedTemperature; symmetric: boolean; dropped: tf.Tensor2D | undefined },
): AnchorValues {
  return infoNce({
    similarity: similarity(query.vectors, candidate.vectors),
    temperature: options.temperature,
    queries: query.valid,
    candidates: candidate.valid,
    symmetric: options.symmetric,
    ...(options.dropped && { falseNegatives: options.dropped }),
  });
}
