import * as tf from '@tensorflow/tfjs-core';
import {
  clal,
  cmal,
  imcl,
  nineTasks,
  paperLosses,
  pdc,
  plc,
  pml,
  recommendedLosses,
  t2t,
  v2t,
  v2v,
} from '@uniecs/losses';
import { parameters } from '@uniecs/tensor';
import { tensorOf, valuesOf } from './fixture.mjs';
import { scoped } from './with-gradients.mjs';

/**
 * @typedef {import('./fixture.mjs').Arrays} Arrays
 * @typedef {import('@uniecs/losses').LossTerm} LossTerm
 * @typedef {import('@uniecs/losses').PairRepresentations} PairRepresentations
 * @typedef {{ name: string, batch: string } & (
 *   { kind: 'term', term: keyof typeof makers, options: object } |
 *   { kind: 'sum', preset: 'paper' | 'recommended', lambdas: Record<string, number> })} LossCase
 */

const makers = { v2t, pml, pdc, plc, v2v, t2t, tasks: nineTasks };
const presets = { paper: paperLosses, recommended: recommendedLosses };
const sides = /** @type {const} */ (['item1', 'item2']);
const views = /** @type {const} */ (['fused', 'image', 'text']);

/**
 * The value of a case's loss and its gradients with respect to the six representations and the terms' own parameters.
 * @param {LossCase} lossCase
 * @param {Arrays} batch the arrays under `batches/NAME`
 * @returns {Arrays}
 */
export function ourLoss(lossCase, batch) {
  return scoped(() => {
    const terms = termsOf(lossCase);
    const weights = lossCase.kind === 'sum' ? lossCase.lambdas : {};
    const leaves = new Map(
      sides.flatMap((side) => views.map((view) => [`${side}.${view}`, tf.variable(read(batch, `${side}/${view}`))])),
    );
    const own = terms.flatMap(({ module }) => (module ? parameters(module) : []));
    /** @type {Arrays} */
    const found = new Map();
    const total = () => {
      const losses = terms.map((term) => term.compute(representations(batch, leaves)).loss);
      terms.forEach(({ name }, i) => {
        if (lossCase.kind === 'sum') found.set(`loss.${name}`, valuesOf(/** @type {tf.Tensor} */ (losses[i])));
      });
      return /** @type {tf.Scalar} */ (
        tf.addN(losses.map((loss, i) => tf.mul(loss, weights[terms[i]?.name ?? ''] ?? 1)))
      );
    };
    const { value, grads } = tf.variableGrads(total, [...leaves.values(), ...own]);
    found.set('loss', valuesOf(value));
    for (const [name, leaf] of leaves) {
      found.set(`gradient.${name}`, valuesOf(grads[leaf.name] ?? tf.zerosLike(leaf)));
    }
    for (const variable of lossCase.kind === 'term' ? own : []) {
      found.set('gradient.log_temperature', valuesOf(/** @type {tf.Tensor} */ (grads[variable.name])));
    }
    tf.dispose([[...leaves.values()], own]);
    return found;
  });
}

/**
 * @param {LossCase} lossCase
 * @returns {LossTerm[]}
 */
function termsOf(lossCase) {
  if (lossCase.kind === 'term') return [makers[lossCase.term](lossCase.options)];
  return presets[lossCase.preset]().filter(({ name }) => name in lossCase.lambdas);
}

/** The terms that the groups hold, by Eq. 10, 13 and 18. */
export const groups = { CMAL: cmal, CLAL: clal, IMCL: imcl };

/**
 * @param {Arrays} batch
 * @param {ReadonlyMap<string, tf.Variable>} leaves
 * @returns {PairRepresentations}
 */
function representations(batch, leaves) {
  /** @param {'item1' | 'item2'} side */
  const item = (side) => {
    const matrix = (/** @type {string} */ view) => /** @type {tf.Tensor2D} */ (leaves.get(`${side}.${view}`));
    const valid = (/** @type {string} */ view) =>
      /** @type {tf.Tensor1D} */ (tf.cast(read(batch, `${side}/valid/${view}`), 'float32'));
    return {
      fused: matrix('fused'),
      image: matrix('image'),
      text: matrix('text'),
      valid: { fused: valid('fused'), image: valid('image'), text: valid('text') },
      productId: /** @type {tf.Tensor1D} */ (read(batch, `${side}/product`)),
    };
  };
  return { item1: item('item1'), item2: item('item2') };
}

/** @param {Arrays} batch @param {string} name */
const read = (batch, name) => tensorOf(/** @type {import('./fixture.mjs').Values} */ (batch.get(name)));
