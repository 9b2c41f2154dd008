import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { benchCase } from './case.mjs';
import { caseFolder, measurePeers } from './measure-peers.mjs';
import { startPeer } from './peer.mjs';
import { speedups } from './statistics.mjs';

/** @typedef {{ work: string, peers: Awaited<ReturnType<typeof measurePeers>>, speedups: ReturnType<typeof speedups> }} TfjsRow */

const here = import.meta.dirname;

/**
 * The TensorFlow.js engines that a folder's node_modules has.
 * @param {string} folder
 * @returns {('tfjsNode' | 'tfjsWasm')[]}
 */
export function tfjsEngines(folder) {
  const { resolve } = createRequire(join(folder, 'index.js'));
  const packages = /** @type {const} */ ({
    tfjsNode: '@tensorflow/tfjs-node',
    tfjsWasm: '@tensorflow/tfjs-backend-wasm',
  });
  return /** @type {(keyof typeof packages)[]} */ (Object.keys(packages)).filter((name) => {
    try {
      return resolve(packages[name]) !== '';
    } catch {
      return false;
    }
  });
}

/**
 * Times four transformer layers, forward and backward, and the tiny step, against eager TensorFlow.js. WebAssembly takes the layers
 * alone: a step would take it a minute.
 * @param {{ folder: string, pairs: number, rounds: number }} options
 * @returns {Promise<TfjsRow[]>}
 */
export async function measureTfjs({ folder, pairs, rounds }) {
  const engines = tfjsEngines(folder);
  const node = (/** @type {string[]} */ ...args) =>
    startPeer(
      process.execPath,
      args.map((arg, i) => (i === 0 ? join(here, arg) : arg)),
    );
  const layers = await measurePeers(
    {
      ours: () => node('block-peer.mjs'),
      ...(engines.includes('tfjsNode') ? { tfjsNode: () => node('tfjs-peer.mjs', 'node', folder) } : {}),
      ...(engines.includes('tfjsWasm') ? { tfjsWasm: () => node('tfjs-peer.mjs', 'wasm', folder) } : {}),
    },
    'block',
    { rounds: Math.min(rounds, 4), warmup: 1 },
  );
  const rows = [{ work: 'four layers, 32 x 65 tokens of width 192', peers: layers, speedups: speedups(layers) }];
  if (!engines.includes('tfjsNode')) return rows;
  const cases = caseFolder(benchCase({ size: 'tiny', pairs }));
  const path = join(cases, 'case.json');
  const steps = await measurePeers(
    { ours: () => node('our-peer.mjs', path), tfjsNode: () => node('tfjs-peer.mjs', 'node', folder, path) },
    'step',
    { rounds: Math.min(rounds, 5), warmup: 3 },
  );
  rmSync(cases, { recursive: true, force: true });
  return [...rows, { work: `step of ${pairs} pairs, tiny`, peers: steps, speedups: speedups(steps) }];
}
