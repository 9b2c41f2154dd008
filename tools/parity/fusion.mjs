import * as tf from '@tensorflow/tfjs-core';
import { gatedFusion } from '@uniecs/gated-fusion';
import { loadStateDict, seededRandom } from '@uniecs/tensor';
import { withGradients } from './with-gradients.mjs';

/**
 * @typedef {import('./fixture.mjs').Arrays} Arrays
 * @typedef {{
 *   name: string, form: string, padded: boolean, presence: 'both' | 'image only' | 'text only' | 'mixed rows',
 *   options: Omit<import('@uniecs/gated-fusion').GatedFusionOptions, 'random'> }} FusionCase
 */

const views = /** @type {const} */ (['fused', 'image', 'text']);

/**
 * f, v and t of a case and the gradients of their weighted sum with respect to tokens and parameters. A modality that the
 * whole batch lacks is left out; rows that lack one say so in `present`.
 * @param {FusionCase} fusionCase
 * @param {Arrays} weights
 * @param {Arrays} inputs
 * @returns {Arrays}
 */
export function ourFusion({ options, presence, padded }, weights, inputs) {
  return withGradients(weights, inputs, ['image', 'text'], (state, arrays, tokens) => {
    const model = gatedFusion({ ...options, dropout: 0, random: seededRandom(1) });
    loadStateDict(model, state);
    const read = (/** @type {string} */ name) => /** @type {tf.Tensor} */ (arrays.get(name));
    const rows = (/** @type {string} */ modality) =>
      presence === 'mixed rows'
        ? { present: /** @type {tf.Tensor1D} */ (tf.cast(read(`present.${modality}`), 'float32')) }
        : {};
    const input = (/** @type {string} */ modality) => ({
      tokens: /** @type {tf.Tensor3D} */ (tokens.get(modality)),
      ...rows(modality),
    });
    const mask = padded ? { mask: /** @type {tf.Tensor2D} */ (read('mask')) } : {};
    const outputs = () =>
      model.represent({
        ...(presence === 'text only' ? {} : { image: input('image') }),
        ...(presence === 'image only' ? {} : { text: { ...input('text'), ...mask } }),
      });
    return { model, outputs, weighting: Object.fromEntries(views.map((view) => [view, read(`direction.${view}`)])) };
  });
}
