import { expect, it } from 'vitest';
import type { Evaluation } from './evaluate-tasks.js';
import { taskMeasures } from './task-measures.js';
import { tasks } from './tasks.js';

it('are those of one relevant candidate a query, by their definitions', () => {
  const [first, second] = tasks;
  const result = (task: typeof first, ranks: number[]) => ({
    ...{ task, recall: [], candidates: 9 },
    ...{ queryRows: Int32Array.from(ranks, (_, i) => i), ranks: Int32Array.from(ranks) },
  });
  const results = [result(first, [1, 3, 7, 2]), result(second, [])] as Evaluation['results'];
  const found = taskMeasures({ pairs: 4, ks: [1, 5], results });
  expect(found['t->t']).toEqual({
    'hit@1': 1 / 4,
    'nDCG@1': 1 / 4,
    'hit@5': 3 / 4,
    'nDCG@5': (1 + 1 / Math.log2(4) + 0 + 1 / Math.log2(3)) / 4,
    MRR: (1 + 1 / 3 + 1 / 7 + 1 / 2) / 4,
  });
  expect(found['t->v']).toEqual({ 'hit@1': null, 'nDCG@1': null, 'hit@5': null, 'nDCG@5': null, MRR: null });
});
