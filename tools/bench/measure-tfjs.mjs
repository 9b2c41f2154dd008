import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { benchCase } from './case.mjs';
import { startProducts } from './ceiling.mjs';
import { caseFolder, measurePeers } from './measure-peers.mjs';
import { startPeer } from './peer.mjs';
import { speedups } from './statistics.mjs';

/**
 * @typedef {import('./measure-peers.mjs').Measured & { work: string, speedups: ReturnType<typeof speedups> }} TfjsRow
 * @typedef {'tfjsNode' | 'tfjsWasm'} TfjsEngine
 */

const here = import.meta.dirname;
const packages = { tfjsNode: '@tensorflow/tfjs-node', tfjsWasm: '@tensorflow/tfjs-backend-wasm' };

/** What is timed: the names by which rows are found. */
export const tfjsWork = { layers: 'four layers, 32 x 65 tokens of width 192', step: 'step of tiny' };

/**
 * The TensorFlow.js engines that a folder's node_modules has.
 * @param {string} folder
 * @returns {TfjsEngine[]}
 */
export function tfjsEngines(folder) {
  const { resolve } = createRequire(join(folder, 'index.js'));
  return /** @type {TfjsEngine[]} */ (Object.keys(packages)).filter((name) => {
    try {
      return resolve(packages[name]) !== '';
    } catch {
      return false;
    }
  });
}

/**
 * Times four transformer layers, forward and backward, and the tiny step, against eager TensorFlow.js. WebAssembly takes the layers
 * alone: a step would take it a minute. Losses and gradient norms of every round have to agree within 1e-3 (WebAssembly's mean
 * over 400,000 numbers is 1e-4 off).
 * @param {{ folder: string, pairs: number, rounds: number }} options
 * @returns {Promise<TfjsRow[]>}
 */
export async function measureTfjs({ folder, pairs, rounds }) {
  const engines = tfjsEngines(folder);
  const node =
    (/** @type {string} */ script, /** @type {string[]} */ ...args) =>
    () =>
      startPeer(process.execPath, [join(here, script), ...args]);
  const ceiling = () => startProducts();
  const layers = await measurePeers(
    {
      ours: node('block-peer.mjs'),
      ...(engines.includes('tfjsNode') ? { tfjsNode: node('tfjs-peer.mjs', 'node', folder) } : {}),
      ...(engines.includes('tfjsWasm') ? { tfjsWasm: node('tfjs-peer.mjs', 'wasm', folder) } : {}),
      ceiling,
    },
    'block',
    { rounds: Math.min(rounds, 4), warmup: 2 },
  );
  const rows = [{ work: tfjsWork.layers, ...layers, speedups: speedups(layers.peers) }];
  if (!engines.includes('tfjsNode')) return rows;
  const cases = caseFolder(benchCase({ size: 'tiny', pairs }));
  try {
    const path = join(cases, 'case.json');
    const starts = { ours: node('our-peer.mjs', path), tfjsNode: node('tfjs-peer.mjs', 'node', folder, path), ceiling };
    const steps = await measurePeers(starts, 'step', { rounds: Math.min(rounds, 5), warmup: 3 });
    return [...rows, { work: `${tfjsWork.step}, ${pairs} pairs`, ...steps, speedups: speedups(steps.peers) }];
  } finally {
    rmSync(cases, { recursive: true, force: true });
  }
}
