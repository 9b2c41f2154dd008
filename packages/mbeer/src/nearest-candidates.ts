import { UniecsError } from '@uniecs/tensor';
import { dotProducts, type Scores } from './dot-products.js';
import { checkEmbeddings, type Embeddings, gatherRows, rowsWith } from './embeddings.js';
import { exactBest, floatSlack } from './ranks/exact-best.js';
import type { Task } from './tasks.js';

/** What is looked for, and among what. */
export interface NearestOptions {
  /** Embeddings of item 1 of each pair. */
  readonly query: Embeddings;
  /** Embeddings of item 2 of each pair: the candidates, row i being the partner of query i. */
  readonly candidate: Embeddings;
  readonly task: Task;
  /** The queries, by row; each must have the task's query modality, and its partner the candidate modality. */
  readonly queryRows: readonly number[];
  /** How many candidates of each; default 5. */
  readonly k?: number;
  /** A matrix product of float32 sums in whatever order, which says what is worth scoring exactly; default `dotProducts`. */
  readonly scores?: Scores;
}

/** What a query finds. */
export interface NearestCandidates {
  /** Rank of the partner, from 1, as `evaluateTasks` has it. */
  readonly rank: number;
  /** The first K candidates, by row, the best first; ties against the partner. */
  readonly best: readonly { readonly row: number; readonly score: number }[];
}

const where = 'nearestCandidates';

/**
 * The first K candidates of some queries of a task, exact, in the order by which `evaluateTasks` ranks. All queries are scored at once: pass a
 * few hundred at a time.
 *
 * @throws UniecsError as `evaluateTasks` for the embeddings, `argument` for a K or rows that do not fit
 */
export async function nearestCandidates(options: NearestOptions): Promise<NearestCandidates[]> {
  const { query, candidate, task, queryRows, k = 5, scores } = options;
  checkEmbeddings(query, 'query', where);
  checkEmbeddings(candidate, 'candidate', where);
  const pool = rowsWith(candidate, task.candidate);
  const asking = new Set(rowsWith(query, task.query));
  const places = new Map([...pool].map((row, place) => [row, place]));
  check(Number.isSafeInteger(k) && k >= 1, 'k to be a whole number from 1', `${k}`);
  for (const row of queryRows) {
    check(asking.has(row) && places.has(row), `queries of ${task.name} that can be judged`, `row ${row}`);
  }
  const queries = gatherRows(query, task.query, Int32Array.from(queryRows));
  const candidates = gatherRows(candidate, task.candidate, pool);
  const all = await (scores ?? dotProducts)(queries, candidates);
  const exact = exactBest(queries, candidates, scores ? floatSlack(queries, candidates) : 0);
  return queryRows.map((row, i) => {
    const own = all.subarray(i * pool.length, (i + 1) * pool.length);
    const partner = places.get(row) as number;
    const rank = exact.rank(i, own, partner);
    const late = (place: number) => Number(place === partner);
    const best = exact
      .best(i, own, k)
      .sort((a, b) => b.score - a.score || late(a.place) - late(b.place) || a.place - b.place)
      .slice(0, k)
      .map(({ place, score }) => ({ row: pool[place] as number, score }));
    return { rank, best };
  });
}

function check(holds: boolean, expected: string, got: string): void {
  if (holds) return;
  throw new UniecsError({ code: 'argument', where, expected, got, hint: 'correct the option' });
}
