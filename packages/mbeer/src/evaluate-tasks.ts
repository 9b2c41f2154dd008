import { UniecsError } from '@uniecs/tensor';
import type { Scores } from './dot-products.js';
import { checkEmbeddings, type Embeddings, gatherRows, rowsWith } from './embeddings.js';
import { nextTurn } from './next-turn.js';
import type { PositiveRanks } from './ranks/positive-ranks.js';
import { scoredRanks } from './ranks/scored-ranks.js';
import { recallAtK } from './recall.js';
import { stopIfAborted } from './stop-if-aborted.js';
import { tasks as nineTasks, type Task } from './tasks.js';

export interface EvaluateOptions {
  /** Embeddings of item 1 of each pair. */
  readonly query: Embeddings;
  /** Embeddings of item 2 of all pairs: the candidates. */
  readonly candidate: Embeddings;
  /** Row of each query's partner among the candidates; default: the query's own row, and then both sides must be equally many. */
  readonly positives?: ArrayLike<number>;
  /** The K of Recall@K; default 1, 5 and 10, as in the paper. */
  readonly ks?: readonly number[];
  /** Default: the nine. */
  readonly tasks?: readonly Task[];
  /** The matrix product; default `dotProducts`, plain JavaScript. Whatever is passed must give equal rows equal scores. */
  readonly scores?: Scores;
  /** Queries scored at a time; memory above the embeddings is about this many rows of scores. Default 256. */
  readonly blockSize?: number;
  /** How partners are ranked, in the place of `scores` and `blockSize`; `screenedRanks` is many times faster and gives the same ranks. */
  readonly ranks?: PositiveRanks;
  readonly signal?: AbortSignal;
  /** Called after each block: queries done of this task. */
  readonly onProgress?: (progress: { task: string; done: number; total: number }) => void;
}

export interface TaskResult {
  readonly task: Task;
  /** Recall@K in the order of `ks`; `null` where no query counts. */
  readonly recall: readonly (number | null)[];
  /** Rows of the queries that counted: the query has the task's query modality and its partner the candidate modality. */
  readonly queryRows: Int32Array;
  /** Rank of the partner of each of them, from 1, ties against the query. */
  readonly ranks: Int32Array;
  /** How many candidates have the task's candidate modality; the others are not in the pool. */
  readonly candidates: number;
}

export interface Evaluation {
  /** How many pairs were given, before a task left any out. */
  readonly pairs: number;
  readonly ks: readonly number[];
  readonly results: readonly TaskResult[];
}

const where = 'evaluateTasks';

/**
 * Exact retrieval over all candidates for each task, and Recall@K (4.1.2): scores are dot products, the rank of a query's partner is
 * one plus the number of other candidates that score at least as high. A query without the task's modality, or whose partner lacks
 * it, is not counted; a candidate without it is not in the pool; how many remain is part of the result.
 *
 * @throws UniecsError `shape` or `argument` for sizes that do not fit, `numeric` for an embedding or score that is not finite
 * (the count of them is in `details`), `interrupted` when the signal fires
 */
export async function evaluateTasks(options: EvaluateOptions): Promise<Evaluation> {
  const { query, candidate, ks = [1, 5, 10], tasks = nineTasks, scores, blockSize = 256 } = options;
  checkEmbeddings(query, 'query', where);
  checkEmbeddings(candidate, 'candidate', where);
  const positives = checkPositives(options);
  if (query.dimension !== candidate.dimension) {
    throw new UniecsError({
      code: 'shape',
      where,
      expected: `candidates of the queries' dimension ${query.dimension}`,
      got: `${candidate.dimension}`,
      hint: 'embed both sides with the same model',
    });
  }
  if (!Number.isInteger(blockSize) || blockSize < 1) {
    throw new UniecsError({
      code: 'argument',
      where,
      expected: 'blockSize to be a whole number from 1',
      got: String(blockSize),
      hint: '256 suits most',
    });
  }
  for (const k of ks) recallAtK([], k);
  const ranksOf = options.ranks ?? scoredRanks(scores, blockSize);
  const results: TaskResult[] = [];
  for (const task of tasks) {
    const pool = rowsWith(candidate, task.candidate);
    const positionInPool = new Int32Array(candidate.count).fill(-1);
    pool.forEach((row, position) => {
      positionInPool[row] = position;
    });
    const queryRows = rowsWith(query, task.query).filter((row) => positionInPool[positives[row] as number] !== -1);
    const ranks = await ranksOf({
      name: task.name,
      queries: gatherRows(query, task.query, queryRows),
      candidates: gatherRows(candidate, task.candidate, pool),
      positives: queryRows.map((row) => positionInPool[positives[row] as number] as number),
      between: betweenBlocks(options, task, queryRows.length),
    });
    const recall = ks.map((k) => recallAtK(ranks, k));
    results.push({ task, recall, queryRows, ranks, candidates: pool.length });
  }
  return { pairs: query.count, ks, results };
}

function checkPositives({ query, candidate, positives }: EvaluateOptions): ArrayLike<number> {
  const count = positives?.length ?? candidate.count;
  if (count !== query.count) {
    throw new UniecsError({
      code: 'shape',
      where,
      expected: `${query.count} ${positives ? 'positives' : 'candidates'}, as many as queries`,
      got: `${count}`,
      hint: 'row i of the candidates is the partner of query i, unless positives say otherwise',
    });
  }
  if (!positives) return Int32Array.from({ length: count }, (_, row) => row);
  for (let row = 0; row < count; row++) {
    const positive = positives[row] as number;
    if (!Number.isInteger(positive) || positive < 0 || positive >= candidate.count) {
      throw new UniecsError({
        code: 'argument',
        where,
        expected: `positives[${row}] to be a candidate's row, 0 to ${candidate.count - 1}`,
        got: String(positive),
        hint: 'pass the row of the partner of each query',
      });
    }
  }
  return positives;
}

/** Says what is done where it is more than before, lets signal handlers run, and stops if one says so. */
function betweenBlocks({ onProgress, signal }: EvaluateOptions, task: Task, total: number) {
  let before = 0;
  return async (done: number): Promise<void> => {
    if (done > before) onProgress?.({ task: task.name, done, total });
    before = Math.max(before, done);
    await nextTurn();
    stopIfAborted(signal, { where, expected: 'to finish all tasks', got: `the signal to stop in ${task.name}` });
  };
}
