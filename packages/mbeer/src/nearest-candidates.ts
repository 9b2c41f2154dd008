import { UniecsError } from '@uniecs/tensor';
import { dotProducts } from './dot-products.js';
import { checkEmbeddings, type Embeddings, gatherRows, rowsWith } from './embeddings.js';
import { rankOfPositive } from './recall.js';
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
 * The first K candidates of some queries of a task, exact, in the order by which `evaluateTasks` ranks.
 *
 * @throws UniecsError as `evaluateTasks` for the embeddings, `argument` for a K or rows that do not fit
 */
export function nearestCandidates({ query, candidate, task, queryRows, k = 5 }: NearestOptions): NearestCandidates[] {
  checkEmbeddings(query, 'query', where);
  checkEmbeddings(candidate, 'candidate', where);
  const pool = rowsWith(candidate, task.candidate);
  const asking = new Set(rowsWith(query, task.query));
  const places = new Map([...pool].map((row, place) => [row, place]));
  check(Number.isSafeInteger(k) && k >= 1, 'k to be a whole number from 1', `${k}`);
  for (const row of queryRows) {
    check(asking.has(row) && places.has(row), `queries of ${task.name} that can be judged`, `row ${row}`);
  }
  const rows = Int32Array.from(queryRows);
  const scores = dotProducts(gatherRows(query, task.query, rows), gatherRows(candidate, task.candidate, pool));
  return queryRows.map((row, i) => {
    const own = scores.subarray(i * pool.length, (i + 1) * pool.length);
    const partner = places.get(row) as number;
    const late = (place: number) => Number(place === partner);
    const score = (place: number) => own[place] as number;
    const order = Array.from(pool, (_, place) => place).sort(
      (a, b) => score(b) - score(a) || late(a) - late(b) || a - b,
    );
    const best = order.slice(0, k).map((place) => ({ row: pool[place] as number, score: score(place) }));
    return { rank: rankOfPositive(own, partner), best };
  });
}

function check(holds: boolean, expected: string, got: string): void {
  if (holds) return;
  throw new UniecsError({ code: 'argument', where, expected, got, hint: 'correct the option' });
}
