import type { Evaluation } from './evaluate-tasks.js';
import { recallAtK } from './recall.js';
import { meanReciprocalRank, ndcgAtK } from './several-relevant.js';

/**
 * What a task's ranks are worth by name: `hit@K` (the `R@K` of a report, each query having one relevant candidate), `nDCG@K` and `MRR`
 * (which is MAP then); each in [0, 1], `null` where no query counted.
 */
export type TaskMeasures = Readonly<Record<`hit@${number}` | `nDCG@${number}` | 'MRR', number | null>>;

/** What the columns `R@K` of a table are, for below it. */
export const recallMeaning =
  'R@K: share of the queries whose one relevant candidate, their partner, is among the K best: hit@K, and so Recall@K; ties count against the query.';

/** The measures of each task by its name. */
export function taskMeasures({ ks, results }: Evaluation): Readonly<Record<string, TaskMeasures>> {
  return Object.fromEntries(
    results.map(({ task, ranks }) => {
      const each = Array.from(ranks, (rank) => [rank]);
      const at = ks.flatMap((k) => [
        [`hit@${k}`, recallAtK(ranks, k)],
        [`nDCG@${k}`, ndcgAtK(each, k)],
      ]);
      return [task.name, { ...Object.fromEntries(at), MRR: meanReciprocalRank(each) }];
    }),
  );
}
