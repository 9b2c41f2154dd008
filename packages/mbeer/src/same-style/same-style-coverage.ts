import { UniecsError } from '@uniecs/tensor';
import { dotProducts, type Scores } from '../dot-products.js';
import { checkEmbeddings, type Embeddings, gatherRows, rowsWith } from '../embeddings.js';
import { nextTurn } from '../next-turn.js';
import { exactBest, floatSlack, type ScoredPlace } from '../ranks/exact-best.js';
import { stopIfAborted } from '../stop-if-aborted.js';
import { tasks as nineTasks, type Task } from '../tasks.js';

/** What is judged. */
export interface SameStyleOptions {
  /** Embeddings of a catalogue of N items. */
  readonly catalogue: Embeddings;
  /** `[N]`, the style group of each item; -1 for none. */
  readonly groups: ArrayLike<number>;
  /** Default `sameStyleTasks`. */
  readonly tasks?: readonly Task[];
  /** The K; default 5, 10 and 50. */
  readonly ks?: readonly number[];
  /** A matrix product of float32 sums in whatever order, which says what is worth scoring exactly; default `dotProducts`. */
  readonly scores?: Scores;
  /** Queries scored at a time; default 128. */
  readonly blockSize?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** SCR@K of a task. */
export interface SameStyleResult {
  readonly task: Task;
  /** Items that were asked: they have the task's query view and share their group with another candidate. */
  readonly queries: number;
  readonly candidates: number;
  /** SCR@K in the order of `ks`, `null` where no query counts. */
  readonly coverage: readonly (number | null)[];
  /** The most that SCR@K could be: the mean of `min(K, others of the group) / K`. */
  readonly attainable: readonly (number | null)[];
}

/** Image to catalogue, and image with title to catalogue: what the paper measures in production (Table 5). */
export const sameStyleTasks: readonly Task[] = nineTasks.filter(({ name }) => name === 'v->vt' || name === 'vt->vt');

const where = 'sameStyleCoverage';

/**
 * SCR@K, same-style coverage rate (the paper's Table 5 names it; that it is this share is our reading): every item of a catalogue asks for
 * the other items, and the share of the K best that is of its own style group is averaged over the items whose group has others. Exact; ties
 * count against the query: of equal scores those of other groups come first.
 *
 * @throws UniecsError `argument` for no K or one that is no whole number from 1, `shape` where groups are not as many as items, `numeric` as
 *   `evaluateTasks`, `interrupted` when the signal fires
 */
export async function sameStyleCoverage(options: SameStyleOptions): Promise<SameStyleResult[]> {
  const { catalogue, groups, tasks = sameStyleTasks, ks = [5, 10, 50], signal, onProgress } = options;
  const { scores, blockSize = 128 } = options;
  checkEmbeddings(catalogue, 'catalogue', where);
  const fault = (code: 'argument' | 'shape', expected: string, got: unknown, hint: string) =>
    new UniecsError({ code, where, expected, got: String(got), hint });
  if (groups.length !== catalogue.count) {
    throw fault('shape', `${catalogue.count} groups`, groups.length, 'pass one number for each item, -1 for none');
  }
  for (const k of [...ks, blockSize]) {
    if (!Number.isSafeInteger(k) || k < 1) throw fault('argument', 'K to be a whole number from 1', k, 'say 10');
  }
  if (ks.length === 0) throw fault('argument', 'at least one K', 'none', 'say 10');
  const most = Math.max(...ks);
  const results: SameStyleResult[] = [];
  for (const [t, task] of tasks.entries()) {
    const pool = rowsWith(catalogue, task.candidate);
    const sizes = new Map<number, number>();
    const groupOf = (row: number) => groups[row] as number;
    for (const row of pool) sizes.set(groupOf(row), (sizes.get(groupOf(row)) ?? 0) + 1);
    const placeOf = new Map([...pool].map((row, place) => [row, place]));
    // Others of the group among the candidates, the query itself left out.
    const others = (row: number) => (sizes.get(groupOf(row)) ?? 0) - Number(placeOf.has(row));
    const rows = rowsWith(catalogue, task.query).filter((row) => groupOf(row) >= 0 && others(row) > 0);
    const queries = gatherRows(catalogue, task.query, rows);
    const candidates = gatherRows(catalogue, task.candidate, pool);
    const slack = scores ? floatSlack(queries, candidates) : 0;
    const found = ks.map(() => 0);
    const possible = ks.map(() => 0);
    for (let start = 0; start < rows.length; start += blockSize) {
      await nextTurn();
      stopIfAborted(signal, { where, expected: `to ask for the styles of ${rows.length} items` });
      const count = Math.min(blockSize, rows.length - start);
      const data = queries.data.subarray(start * queries.columns, (start + count) * queries.columns);
      const block = { rows: count, columns: queries.columns, data };
      const all = await (scores ?? dotProducts)(block, candidates);
      const exact = exactBest(block, candidates, slack);
      for (let i = 0; i < count; i++) {
        const row = rows[start + i] as number;
        const own = all.subarray(i * pool.length, (i + 1) * pool.length);
        const self = placeOf.get(row);
        if (self !== undefined) own[self] = Number.NEGATIVE_INFINITY;
        const best = exact.best(i, own, most);
        const isOwn = ({ place }: ScoredPlace) => groupOf(pool[place] as number) === groupOf(row);
        ks.forEach((k, j) => {
          found[j] = (found[j] as number) + ownAmong(best, k, isOwn) / k;
          possible[j] = (possible[j] as number) + Math.min(k, others(row)) / k;
        });
      }
      onProgress?.({ done: t * rows.length + start + count, total: tasks.length * rows.length });
    }
    const mean = (sum: number) => (rows.length === 0 ? null : sum / rows.length);
    const [coverage, attainable] = [found.map(mean), possible.map(mean)];
    results.push({ task, queries: rows.length, candidates: pool.length, coverage, attainable });
  }
  return results;
}

/** How many of the K best are of the query's own group, those of other groups first where scores are equal. */
function ownAmong(best: readonly ScoredPlace[], k: number, isOwn: (one: ScoredPlace) => boolean): number {
  const last = best[k - 1]?.score;
  if (last === undefined) return best.filter(isOwn).length;
  const above = best.filter(({ score }) => score > last);
  const tied = best.filter(({ score }) => score === last);
  const room = k - above.length - tied.filter((one) => !isOwn(one)).length;
  return above.filter(isOwn).length + Math.max(0, room);
}
