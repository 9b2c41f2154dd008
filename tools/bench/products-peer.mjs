// What ONNX Runtime gives in matrix products, as a child process: `node products-peer.mjs [DEVICE]`.
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@uniecs/compile';
import { seededRandom } from '@uniecs/tensor';
import { cube } from './ceiling.mjs';
import { serve, timed } from './peer.mjs';

const device = /** @type {import('@uniecs/compile').Device} */ (process.argv[2] ?? 'cpu');

/** @param {string} name @param {number[]} shape */
function matrix(name, shape) {
  const random = seededRandom(1).fork(name);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal());
  return tf.variable(tf.tensor(data, shape));
}

/**
 * A product A B, A [.., M, K], B [.., K, N]; the operands and the result stay in the session's buffers, and one number of the result
 * is read, so that no device is still at work when it is done.
 * @param {{ shape: number[], batch?: number }} request
 */
function product({ shape: [M = 1, K = 1, N = 1], batch = 1 }) {
  const heads = batch === 1 ? [] : [batch];
  const state = {
    a: matrix('a', [...heads, M, K]),
    b: matrix('b', [...heads, K, N]),
    c: matrix('c', [...heads, M, N]),
  };
  return compile(
    () => {
      const c = tf.matMul(state.a, state.b);
      state.c.assign(c);
      return { one: tf.slice(tf.reshape(c, [-1]), 0, 1) };
    },
    { state, name: 'product', device },
  );
}

/** @type {Map<string, ReturnType<typeof product>>} */
const made = new Map();

/** Milliseconds of `rounds` products. @param {{ shape: number[], batch?: number, rounds: number }} request */
async function times(request) {
  const key = `${request.batch} ${request.shape}`;
  const run = made.get(key) ?? product(request);
  made.set(key, run);
  const found = [];
  for (let i = 0; i < request.rounds; i++) found.push(await timed(() => run({})));
  return found;
}

/** How many threads a session takes by default: counted where the system shows them, else what it reports as at hand. */
async function threads() {
  const tasks = '/proc/self/task';
  if (!existsSync(tasks)) return availableParallelism();
  const built = async (/** @type {object} */ options) => {
    const before = readdirSync(tasks).length;
    const run = compile(() => ({ one: tf.add(tf.scalar(1), tf.scalar(1)) }), { name: 'threads', ...options });
    await run({});
    const more = readdirSync(tasks).length - before;
    await run.dispose();
    return more;
  };
  // The first session starts what is started once, and none of its own.
  await built({ threads: 1 });
  return (await built({})) + 1;
}

await serve(
  { ready: process.version },
  {
    product: async (request) => ({ times: await times(/** @type {never} */ (request)) }),
    ceiling: async () => {
      const all = await times({ shape: cube.shape, rounds: cube.times });
      return { ms: all.reduce((a, b) => a + b) };
    },
    threads: async () => ({ threads: await threads() }),
    peak: () => ({ bytes: 0 }),
  },
);
