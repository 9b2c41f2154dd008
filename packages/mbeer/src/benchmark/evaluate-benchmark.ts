import { UniecsError } from '@uniecs/tensor';
import { dotProducts, type Scores } from '../dot-products.js';
import { checkEmbeddings, type Embeddings, gatherRows } from '../embeddings.js';
import { ranksOfRelevant } from '../several-relevant.js';
import { stopIfAborted } from '../stop-if-aborted.js';
import { type Benchmark, type BenchmarkTask, checkBenchmark } from './benchmark.js';

export interface EvaluateBenchmarkOptions {
  readonly benchmark: Benchmark;
  /** Of the benchmark's items, row by row. Only the views that its tasks read are looked at. */
  readonly embeddings: Embeddings;
  /** The matrix product; default `dotProducts`. Whatever is passed must give equal rows equal scores. */
  readonly scores?: Scores;
  /** Queries scored at a time. Default 256. */
  readonly blockSize?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called after each block: queries done of all tasks. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface BenchmarkTaskResult {
  readonly task: BenchmarkTask;
  /** Of each query the ranks of its relevant candidates, from 1, ascending, ties against the query. */
  readonly ranks: readonly Int32Array[];
}

export interface BenchmarkEvaluation {
  readonly benchmark: Benchmark;
  readonly results: readonly BenchmarkTaskResult[];
}

const where = 'evaluateBenchmark';

/**
 * Exact retrieval over all candidates of each task of a benchmark: scores are dot products, ranks those of `ranksOfRelevant`.
 *
 * @throws UniecsError `data` for a benchmark that is not sound; `shape` where the embeddings are not those of its items, `numeric` where
 * one is not finite, `interrupted` when the signal fires
 */
export async function evaluateBenchmark(options: EvaluateBenchmarkOptions): Promise<BenchmarkEvaluation> {
  const { benchmark, embeddings, scores = dotProducts, blockSize = 256, signal, onProgress } = options;
  checkBenchmark(benchmark);
  if (embeddings.count !== benchmark.items.length) {
    throw new UniecsError({
      code: 'shape',
      where,
      expected: `embeddings of the ${benchmark.items.length} items of ${benchmark.name}`,
      got: `${embeddings.count}`,
      hint: 'embed benchmark.items, in their order',
    });
  }
  checkEmbeddings(embeddings, 'embeddings', where);
  const total = benchmark.tasks.reduce((sum, { queries }) => sum + queries.length, 0);
  let done = 0;
  const results: BenchmarkTaskResult[] = [];
  for (const task of benchmark.tasks) {
    const candidates = gatherRows(embeddings, task.candidate, task.candidates);
    const placeInPool = new Map([...task.candidates].map((item, place) => [item, place]));
    const ranks: Int32Array[] = [];
    for (let start = 0; start < task.queries.length; start += blockSize) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      stopIfAborted(signal, { where, expected: 'to finish all tasks', got: `the signal to stop in ${task.name}` });
      const rows = task.queries.slice(start, start + blockSize);
      const block = await scores(gatherRows(embeddings, task.query, rows), candidates);
      rows.forEach((_, i) => {
        const own = block.subarray(i * candidates.rows, (i + 1) * candidates.rows);
        const relevant = task.relevant[start + i] as Int32Array;
        ranks.push(
          ranksOfRelevant(
            own,
            relevant.map((item) => placeInPool.get(item) as number),
          ),
        );
      });
      done += rows.length;
      onProgress?.(done, total);
    }
    results.push({ task, ranks });
  }
  return { benchmark, results };
}
