import { cube, rateOf, startProducts } from './ceiling.mjs';
import { summarize } from './statistics.mjs';

/** @typedef {{ name: string, shape: string, gflops: import('./ceiling.mjs').Rate }} ProductRow */

/** The cube that ceilings are read from, and the largest products of a tiny step of 96 pairs. */
const products = [
  { name: 'the cube', shape: cube.shape },
  { name: 'feed-forward, up', shape: [192 * 65, 128, 512] },
  { name: 'feed-forward, down', shape: [192 * 65, 512, 128] },
  { name: 'projection', shape: [192 * 65, 128, 128] },
  { name: 'gradient of a weight', shape: [128, 192 * 65, 512] },
  { name: 'attention scores', batch: 192 * 4, shape: [65, 32, 65] },
];

/**
 * Measures the machine's matrix products through ONNX Runtime, in turn.
 * @param {{ rounds: number, device?: string }} options three products of each kind a round; the first round is not counted
 * @returns {Promise<ProductRow[]>}
 */
export async function measureProducts({ rounds, device }) {
  const peer = await startProducts(device);
  /** @type {number[][]} */
  const times = products.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { shape, batch = 1 }] of products.entries()) {
      const answer = await peer.ask({ do: 'product', shape, batch, rounds: 3 });
      if (round > 0) times[i]?.push(.../** @type {number[]} */ (answer.times));
    }
  }
  await peer.stop();
  return products.map(({ name, shape, batch = 1 }, i) => ({
    name,
    shape: `${batch === 1 ? '' : `${batch} x `}${shape.join(' x ')}`,
    gflops: rateOf(summarize(times[i] ?? []), (2 * batch * shape.reduce((a, b) => a * b)) / 1e9),
  }));
}
