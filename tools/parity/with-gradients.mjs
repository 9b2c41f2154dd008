import * as tf from '@tensorflow/tfjs-core';
import { disposeModule, namedParameters } from '@uniecs/tensor';
import { tensorOf, tensorsOf, valuesOf } from './fixture.mjs';

/**
 * @typedef {import('./fixture.mjs').Arrays} Arrays
 * @typedef {{
 *   model: import('@uniecs/tensor').Module, outputs: () => object, weighting: Record<string, tf.Tensor> }} Built
 */

/**
 * Runs `body` and frees all tensors made in it.
 * @template T
 * @param {() => T} body returns no tensor
 * @returns {T}
 */
export function scoped(body) {
  tf.engine().startScope();
  try {
    return body();
  } finally {
    tf.engine().endScope();
  }
}

/**
 * What a model gives for a fixture's inputs: `output.NAME`, and of the sum of all outputs, each times its fixed weighting, the
 * gradients `gradient.PARAMETER` and `gradient.input.NAME` for the differentiated inputs.
 * @param {Arrays} weights by state dict name
 * @param {Arrays} inputs
 * @param {readonly string[]} differentiated names of inputs
 * @param {(state: Map<string, tf.Tensor>, inputs: Map<string, tf.Tensor>, leaves: Map<string, tf.Variable>) => Built} build
 * @returns {Arrays}
 */
export function withGradients(weights, inputs, differentiated, build) {
  return scoped(() => {
    const leaves = new Map(
      differentiated.map((name) => [
        name,
        tf.variable(tensorOf(/** @type {import('./fixture.mjs').Values} */ (inputs.get(name)))),
      ]),
    );
    const { model, outputs, weighting } = build(tensorsOf(weights), tensorsOf(inputs), leaves);
    const parameters = namedParameters(model);
    /** @type {Arrays} */
    const found = new Map();
    const objective = () => {
      const views = Object.entries(outputs());
      for (const [name, view] of views) found.set(`output.${name}`, valuesOf(view));
      const parts = views.map(([name, view]) => tf.sum(tf.mul(view, /** @type {tf.Tensor} */ (weighting[name]))));
      return /** @type {tf.Scalar} */ (tf.addN(parts));
    };
    const { grads } = tf.variableGrads(objective, [...leaves.values(), ...parameters.values()]);
    const named = [...[...leaves].map(([name, leaf]) => /** @type {const} */ ([`input.${name}`, leaf])), ...parameters];
    for (const [name, variable] of named) {
      found.set(`gradient.${name}`, valuesOf(grads[variable.name] ?? tf.zerosLike(variable)));
    }
    disposeModule(model);
    tf.dispose([...leaves.values()]);
    return found;
  });
}
