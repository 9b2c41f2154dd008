// Eager TensorFlow.js as a child process: `node tfjs-peer.mjs node|wasm FOLDER [CASE.json]`; the folder's node_modules has the backend.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { itemFeeder } from '@uniecs/retrieval';
import { blockWork, normOf } from './block.mjs';
import { randomPairs } from './case.mjs';
import { ourTraining } from './our-training.mjs';
import { peakBytes, serve, timed } from './peer.mjs';

const [engine, folder, path] = /** @type {[string, string, string | undefined]} */ (process.argv.slice(2));
const backends = { node: ['@tensorflow/tfjs-node', 'tensorflow'], wasm: ['@tensorflow/tfjs-backend-wasm', 'wasm'] };
const [packageName, backend] = /** @type {[string, string]} */ (backends[/** @type {'node' | 'wasm'} */ (engine)]);
createRequire(join(folder, 'index.js'))(packageName);
if (!(await tf.setBackend(backend)))
  throw new Error(`tfjs-peer: the backend ${backend} of ${packageName} did not start`);

/**
 * Times `work` with the reading of its loss (which waits for the device), and frees what it made.
 * @param {() => unknown} work gives an object with a `loss`, and `gradients` or their `gradientNorm`
 */
async function eager(work) {
  let loss = Number.NaN;
  /** @type {{ loss: tf.Tensor, gradients?: tf.Tensor[], gradientNorm?: tf.Tensor } | undefined} */
  let made;
  const ms = await timed(async () => {
    made = /** @type {NonNullable<typeof made>} */ (work());
    loss = Number((await made.loss.data())[0]);
  });
  const norm = made?.gradientNorm
    ? Number((await made.gradientNorm.data())[0])
    : normOf(await Promise.all((made?.gradients ?? []).map((gradient) => gradient.data())));
  tf.dispose(/** @type {never} */ (made));
  return { ms, loss, norm };
}

function blockTask() {
  const { gradients, input } = blockWork();
  const x = tf.tensor(input.data, input.shape);
  return () => eager(() => gradients({ x }));
}

function stepTask() {
  const training = ourTraining(JSON.parse(readFileSync(/** @type {string} */ (path), 'utf8')));
  const { items, labels } = randomPairs(training.benchCase);
  const feed = itemFeeder();
  const tensor = (/** @type {import('@uniecs/compile').HostTensor} */ { data, shape, dtype }) =>
    tf.tensor(data, [...shape], dtype);
  /** @template T @param {T} tree @returns {never} */
  const tensors = (tree) =>
    /** @type {never} */ (
      Object.fromEntries(Object.entries(/** @type {object} */ (tree)).map(([name, x]) => [name, tensor(x)]))
    );
  return () =>
    eager(() => {
      const inputs = { items: tensors(feed(items)), labels: tensors(labels) };
      const rate = tf.scalar(training.benchCase.learningRate);
      const report = training.stages.whole({ ...inputs, learningRate: rate });
      tf.dispose([inputs, rate]);
      return report;
    });
}

/** @type {{ block?: () => Promise<object>, step?: () => Promise<object> }} */
const tasks = {};
await serve(
  { ready: backend },
  {
    block: () => {
      tasks.block ??= blockTask();
      return tasks.block();
    },
    step: () => {
      tasks.step ??= stepTask();
      return tasks.step();
    },
    peak: () => ({ bytes: peakBytes() }),
  },
);
