import * as tf from '@tensorflow/tfjs-core';
import type { AnchorValues } from './anchor-values.js';
import { infoNce } from './info-nce.js';
import { type Side, similarity } from './representations.js';
import { divideByTemperature, type ResolvedTemperature } from './temperature.js';

/** InfoNCE of one view against another: row i of `query` should find row i of `candidate`. */
export function contrast(
  query: Side,
  candidate: Side,
  options: { temperature: ResolvedTemperature; symmetric: boolean; dropped: tf.Tensor2D | undefined },
): AnchorValues {
  // Divided by the temperature before the product: N x D numbers instead of N x N, and no N x N array for its gradient.
  const queries = divideByTemperature(query.vectors, options.temperature) as tf.Tensor2D;
  return infoNce({
    similarity: similarity(queries, candidate.vectors),
    positive: tf.sum(tf.mul(queries, candidate.vectors), 1),
    temperature: 1,
    queries: query.valid,
    candidates: candidate.valid,
    symmetric: options.symmetric,
    ...(options.dropped && { falseNegatives: options.dropped }),
  });
}
