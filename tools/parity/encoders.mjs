import * as tf from '@tensorflow/tfjs-core';
import { bert, visionTransformer } from '@uniecs/encoders';
import { loadStateDict, seededRandom } from '@uniecs/tensor';
import { withGradients } from './with-gradients.mjs';

/**
 * @typedef {import('./fixture.mjs').Arrays} Arrays
 * @typedef {{ name: string } & (
 *   { encoder: 'visionTransformer', options: import('@uniecs/encoders').VisionTransformerConfig } |
 *   { encoder: 'bert', options: import('@uniecs/encoders').BertConfig })} EncoderCase
 */

/**
 * The token features of a case, zero at padding, and the gradients of their weighted sum with respect to the parameters.
 * @param {EncoderCase} encoderCase
 * @param {Arrays} weights
 * @param {Arrays} inputs
 * @returns {Arrays}
 */
export function ourEncoder(encoderCase, weights, inputs) {
  return withGradients(weights, inputs, [], (state, arrays) => {
    const read = (/** @type {string} */ name) => /** @type {tf.Tensor} */ (arrays.get(name));
    const weighting = { tokens: read('direction') };
    const random = seededRandom(1);
    if (encoderCase.encoder === 'visionTransformer') {
      const model = visionTransformer({ ...encoderCase.options, random });
      loadStateDict(model, state);
      return { model, weighting, outputs: () => ({ tokens: model.forward(read('pixels')).tokens }) };
    }
    const model = bert({ ...encoderCase.options, random });
    loadStateDict(model, state);
    const outputs = () => {
      const { tokens, mask } = model.forward(read('ids'), read('mask'));
      return { tokens: tf.mul(tokens, tf.expandDims(/** @type {tf.Tensor} */ (mask), 2)) };
    };
    return { model, weighting, outputs };
  });
}
