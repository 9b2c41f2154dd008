import { matrixProducts } from '@uniecs/compile';
import { type EvaluatePoolOptions, type Evaluation, evaluatePool, screenedRanks } from '@uniecs/mbeer';

/**
 * `evaluatePool`, and so `evaluateTasks`, with its ranks found through ONNX Runtime: the same ranks, many times faster. Nine tasks of 50,000 x 50,000 x 256 are in
 * docs/BENCHMARKS.md.
 *
 * @throws UniecsError as `evaluatePool`
 */
export async function rankEmbeddings(
  options: Omit<EvaluatePoolOptions, 'scores' | 'blockSize' | 'ranks'>,
): Promise<Evaluation> {
  const products = matrixProducts();
  try {
    return await evaluatePool({ ...options, ranks: screenedRanks(products) });
  } finally {
    await products.dispose();
  }
}
