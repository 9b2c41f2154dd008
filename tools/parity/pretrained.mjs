import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { pretrainedText, pretrainedVision } from '@uniecs/encoders/node';
import { disposeModule } from '@uniecs/tensor';
import { tensorOf, valuesOf } from './fixture.mjs';

/**
 * @typedef {import('./fixture.mjs').Arrays} Arrays
 * @typedef {{ name: string, path: string, imageSize?: number, activation?: 'gelu' | 'quickGelu' }} PretrainedCase
 */

/** Where the checkpoints are. */
export const checkpoints = join(import.meta.dirname, 'fixtures', 'pretrained');

/**
 * Every hidden state of a checkpoint's encoder, zero at padding; of an image encoder the class token after the final norm, too.
 * @param {PretrainedCase} pretrainedCase
 * @param {Arrays} inputs
 * @returns {Promise<Arrays>}
 */
export async function ourStates({ path, imageSize, activation }, inputs) {
  const folder = join(checkpoints, path);
  const read = (/** @type {string} */ name) =>
    tensorOf(/** @type {import('./fixture.mjs').Values} */ (inputs.get(name)));
  if (inputs.has('pixels')) {
    const { encoder } = await pretrainedVision(folder, { imageSize, activation });
    const pixels = read('pixels');
    const { tokens } = encoder.forward(pixels);
    const states = encoder.hiddenStates(pixels).map(valuesOf);
    const first = tf.squeeze(tf.slice(tokens, [0, 0, 0], [-1, 1, -1]), [1]);
    disposeModule(encoder);
    return new Map([...named(states), ['class', valuesOf(first)]]);
  }
  const { encoder } = await pretrainedText(folder);
  const [ids, mask] = [read('ids'), read('mask')];
  const states = encoder.hiddenStates(ids, mask).map((state) => valuesOf(tf.mul(state, tf.expandDims(mask, 2))));
  disposeModule(encoder);
  return named(states);
}

/**
 * @param {import('./fixture.mjs').Values[]} states
 * @returns {Arrays}
 */
const named = (states) => new Map(states.map((state, i) => [`state.${i}`, state]));
