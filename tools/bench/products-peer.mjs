// What ONNX Runtime gives in matrix products, as a child process: the ceiling of everything else.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@uniecs/compile';
import { seededRandom } from '@uniecs/tensor';
import { serve, timed } from './peer.mjs';
import { summarize } from './statistics.mjs';

/** @param {string} name @param {number[]} shape */
function matrix(name, shape) {
  const random = seededRandom(1).fork(name);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal());
  return tf.variable(tf.tensor(data, shape));
}

/**
 * Times `rounds` products A B, A [.., M, K], B [.., K, N]; the operands and the result stay in the session's buffers.
 * @param {{ shape: [number, number, number], batch?: number, rounds: number }} request
 */
async function product({ shape: [M, K, N], batch = 1, rounds }) {
  const heads = batch === 1 ? [] : [batch];
  const state = {
    a: matrix('a', [...heads, M, K]),
    b: matrix('b', [...heads, K, N]),
    c: matrix('c', [...heads, M, N]),
  };
  const run = compile(
    () => {
      state.c.assign(tf.matMul(state.a, state.b));
      return { done: tf.scalar(1) };
    },
    { state, name: 'product' },
  );
  const times = [];
  for (let i = 0; i < rounds + 3; i++) times.push(await timed(() => run({})));
  await run.dispose();
  tf.dispose(state);
  return { time: summarize(times.slice(3)), gflop: (2 * batch * M * K * N) / 1e9 };
}

await serve({ ready: process.version }, { product: (request) => product(/** @type {never} */ (request)) });
