import * as tf from '@tensorflow/tfjs-core';
import { averageOfParts } from './anchor-values.js';
import { falseNegatives } from './false-negatives.js';
import { infoNce } from './info-nce.js';
import { checkRepresentations, type ItemRepresentations, side, type View } from './representations.js';
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
        const queries = stackViews(r.item1);
        const candidates = stackViews(r.item2);
        const nine = infoNce({
          similarity: tf.matMul(eachThrice(queries.vectors), tf.tile(candidates.vectors, [3, 1, 1]), false, true),
          temperature,
          queries: eachThrice(queries.valid),
          candidates: tf.tile(candidates.valid, [3, 1]),
          symmetric,
          ...(maskFalseNegatives && { falseNegatives: falseNegatives(r.item1, r.item2) }),
        });
        return averageOfParts([nine]);
      }),
  };
}

function stackViews(item: ItemRepresentations): { vectors: tf.Tensor3D; valid: tf.Tensor2D } {
  const sides = views.map((view) => side(item, view));
  return {
    vectors: tf.stack(sides.map((s) => s.vectors)) as tf.Tensor3D,
    valid: tf.stack(sides.map((s) => s.valid)) as tf.Tensor2D,
  };
}

/** `[3, ...]` to `[9, ...]`, each entry three times in a row. */
function eachThrice(x: tf.Tensor): tf.Tensor {
  const [three, ...rest] = x.shape as [number, ...number[]];
  return tf.reshape(tf.tile(tf.expandDims(x, 1), [1, 3, ...rest.map(() => 1)]), [three * 3, ...rest]);
}
