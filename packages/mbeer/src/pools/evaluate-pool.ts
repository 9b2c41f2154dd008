import { seededRandom } from '@uniecs/tensor';
import type { Embeddings } from '../embeddings.js';
import { type EvaluateOptions, type Evaluation, evaluateTasks, type TaskResult } from '../evaluate-tasks.js';
import { scorePairs } from '../ranks/open-pairs.js';
import { recallAtK } from '../recall.js';
import { type Modality, tasks as nineTasks, type Task } from '../tasks.js';

/**
 * Among what a query looks for its partner.
 * - `global`, the paper's nine tasks: item 2 of all pairs, each in the task's candidate modality.
 * - `modality`: an entry per modality of item 2 of all pairs, its title, its image and both fused, all in one pool; the partner's entry in
 *   the task's candidate modality is looked for, and its other entries count neither way. What M-BEIR calls its global pool comes nearest:
 *   a model whose modalities lie apart finds what looks like the query, not what is like it.
 * - `mixed`: item 2 of all pairs, each in one modality that is drawn from those it has (title, image, both). Three tasks, by the query's
 *   modality: `t->mixed`, `v->mixed`, `vt->mixed`.
 */
export type Pool = 'global' | 'modality' | 'mixed';

/** The pools by name. */
export const pools: readonly Pool[] = ['global', 'modality', 'mixed'];

/** What is judged, and among what. */
export interface EvaluatePoolOptions extends Omit<EvaluateOptions, 'positives'> {
  /** Default `global`. */
  readonly pool?: Pool;
  /** Of the modalities of the mixed pool; default 7. */
  readonly seed?: number;
}

/**
 * `evaluateTasks` over one of the pools. In the mixed pool `tasks` says which query modalities are judged: those of its queries.
 *
 * @throws UniecsError as `evaluateTasks`
 */
export async function evaluatePool({
  pool = 'global',
  seed = 7,
  ...options
}: EvaluatePoolOptions): Promise<Evaluation> {
  if (pool === 'modality') return amongEveryModality(options);
  if (pool === 'mixed') return evaluateTasks({ ...options, ...mixedPool(options, seed) });
  return evaluateTasks(options);
}

const letters: Readonly<Record<Modality, string>> = { text: 't', image: 'v', fused: 'vt' };

/** Candidates in one modality each, as their fused view, and the tasks that look for them. */
function mixedPool(
  { candidate, tasks = nineTasks }: EvaluateOptions,
  seed: number,
): { readonly candidate: Embeddings; readonly tasks: readonly Task[] } {
  const { count, dimension, hasImage, hasText } = candidate;
  const fused = new Float32Array(count * dimension);
  for (let row = 0; row < count; row++) {
    const has = [Number(hasText[row]) > 0, Number(hasImage[row]) > 0] as const;
    const own: Modality[] = has[0] && has[1] ? ['text', 'image', 'fused'] : has[0] ? ['text'] : ['image'];
    // A draw of the row's own, so that it does not hang on what other rows have.
    const modality = own[seededRandom(`${seed} mixed ${row}`).integer(own.length)] as Modality;
    fused.set(candidate[modality].subarray(row * dimension, (row + 1) * dimension), row * dimension);
  }
  const asked = [...new Set(tasks.map(({ query }) => query))];
  return {
    candidate: { ...candidate, fused },
    tasks: asked.map((query) => ({ name: `${letters[query]}->mixed`, query, candidate: 'fused' })),
  };
}

const views = ['text', 'image', 'fused'] as const;

/** The nine tasks among all views of all candidates, which stand below each other as one fused view. */
async function amongEveryModality({ candidate, tasks = nineTasks, ...options }: EvaluateOptions): Promise<Evaluation> {
  const { count, dimension } = candidate;
  const fused = new Float32Array(views.length * count * dimension);
  const has = new Uint8Array(views.length * count);
  for (const [v, view] of views.entries()) {
    fused.set(candidate[view], v * count * dimension);
    for (let row = 0; row < count; row++) {
      const [image, text] = [Number(candidate.hasImage[row]) > 0, Number(candidate.hasText[row]) > 0];
      has[v * count + row] = Number(view === 'image' ? image : view === 'text' ? text : image || text);
    }
  }
  // What stands in the rows of a missing modality is never read: it may be anything.
  for (const [row, there] of has.entries()) {
    if (there === 0) fused.fill(0, row * dimension, (row + 1) * dimension);
  }
  const none = new Float32Array(fused.length);
  const stacked: Embeddings = {
    ...{ count: has.length, dimension, fused, image: none, text: none },
    ...{ hasImage: new Uint8Array(has.length), hasText: has },
  };
  const results: TaskResult[] = [];
  let ks: readonly number[] = [];
  for (const task of tasks) {
    const offset = views.indexOf(task.candidate) * count;
    const positives = Int32Array.from({ length: options.query.count }, (_, row) => offset + row);
    const judged = await evaluateTasks({
      ...options,
      candidate: stacked,
      positives,
      tasks: [{ name: task.name, query: task.query, candidate: 'fused' }],
    });
    ks = judged.ks;
    const [result] = judged.results as [TaskResult];
    const ranks = withoutOwnEntries(result, options.query, stacked, offset, count);
    results.push({ ...result, task, ranks, recall: ks.map((k) => recallAtK(ranks, k)) });
  }
  return { pairs: options.query.count, ks: results.length > 0 ? ks : (options.ks ?? [1, 5, 10]), results };
}

/** Ranks without the partner's entries in other modalities among what stands before. */
function withoutOwnEntries(
  { task, queryRows, ranks }: TaskResult,
  query: Embeddings,
  stacked: Embeddings,
  offset: number,
  count: number,
): Int32Array {
  const { dimension } = query;
  const queries = { rows: query.count, columns: dimension, data: query[task.query] };
  const entries = { rows: stacked.count, columns: dimension, data: stacked.fused };
  const scoresAt = (from: number) => {
    const scores = new Float32Array(queryRows.length);
    const rows = queryRows.map((row) => from + row);
    scorePairs(queries, entries, queryRows, rows, rows.length, scores);
    return scores;
  };
  const own = scoresAt(offset);
  const better = Int32Array.from(ranks);
  for (const from of views.map((_, v) => v * count)) {
    if (from === offset) continue;
    const scores = scoresAt(from);
    for (const [i, row] of queryRows.entries()) {
      const there = Number(stacked.hasText[from + row]) > 0;
      if (there && !((scores[i] as number) < (own[i] as number))) better[i] = (better[i] as number) - 1;
    }
  }
  return better;
}
