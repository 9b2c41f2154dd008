import * as tf from '@tensorflow/tfjs-core';
import { disposeModule, parameters, seededRandom, transformerBlock } from '@uniecs/tensor';

/** Four pre-norm transformer layers on 32 sequences of 65 tokens of width 192, 6 heads: what a small vision transformer does. */
const [layers, rows, tokens, width, heads] = [4, 32, 65, 192, 6];

/**
 * Euclidean norm of all numbers of some arrays.
 * @param {readonly ArrayLike<number>[]} arrays
 */
export const normOf = (arrays) =>
  Math.sqrt(arrays.reduce((sum, array) => sum + Array.from(array).reduce((s, x) => s + x * x, 0), 0));

/**
 * The layers, an input, and the forward and backward pass: the mean square of the output and its gradient for each parameter.
 */
export function blockWork() {
  const random = seededRandom(7);
  const made = Array.from({ length: layers }, (_, i) => transformerBlock({ width, heads, random: random.fork(i) }));
  const values = random.fork('input');
  const data = Float32Array.from({ length: rows * tokens * width }, () => values.normal());
  const module = { tree: { layers: made } };
  const all = parameters(module);

  /** @param {{ x: tf.Tensor }} inputs */
  function gradients({ x }) {
    const { value, grads } = tf.variableGrads(
      () =>
        /** @type {tf.Scalar} */ (
          tf.mean(tf.square(made.reduce((y, layer) => layer.forward(y), /** @type {tf.Tensor} */ (x))))
        ),
      all,
    );
    return { loss: value, gradients: all.map(({ name }) => /** @type {tf.Tensor} */ (grads[name])) };
  }
  return { module, gradients, input: { data, shape: [rows, tokens, width] }, dispose: () => disposeModule(module) };
}
