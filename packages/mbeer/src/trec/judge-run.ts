import { UniecsError } from '@uniecs/tensor';
import {
  hitAtK,
  meanAveragePrecision,
  meanRecallAtK,
  meanReciprocalRank,
  ndcgAtK,
  ranksOfRelevant,
} from '../several-relevant.js';
import type { Qrels, Run } from './read-trec.js';

/** Measures by name: `hit@K`, `recall@K`, `nDCG@K` for each K, `MRR` and `MAP`; each in [0, 1]. */
export type RunMeasures = Readonly<Record<`${'hit' | 'recall' | 'nDCG'}@${number}` | 'MRR' | 'MAP', number>>;

/** A run and what it is worth. */
export interface JudgedRun {
  /** Queries with a relevant document. */
  readonly queries: number;
  /** Of them, those that the run does not answer: they count, with nothing found. */
  readonly unanswered: number;
  readonly measures: RunMeasures;
}

/**
 * Measures a TREC run. Ties count against the query, where trec_eval orders them by the documents' names; without ties the numbers are
 * trec_eval's (`success`, `recall`, `ndcg_cut` with grades of 0 and 1, `recip_rank`, `map`). A relevant document that the run does not
 * hold is not found at any K. Every query with a relevant document counts, also one that the run leaves out (as `trec_eval -c`); one
 * without any does not, nor does a query without judgements.
 *
 * @param ks default 1, 5 and 10
 * @throws UniecsError `data` where no query has a relevant document, or the run answers none of them; `argument` for a K below 1
 */
export function judgeRun(run: Run, qrels: Qrels, ks: readonly number[] = [1, 5, 10]): JudgedRun {
  const ranks: number[][] = [];
  let unanswered = 0;
  for (const [query, judged] of qrels) {
    const relevant = [...judged].filter(([, grade]) => grade > 0).map(([document]) => document);
    if (relevant.length === 0) continue;
    const found = run.get(query);
    if (found === undefined) unanswered++;
    ranks.push(ranksIn(found ?? new Map(), relevant));
  }
  if (ranks.length === unanswered) {
    throw new UniecsError({
      code: 'data',
      where: 'judgeRun',
      expected: 'a run that answers queries which have a relevant document',
      got: ranks.length === 0 ? 'no such query' : `${ranks.length} such queries, none of them in the run`,
      hint: 'run and judgements must name queries alike',
    });
  }
  const values = ks.flatMap((k) => [
    [`hit@${k}`, hitAtK(ranks, k)],
    [`recall@${k}`, meanRecallAtK(ranks, k)],
    [`nDCG@${k}`, ndcgAtK(ranks, k)],
  ]);
  const whole = [
    ['MRR', meanReciprocalRank(ranks)],
    ['MAP', meanAveragePrecision(ranks)],
  ];
  return { queries: ranks.length, unanswered, measures: Object.fromEntries([...values, ...whole]) };
}

/** Ranks of the relevant documents, infinite for those that were not found. */
function ranksIn(found: ReadonlyMap<string, number>, relevant: readonly string[]): number[] {
  const documents = [...found.keys()];
  const places = new Map(documents.map((document, place) => [document, place]));
  const there = relevant.map((document) => places.get(document)).filter((place) => place !== undefined);
  const ranks: number[] = Array.from(ranksOfRelevant([...found.values()], there));
  while (ranks.length < relevant.length) ranks.push(Number.POSITIVE_INFINITY);
  return ranks;
}
