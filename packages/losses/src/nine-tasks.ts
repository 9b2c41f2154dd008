import * as tf from '@tensorflow/tfjs-core';
import { averageOfParts } from './anchor-values.js';
import { checkChoices, checkPositive } from './check-option.js';
import { contrast } from './contrast.js';
import { falseNegatives } from './false-negatives.js';
import { checkRepresentations, side, type View } from './representations.js';
import { resolveTemperature, type Temperature, temperatureModule } from './temperature.js';
import type { LossTerm } from './term.js';

const viewOf = { v: 'image', t: 'text', vt: 'fused' } as const satisfies Record<string, View>;

/** What of an item a task embeds: `v` its image, `t` its title, `vt` both. */
export type TaskSide = keyof typeof viewOf;

/** A retrieval task by the name that the benchmark has for it, query side first: `t->v`. */
export type RetrievalTask = `${TaskSide}->${TaskSide}`;

const sides = Object.keys(viewOf) as TaskSide[];

/** The nine retrieval tasks (Table 2). */
export const retrievalTasks: readonly RetrievalTask[] = sides.flatMap((query) =>
  sides.map((candidate): RetrievalTask => `${query}->${candidate}`),
);

/** Options of `nineTasks`. */
export interface NineTasksOptions {
  /** tau; default 0.07 */
  readonly temperature?: Temperature;
  /** the mean of both directions of each task; default true */
  readonly symmetric?: boolean;
  /** leave candidates of a shared product out of the denominators; default false */
  readonly maskFalseNegatives?: boolean;
  /** the tasks that are trained; default all nine. `['vt->vt']` is fused-fused alone, one of the two ways to train a baseline */
  readonly tasks?: readonly RetrievalTask[];
  /**
   * what a task with an image-only side (`v->v`, `v->t`, `v->vt`, `t->v`, `vt->v`) counts in the average, relative to the others:
   * a number above 0; default 1
   */
  readonly imageSideWeight?: number;
}

/**
 * InfoNCE of the nine retrieval tasks: any of v1, t1, f1 as the query against any of v2, t2, f2 as the candidate,
 * averaged over the valid anchors of all nine, or of those chosen: `sum_p w_p sum_i L_p[i] / sum_p w_p N_p`, N_p the valid
 * anchors of task p, w_p 1 or the weight of an image-only side. Not in the paper; it trains directly what the benchmark measures.
 * Throws `UniecsError` with code `argument` for a bad option; `compute` with code `shape`.
 */
export function nineTasks(options: NineTasksOptions = {}): LossTerm {
  const { symmetric = true, maskFalseNegatives = false, tasks: chosen = retrievalTasks, imageSideWeight = 1 } = options;
  checkChoices('nineTasks', 'tasks', chosen, retrievalTasks);
  checkPositive('nineTasks', 'imageSideWeight', imageSideWeight);
  const temperature = resolveTemperature(options.temperature ?? 0.07, 'nineTasks');
  // In the order of the table, however they were named.
  const tasks = retrievalTasks
    .filter((name) => chosen.includes(name))
    .map((name) => name.split('->') as [TaskSide, TaskSide]);
  const weights = tasks.map((ends) => (ends.includes('v') ? imageSideWeight : 1));
  return {
    name: 'TASKS',
    group: 'TASKS',
    ...temperatureModule(temperature),
    compute: (r) =>
      tf.tidy(() => {
        checkRepresentations(r, 'TASKS');
        // One by one, not stacked: a task's N x N arrays are free before the next task's are made.
        const dropped = maskFalseNegatives ? falseNegatives(r.item1, r.item2) : undefined;
        const parts = tasks.map(([query, candidate]) =>
          contrast(side(r.item1, viewOf[query]), side(r.item2, viewOf[candidate]), { temperature, symmetric, dropped }),
        );
        return averageOfParts(parts, imageSideWeight === 1 ? undefined : weights);
      }),
  };
}
