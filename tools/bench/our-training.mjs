import { adaptiveWeighting } from '@uniecs/adaptive-weighting';
import { compile, deviceState } from '@uniecs/compile';
import { lossTerms } from '@uniecs/losses';
import { adamW, itemFeeder, stepRunner, trainStages, trainState } from '@uniecs/retrieval';
import { randomItems, randomPairs, seededModel } from './case.mjs';

/**
 * Our side of a case: the model, its training state and the stages of its step.
 * @param {import('./case.mjs').Case} benchCase
 */
export function ourTraining(benchCase) {
  const model = seededModel(benchCase);
  const terms = lossTerms(benchCase.losses);
  const weighting = adaptiveWeighting({ terms: terms.length, ...benchCase.weighting });
  const optimizer = adamW(benchCase.optimizer);
  const state = trainState(model, terms, optimizer, weighting);
  const stages = trainStages({ model, terms, weighting, scope: 'representations', optimizer, state });
  return { benchCase, model, state, stages };
}

/** @typedef {ReturnType<typeof ourTraining>} OurTraining */

/**
 * The training step as the trainer takes it.
 * @param {OurTraining} training
 * @param {import('@uniecs/compile').Device} [device]
 */
export function ourStep({ benchCase, stages, state }, device = 'cpu') {
  const { pairs, microBatch, learningRate } = benchCase;
  const batch = randomPairs(benchCase);
  const runner = stepRunner(stages, state, pairs, microBatch, { device });
  return { runner, run: () => runner.run(batch, learningRate) };
}

/**
 * The backward stage of a step in micro-batches, for the time that its graph takes to build.
 * @param {OurTraining} training
 * @param {import('@uniecs/compile').Device} [device]
 */
function ourBackward({ benchCase, stages, state: { parameters } }, device = 'cpu') {
  const { microBatch, model } = benchCase;
  const state = [[...parameters.values()], stages.accumulators];
  const backward = compile(stages.backward, { state, name: 'backward', device });
  const count = 2 * microBatch;
  const items = itemFeeder()(randomItems(benchCase), { count });
  return { prepare: () => backward.prepare({ items, directions: [constantDirections(count, model.fusion.width)] }) };
}

/**
 * A whole step in one graph.
 * @param {OurTraining} training
 * @param {import('@uniecs/compile').CompileOptions} [options]
 */
export function ourWhole({ benchCase, stages, state }, options) {
  const { items, labels } = randomPairs(benchCase);
  const { parameters, firstMoments, secondMoments, step, logLambda } = state;
  const whole = compile(stages.whole, {
    ...options,
    state: [[...parameters.values()], firstMoments, secondMoments, step, logLambda],
    name: 'train step',
  });
  const data = Float32Array.of(benchCase.learningRate);
  const learningRate = { dtype: /** @type {const} */ ('float32'), shape: [], data };
  const inputs = { items: itemFeeder()(items), labels, learningRate };
  return { prepare: () => whole.prepare(inputs), run: () => whole(inputs), dispose: () => whole.dispose() };
}

/**
 * The graph of a step (of the backward stage, where the case is in micro-batches), for the time that it takes to build.
 * @param {OurTraining} training
 * @param {import('@uniecs/compile').Device} [device]
 */
export const ourStepGraph = (training, device = 'cpu') =>
  training.benchCase.microBatch < training.benchCase.pairs
    ? ourBackward(training, device)
    : ourWhole(training, { device });

/** @param {number} rows @param {number} width */
function constantDirections(rows, width) {
  const one = () => ({
    dtype: /** @type {const} */ ('float32'),
    shape: [rows, width],
    data: new Float32Array(rows * width).fill(1e-3),
  });
  return { fused: one(), image: one(), text: one() };
}

/**
 * The fused embedding of the case's 2N items at inference.
 * @param {OurTraining} training
 * @param {import('@uniecs/compile').Device} [device]
 */
export function ourEncoding({ benchCase, model }, device = 'cpu') {
  const items = randomItems(benchCase);
  const feed = itemFeeder();
  const embed = compile(
    (/** @type {import('@uniecs/retrieval').ItemTensors} */ tensors) => ({ fused: model.represent(tensors).fused }),
    { state: model, name: 'embed', device },
  );
  return { prepare: () => embed.prepare(feed(items)), run: () => embed(feed(items)) };
}

/**
 * The encoders' part of a step in micro-batches, both passes, without the loss: what grows linearly with the batch.
 * @param {OurTraining} training
 */
export function ourEncoderPasses({ benchCase, stages, state }) {
  const { pairs, microBatch, model } = benchCase;
  const { parameters } = state;
  const shared = deviceState([[...parameters.values()], stages.accumulators]);
  const encode = compile(stages.encode, { state: shared, name: 'encode' });
  const backward = compile(stages.backward, { state: shared, name: 'backward' });
  const items = randomItems(benchCase);
  const feed = itemFeeder();
  const size = 2 * microBatch;
  const directions = [constantDirections(size, model.fusion.width)];
  return {
    run: async () => {
      for (let start = 0; start < 2 * pairs; start += size)
        await encode({ items: feed(items, { start, count: size }) });
      for (let start = 0; start < 2 * pairs; start += size) {
        await backward({ items: feed(items, { start, count: size }), directions });
      }
      return {};
    },
  };
}
