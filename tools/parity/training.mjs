import * as tf from '@tensorflow/tfjs-core';
import { adaptiveWeighting } from '@uniecs/adaptive-weighting';
import { compile } from '@uniecs/compile';
import { paperLosses, recommendedLosses } from '@uniecs/losses';
import { adamW, retrievalModel, trainStages, trainState } from '@uniecs/retrieval';
import { loadStateDict, seededRandom } from '@uniecs/tensor';
import { tensorOf, tensorsOf, valuesOf } from './fixture.mjs';
import { scoped } from './with-gradients.mjs';

/**
 * @typedef {import('./fixture.mjs').Arrays} Arrays
 * @typedef {import('./fixture.mjs').Values} Values
 * @typedef {{
 *   name: string, batch: string, weights: string, preset: 'paper' | 'recommended', losses: import('@uniecs/losses').LossOptions,
 *   model: {
 *     image: import('@uniecs/encoders').VisionTransformerConfig, text: import('@uniecs/encoders').BertConfig,
 *     fusion: import('@uniecs/retrieval').FusionConfig },
 *   weighting: Omit<import('@uniecs/adaptive-weighting').AdaptiveWeightingOptions, 'terms'>,
 *   scope: import('@uniecs/adaptive-weighting').GradientScope, clipNorm: number | null,
 *   optimizer: { learningRate: number, beta1: number, beta2: number, epsilon: number, weightDecay: number } }} TrainingCase
 * @typedef {import('@uniecs/retrieval').Optimizer<import('@uniecs/retrieval').AdamWState>} Optimizer
 */

const presets = { paper: paperLosses, recommended: recommendedLosses };

/** Changes nothing and leaves the gradients in the first moments. @type {Optimizer} */
const gradientKeeper = {
  init: adamW().init,
  update: (parameters, gradients, { secondMoments, step }) => ({
    parameters: parameters.map((x) => tf.clone(x)),
    state: {
      firstMoments: gradients.map((x) => tf.clone(x)),
      secondMoments: secondMoments.map((x) => tf.clone(x)),
      step: tf.add(step, 1),
    },
  }),
};

/**
 * A model with the fixture's weights, and the stages of its training step.
 * @param {TrainingCase} trainingCase
 * @param {Arrays} weights
 * @param {Optimizer} optimizer
 */
function training({ preset, losses, model: parts, weighting: options, scope, clipNorm }, weights, optimizer) {
  const fusion = { ...parts.fusion, dropout: 0 };
  const model = retrievalModel({ architecture: 'uniecs', size: 'tiny', ...parts, fusion }, seededRandom(1));
  const given = tensorsOf(weights);
  loadStateDict(model, given);
  tf.dispose([...given.values()]);
  const terms = presets[preset](losses);
  const weighting = adaptiveWeighting({ terms: terms.length, ...options });
  const state = trainState(model, terms, optimizer, weighting);
  const clip = clipNorm === null ? {} : { clipNorm };
  return { model, state, stages: trainStages({ model, terms, weighting, scope, optimizer, state, ...clip }) };
}

/**
 * A fixture's batch as a step takes it, each array made by `make`.
 * @template T
 * @param {Arrays} batch
 * @param {(values: Values) => T} make
 */
function stepInputs(batch, make) {
  const read = (/** @type {string} */ name) => /** @type {Values} */ (batch.get(name));
  const floats = (/** @type {Values} */ { shape, data }) => make({ shape, data: Float32Array.from(data) });
  const half = (/** @type {Values} */ { data }, /** @type {number} */ item) => {
    const n = data.length / 2;
    return { shape: [n], data: data.slice(item * n, (item + 1) * n) };
  };
  const [images, texts, products] = [read('hasImage'), read('hasText'), read('product')];
  const product = { ...products, shape: [products.data.length] };
  const partial = [images, texts].some(({ data }) => data.includes(0));
  const count = images.data.length / 2;
  return {
    items: {
      pixels: make(read('pixels')),
      ids: make(read('ids')),
      mask: make(read('mask')),
      ...(partial ? { hasImage: floats(images), hasText: floats(texts) } : {}),
    },
    labels: {
      valid: make({ shape: [count], data: new Float32Array(count).fill(1) }),
      product1: make(half(product, 0)),
      product2: make(half(product, 1)),
      ...(partial
        ? {
            hasImage1: floats(half(images, 0)),
            hasImage2: floats(half(images, 1)),
            hasText1: floats(half(texts, 0)),
            hasText2: floats(half(texts, 1)),
          }
        : {}),
    },
  };
}

/** @typedef {Parameters<import('@uniecs/retrieval').TrainStages['whole']>[0]} StepInputs */

/**
 * f, v and t of the first batch, and the gradients of all parameters of the weighted loss.
 * @param {TrainingCase} trainingCase
 * @param {Arrays} weights
 * @param {Arrays} batch
 * @returns {Arrays}
 */
export function ourGradients(trainingCase, weights, batch) {
  return scoped(() => {
    const { model, state, stages } = training(trainingCase, weights, gradientKeeper);
    const inputs = /** @type {StepInputs} */ (/** @type {unknown} */ (stepInputs(batch, tensorOf)));
    const views = Object.entries(model.represent(inputs.items));
    stages.whole({ ...inputs, learningRate: tf.scalar(0) });
    return new Map([
      ...views.map(([name, view]) => /** @type {const} */ ([`representation.${name}`, valuesOf(view)])),
      ...[...state.trained.keys()].map(
        (name, i) =>
          /** @type {const} */ ([`gradient.${name}`, valuesOf(/** @type {tf.Tensor} */ (state.firstMoments[i]))]),
      ),
    ]);
  });
}

/** Steps of a training: reports by name, and how to read the state when they are done. */
/** @typedef {{ step(batch: Arrays): Promise<Record<string, Values>>, done(): Promise<void> }} Steps */

/**
 * @param {ReturnType<typeof training>} made
 * @param {number} learningRate
 * @returns {Steps}
 */
const eagerly = ({ stages }, learningRate) => ({
  step: async (batch) =>
    scoped(() => {
      const inputs = /** @type {StepInputs} */ (/** @type {unknown} */ (stepInputs(batch, tensorOf)));
      const report = stages.whole({ ...inputs, learningRate: tf.scalar(learningRate) });
      return Object.fromEntries(Object.entries(report).map(([name, tensor]) => [name, valuesOf(tensor)]));
    }),
  done: async () => {},
});

/**
 * @param {ReturnType<typeof training>} made
 * @param {number} learningRate
 * @returns {Steps}
 */
function compiled({ stages, state }, learningRate) {
  const { parameters, firstMoments, secondMoments, step, logLambda } = state;
  const whole = compile(stages.whole, {
    state: [[...parameters.values()], firstMoments, secondMoments, step, logLambda],
    name: 'train step',
  });
  const host = (/** @type {Values} */ { shape, data }) => ({
    dtype: /** @type {'int32' | 'float32'} */ (data instanceof Int32Array ? 'int32' : 'float32'),
    shape,
    data,
  });
  return {
    step: async (batch) => {
      const rate = { dtype: /** @type {const} */ ('float32'), shape: [], data: Float32Array.of(learningRate) };
      const report = await whole({ ...stepInputs(batch, host), learningRate: rate });
      return /** @type {Record<string, Values>} */ (/** @type {unknown} */ (report));
    },
    done: async () => {
      await whole.sync();
      await whole.state.dispose();
      await whole.dispose();
    },
  };
}

/**
 * Takes a step a batch: what each reports, and weights and lambdas after the last.
 * @param {TrainingCase} trainingCase
 * @param {Arrays} weights
 * @param {readonly Arrays[]} batches
 * @param {'eager' | 'compiled'} [how]
 * @returns {Promise<Arrays>}
 */
export async function ourSteps(trainingCase, weights, batches, how = 'eager') {
  const made = training(trainingCase, weights, adamW(trainingCase.optimizer));
  const { learningRate } = trainingCase.optimizer;
  const steps = (how === 'eager' ? eagerly : compiled)(made, learningRate);
  /** @type {Record<string, Values>[]} */
  const reports = [];
  for (const batch of batches) reports.push(await steps.step(batch));
  await steps.done();
  /** @param {string} name */
  const stacked = (name) => {
    const rows = reports.map((report) => /** @type {Values} */ (report[name]));
    const data = Float32Array.from(rows.flatMap((row) => [...row.data]));
    return { shape: [rows.length, .../** @type {Values} */ (rows[0]).shape], data };
  };
  const after = {
    shape: made.state.logLambda.shape,
    data: Float32Array.from(made.state.logLambda.dataSync(), Math.exp),
  };
  return new Map([
    ['step.terms', stacked('terms')],
    ['step.norms', stacked('gradientNorms')],
    ['step.total', stacked('loss')],
    ['step.lambdas', stacked('lambdas')],
    ['lambda.after', after],
    ...[...made.state.parameters].map(([name, x]) => /** @type {const} */ ([`weight.${name}`, valuesOf(x)])),
  ]);
}
