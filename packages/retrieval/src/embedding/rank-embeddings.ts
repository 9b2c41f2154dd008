import { matrixProducts } from '@uniecs/compile';
import { type EvaluateOptions, type Evaluation, evaluateTasks, screenedRanks } from '@uniecs/mbeer';

/**
 * `evaluateTasks` with its ranks found through ONNX Runtime: the same ranks, many times faster. Nine tasks of 50,000 x 50,000 x 256 are in
 * docs/BENCHMARKS.md.
 *
 * @throws UniecsError as `evaluateTasks`
 */
export async function rankEmbeddings(
  options: Omit<EvaluateOptions, 'scores' | 'blockSize' | 'ranks'>,
): Promise<Evaluation> {
  const products = matrixProducts();
  try {
    return await evaluateTasks({ ...options, ranks: screenedRanks(products) });
  } finally {
    await products.dispose();
  }
}
