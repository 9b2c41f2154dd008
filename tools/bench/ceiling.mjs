import { join } from 'node:path';
import { startPeer } from './peer.mjs';

/** @typedef {{ median: number, low: number, high: number, least: number, most: number }} Rate GFLOP/s */

/** What the ceiling is read from: so many products of two matrices of 1,024 x 1,024 each time that it is its turn. */
export const cube = { shape: [1024, 1024, 1024], times: 4 };

/**
 * Starts the process that measures matrix products.
 * @param {string} [device] default `cpu`
 */
export const startProducts = (device = 'cpu') =>
  startPeer(process.execPath, [join(import.meta.dirname, 'products-peer.mjs'), device]);

/**
 * GFLOP/s from the times of work: the fastest time is the highest rate.
 * @param {import('./statistics.mjs').Summary} time milliseconds
 * @param {number} gflop
 * @returns {Rate}
 */
export function rateOf({ median, low, high, least, most }, gflop) {
  const rate = (/** @type {number} */ ms) => gflop / (ms / 1000);
  return { median: rate(median), low: rate(high), high: rate(low), least: rate(most), most: rate(least) };
}

/**
 * The ceiling from the times of the side that measured it beside the others.
 * @param {import('./statistics.mjs').Summary} time
 */
export const cubeRate = (time) => rateOf(time, (2 * cube.times * cube.shape.reduce((a, b) => a * b)) / 1e9);

/** How many threads ONNX Runtime takes here, which the other sides are given too. */
export async function runtimeThreads() {
  const peer = await startProducts();
  const { threads } = await peer.ask({ do: 'threads' });
  await peer.stop();
  return Number(threads);
}
