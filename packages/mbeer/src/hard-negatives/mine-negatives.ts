import { seededRandom, UniecsError } from '@uniecs/tensor';
import { dotProducts, type Scores } from '../dot-products.js';
import { checkEmbeddings, type Embeddings, gatherRows, type Matrix, rowsWith } from '../embeddings.js';
import { nextTurn } from '../next-turn.js';
import { exactBest, floatSlack } from '../ranks/exact-best.js';
import { stopIfAborted } from '../stop-if-aborted.js';
import type { Task } from '../tasks.js';
import {
  checkRules,
  eligibleNegatives,
  type NegativeRules,
  type RankedNegative,
  ruleDefaults,
} from './eligible-negatives.js';

/** What is mined, and by which rules. */
export interface MineOptions extends NegativeRules {
  /** Embeddings of item 1 of each pair. */
  readonly query: Embeddings;
  /** Embeddings of item 2 of each pair: the candidates, row i being the partner of query i. */
  readonly candidate: Embeddings;
  /** Which view of the query looks for which view of the candidates. */
  readonly task: Task;
  /** The product of each row (`productNumbers`): candidates of the products of a pair are never its negatives. Default: all differ. */
  readonly products?: { readonly query: ArrayLike<number>; readonly candidate: ArrayLike<number> };
  /** Of `sampling: 'random'`; a query's draw hangs on seed, task and row alone. Default 7. */
  readonly seed?: number;
  /**
   * A matrix product that is faster than `dotProducts`, the default: float32 sums in whatever order. It only finds what is worth scoring
   * exactly: the result is the same.
   */
  readonly scores?: Scores;
  /** Queries scored at a time; memory above the embeddings is about this many rows of scores. Default 128. */
  readonly blockSize?: number;
  readonly signal?: AbortSignal;
  /** Called after each block: queries done. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** A query and its hard negatives. */
export interface MinedQuery {
  /** Its row, which is also its partner's. */
  readonly row: number;
  readonly positiveScore: number;
  /** The best first; fewer than asked for where the rules leave fewer. */
  readonly negatives: readonly RankedNegative[];
}

const where = 'mineNegatives';

/**
 * Hard negatives of every query of a task: the candidates that score high and are not its partner, exact over all candidates. Scores are
 * dot products as `dotProducts` has them, ties broken by row. A query without the task's modality, or whose partner lacks it, is left out.
 *
 * With `scores`, the order is still that of exact scores: float32 sums of D products differ from them by at most
 * `D u / (1 - D u) |a| |b|`, `u = 2^-24`, so every candidate within twice that of the `rangeMax`-th is scored exactly.
 *
 * @throws UniecsError `argument` for rules that cannot hold, `shape` and `numeric` as `evaluateTasks`, `interrupted` when the signal fires
 */
export async function mineNegatives(options: MineOptions): Promise<MinedQuery[]> {
  const { query, candidate, task, products, scores, blockSize = 128, seed = 7, signal, onProgress } = options;
  checkRules(options, where);
  checkEmbeddings(query, 'query', where);
  checkEmbeddings(candidate, 'candidate', where);
  checkSides(options);
  const { rangeMax } = { ...ruleDefaults, ...options };
  const pool = rowsWith(candidate, task.candidate);
  const placeOf = new Int32Array(candidate.count).fill(-1);
  pool.forEach((row, place) => {
    placeOf[row] = place;
  });
  const placesOf = placesByProduct(pool, products?.candidate);
  const rows = rowsWith(query, task.query).filter((row) => (placeOf[row] as number) >= 0);
  const queries = gatherRows(query, task.query, rows);
  const candidates = gatherRows(candidate, task.candidate, pool);
  const slack = scores ? floatSlack(queries, candidates) : 0;
  const random = seededRandom(seed).fork(task.name);
  const found: MinedQuery[] = [];
  for (let start = 0; start < rows.length; start += blockSize) {
    await nextTurn();
    stopIfAborted(signal, { where, expected: `to mine ${rows.length} queries` });
    const count = Math.min(blockSize, rows.length - start);
    const data = queries.data.subarray(start * queries.columns, (start + count) * queries.columns);
    const block: Matrix = { rows: count, columns: queries.columns, data };
    const all = await (scores ?? dotProducts)(block, candidates);
    const exact = exactBest(block, candidates, slack);
    for (let i = 0; i < count; i++) {
      const row = rows[start + i] as number;
      const own = all.subarray(i * pool.length, (i + 1) * pool.length);
      const partner = placeOf[row] as number;
      const left = new Set([partner]);
      for (const product of [products?.query[row], products?.candidate[row]]) {
        for (const place of product === undefined ? [] : (placesOf.get(product) ?? [])) left.add(place);
      }
      for (const place of left) own[place] = Number.NEGATIVE_INFINITY;
      const ranked = exact
        .best(i, own, rangeMax)
        .slice(0, rangeMax)
        .map(({ place, score }, k): RankedNegative => ({ row: pool[place] as number, score, rank: k + 1 }));
      const [positiveScore = Number.NaN] = exact.scores(i, [partner]);
      const negatives = eligibleNegatives(ranked, positiveScore, options, random.fork(row));
      found.push({ row, positiveScore, negatives });
    }
    onProgress?.({ done: start + count, total: rows.length });
  }
  return found;
}

function placesByProduct(pool: Int32Array, products: ArrayLike<number> | undefined): Map<number, number[]> {
  const places = new Map<number, number[]>();
  if (!products) return places;
  pool.forEach((row, place) => {
    const product = products[row] as number;
    const known = places.get(product);
    if (known) known.push(place);
    else places.set(product, [place]);
  });
  return places;
}

function checkSides({ query, candidate, products, blockSize = 128 }: MineOptions): void {
  const fault = (code: 'shape' | 'argument', expected: string, got: string, hint: string) =>
    new UniecsError({ code, where, expected, got, hint });
  if (query.dimension !== candidate.dimension || query.count !== candidate.count) {
    const shown = ({ count, dimension }: Embeddings) => `[${count}, ${dimension}]`;
    const hint = 'row i of the candidates is the partner of query i; embed both sides with the same model';
    throw fault('shape', `candidates of the queries' shape ${shown(query)}`, shown(candidate), hint);
  }
  for (const side of ['query', 'candidate'] as const) {
    const length = products?.[side].length ?? query.count;
    if (length === query.count) continue;
    throw fault('shape', `${query.count} products.${side}`, `${length}`, 'pass one number for each row');
  }
  if (!Number.isInteger(blockSize) || blockSize < 1) {
    throw fault('argument', 'blockSize to be a whole number from 1', String(blockSize), '128 suits most');
  }
}
