import { compile } from '@uniecs/compile';
import { itemFeeder } from '@uniecs/retrieval';
import { randomItems } from './case.mjs';
import { ourStep } from './our-training.mjs';

/**
 * A case in which one step shows its gradients: without momentum the first moments are the gradients, and a large epsilon keeps
 * the update from turning noise around zero into a full step.
 * @param {import('./case.mjs').Case} benchCase
 */
export const revealing = (benchCase) => ({
  ...benchCase,
  optimizer: { ...benchCase.optimizer, beta1: 0, epsilon: 1e-3 },
});

/**
 * What one step of ours computes, under the names that `twin.py check` writes: `views.*`, `report.*`, `gradient.*` and
 * `updated.*`. The case must be `revealing`; the training is spent.
 * @param {import('./our-training.mjs').OurTraining} training
 * @returns {Promise<Map<string, { shape: readonly number[], data: Float32Array }>>}
 */
export async function ourOutputs(training) {
  const { benchCase, model, state } = training;
  /** @type {Map<string, { shape: readonly number[], data: Float32Array }>} */
  const found = new Map();
  const represent = compile((/** @type {import('@uniecs/retrieval').ItemTensors} */ items) => model.represent(items), {
    state: model,
    name: 'represent',
  });
  const views = await represent(itemFeeder()(randomItems(benchCase)));
  await represent.dispose();
  for (const [name, view] of Object.entries(views)) found.set(`views.${name}`, floats(view));

  const { runner, run } = ourStep(training);
  const { loss, terms, gradientNorms } = await run();
  await runner.state.pull();
  const report = { loss: Float32Array.of(loss), terms, gradientNorms };
  for (const [name, data] of Object.entries(report)) {
    const shape = name === 'loss' ? [] : [data.length];
    found.set(`report.${name}`, { shape, data });
  }
  [...state.parameters].forEach(([name, variable], i) => {
    const { shape } = variable;
    const gradient = /** @type {import('@tensorflow/tfjs-core').Variable} */ (state.firstMoments[i]).dataSync();
    found.set(`gradient.${name}`, floats({ shape, data: gradient }));
    found.set(`updated.${name}`, floats({ shape, data: variable.dataSync() }));
  });
  await runner.dispose();
  return found;
}

/** @param {{ shape: readonly number[], data: unknown }} tensor of float32 */
const floats = ({ shape, data }) => ({ shape, data: /** @type {Float32Array} */ (data) });
