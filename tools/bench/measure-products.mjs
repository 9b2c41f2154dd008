import { join } from 'node:path';
import { startPeer } from './peer.mjs';

/** @typedef {{ name: string, shape: string, gflops: { median: number, least: number, most: number } }} ProductRow */

/** The cube that the ceiling is read from, and the largest products of a tiny step of 96 pairs. */
const products = [
  { name: 'ceiling', shape: [1024, 1024, 1024] },
  { name: 'feed-forward, up', shape: [192 * 65, 128, 512] },
  { name: 'feed-forward, down', shape: [192 * 65, 512, 128] },
  { name: 'projection', shape: [192 * 65, 128, 128] },
  { name: 'gradient of a weight', shape: [128, 192 * 65, 512] },
  { name: 'attention scores', batch: 192 * 4, shape: [65, 32, 65] },
];

/**
 * Measures the machine's matrix products through ONNX Runtime.
 * @param {number} rounds
 * @returns {Promise<{ ceiling: number, rows: ProductRow[] }>} GFLOP/s; the ceiling is the cube's median
 */
export async function measureProducts(rounds) {
  const peer = await startPeer(process.execPath, [join(import.meta.dirname, 'products-peer.mjs')]);
  /** @type {ProductRow[]} */
  const rows = [];
  for (const { name, shape, batch = 1 } of products) {
    const answer = await peer.ask({ do: 'product', shape, batch, rounds: Math.max(15, rounds) });
    const { time, gflop } = /** @type {{ time: import('./statistics.mjs').Summary, gflop: number }} */ (answer);
    const rate = (/** @type {number} */ ms) => gflop / (ms / 1000);
    const gflops = { median: rate(time.median), least: rate(time.most), most: rate(time.least) };
    rows.push({ name, shape: `${batch === 1 ? '' : `${batch} x `}${shape.join(' x ')}`, gflops });
  }
  await peer.stop();
  return { ceiling: /** @type {ProductRow} */ (rows[0]).gflops.median, rows };
}
