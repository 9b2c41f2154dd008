import * as tf from '@tensorflow/tfjs-core';
import { checkShape, logSumExp } from '@uniecs/tensor';
import { checkOption, checkTerms } from './check-option.js';
import type { AdaptiveWeighting, WeightingState } from './weighting.js';

/** Options of `adaptiveWeighting`. */
export interface AdaptiveWeightingOptions {
  /** T, the number of loss terms */
  readonly terms: number;
  /** in [0, 1], how far one step moves; 0 keeps the weights as they start; default 0.5 */
  readonly beta?: number;
  /** what the weights' sum goes to: a number (default 1, as printed) or `terms` for T, where the sum starts */
  readonly sumTo?: number | 'terms';
  /** the weights at the start, above 0; default 1 each, as printed. With beta 0 they stay */
  readonly initial?: readonly number[];
  /** smallest share of the sum that a term may have, in [0, 1/T); default 0, as printed */
  readonly floor?: number;
}

/**
 * Adaptive loss weighting, Eq. 19:
 * `lambda_i <- beta S lambda_i exp(g_i) / sum_k lambda_k exp(g_k) + (1 - beta) lambda_i`, with
 * `g_i = |grad L_i| / sum_j |grad L_j|`, lambda starting at 1 and S = `sumTo`.
 *
 * Two things follow from it. The sum of the weights goes to S geometrically: from T after k steps it is
 * `S + (T - S) (1 - beta)^k`. And it is a multiplicative-weights update: under steady g all the weight ends on the term
 * with the largest gradient. `floor` stops that: shares below it are raised to it, and what the other terms have above
 * it shrinks in proportion, which leaves the sum as it was. Differs from the paper where `sumTo` or `floor` is set.
 *
 * Norms that are all zero leave the proportions as they are.
 * Throws `UniecsError` with code `argument` for a bad option; `update` with code `shape`.
 */
export function adaptiveWeighting(options: AdaptiveWeightingOptions): AdaptiveWeighting {
  const where = 'adaptiveWeighting';
  const { terms, beta = 0.5, sumTo = 1, floor = 0 } = options;
  checkTerms(where, terms);
  checkOption(beta >= 0 && beta <= 1, where, 'beta to be from 0 to 1', beta);
  const total = sumTo === 'terms' ? terms : sumTo;
  checkOption(Number.isFinite(total) && total > 0, where, "sumTo to be a number above 0 or 'terms'", sumTo);
  checkOption(floor >= 0 && floor * terms < 1, where, `floor to be from 0 to less than 1/${terms}`, floor);
  const initial = options.initial ?? Array.from({ length: terms }, () => 1);
  const proper = initial.length === terms && initial.every((weight) => Number.isFinite(weight) && weight > 0);
  checkOption(proper, where, `initial to be ${terms} weights above 0`, initial);
  return {
    init: () => ({ logLambda: tf.tensor1d(initial.map(Math.log)) }),
    update: ({ logLambda }, norms) =>
      tf.tidy((): WeightingState => {
        checkShape(norms, 'norms', [terms], where);
        if (beta === 0) return { logLambda: tf.clone(logLambda) };
        const g = tf.div(norms, tf.maximum(tf.sum(norms), smallest));
        const grown = tf.add(logLambda, g);
        const pulled = tf.add(tf.sub(grown, logSumExp(grown)), Math.log(beta * total));
        const updated = beta === 1 ? pulled : logAddExp(pulled, tf.add(logLambda, Math.log(1 - beta)));
        return { logLambda: (floor === 0 ? updated : raiseToFloor(updated, floor, terms)) as tf.Tensor1D };
      }),
    weights: ({ logLambda }) => tf.exp(logLambda),
  };
}

/** Keeps the division finite when every norm is zero. */
const smallest = 1e-30;

/** `log(exp(a) + exp(b))` without overflow. */
function logAddExp(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const distance = tf.abs(tf.sub(a, b));
  return tf.add(tf.maximum(a, b), tf.log(tf.add(tf.exp(tf.neg(distance)), 1)));
}

/** Shares p become `floor + (1 - T floor) max(0, p - floor) / sum max(0, p - floor)`: unchanged where none is below. */
function raiseToFloor(logLambda: tf.Tensor, floor: number, terms: number): tf.Tensor {
  const logSum = logSumExp(logLambda);
  const above = tf.relu(tf.sub(tf.exp(tf.sub(logLambda, logSum)), floor));
  const shares = tf.add(tf.mul(tf.div(above, tf.sum(above)), 1 - terms * floor), floor);
  return tf.add(tf.log(shares), logSum);
}
