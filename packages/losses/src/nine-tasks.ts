import * as tf from '@tensorflow/tfjs-core';
import { averageOfParts } from './anchor-values.js';
import { contrast } from './contrast.js';
import { falseNegatives } from './false-negatives.js';
import { checkRepresentations, side, type View } from './representations.js';
import { resolveTemperature, type Temperature, temperatureModule } from './temperature.js';
import type { LossTerm } from './term.js';

/** Options of `nineTasks`. */
export interface NineTasksOptions {
  /** tau; default 0.07 */
  readonly temperature?: Temperature;
  /** the mean of both directions of each task; default true */
  readonly symmetric?: boolean;
  /** leave candidates of a shared product out of the denominators; default false */
  readonly maskFalseNegatives?: boolean;
}

const views: readonly View[] = ['image', 'text', 'fused'];

/**
 * InfoNCE of the nine retrieval tasks: any of v1, t1, f1 as the query against any of v2, t2, f2 as the candidate,
 * averaged over the valid anchors of all nine. Not in the paper; it trains directly what the benchmark measures.
 * Throws `UniecsError` with code `argument` for a bad option; `compute` with code `shape`.
 */
export function nineTasks(options: NineTasksOptions = {}): LossTerm {
  const { symmetric = true, maskFalseNegatives = false } = options;
  const temperature = resolveTemperature(options.temperature ?? 0.07, 'nineTasks');
  return {
    name: 'TASKS',
    group: 'TASKS',
    ...temperatureModule(temperature),
    compute: (r) =>
      tf.tidy(() => {
        checkRepresentations(r, 'TASKS');
        // One by one, not stacked: a task's N x N arrays are free before the next task's are made.
        const dropped = maskFalseNegatives ? falseNegatives(r.item1, r.item2) : undefined;
        const tasks = views.flatMap((query) =>
          views.map((candidate) =>
            contrast(side(r.item1, query), side(r.item2, candidate), { temperature, symmetric, dropped }),
          ),
        );
        return averageOfParts(tasks);
      }),
  };
}
