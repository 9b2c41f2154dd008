import { type MinedQuery, type MineOptions, mineNegatives } from '@uniecs/mbeer';
import { withFloatScores } from './float-scores.js';

/**
 * `mineNegatives` with what is worth scoring found through ONNX Runtime: the same negatives, many times faster.
 *
 * @throws UniecsError as `mineNegatives`
 */
export function mineEmbeddings(options: Omit<MineOptions, 'scores'>): Promise<MinedQuery[]> {
  return withFloatScores((scores) => mineNegatives({ ...options, scores }));
}
