import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { benchCase } from './case.mjs';
import { caseFolder, measurePeers, peersOn } from './measure-peers.mjs';
import { startPeer } from './peer.mjs';
import { runCheck } from './run-check.mjs';
import { speedups } from './statistics.mjs';
import { work } from './work.mjs';

/** @typedef {{ nodes: number, traceMs: number, sessionMs: number }} Built */
/**
 * @typedef {{
 *   task: 'step' | 'encode', size: string, preset: string, pairs: number, microBatch: number, gflop: number,
 *   peers: Partial<Record<import('./measure-peers.mjs').PeerName, import('./measure-peers.mjs').PeerResult>>,
 *   speedups: Partial<Record<import('./measure-peers.mjs').PeerName, number>>,
 *   gflops: number, shareOfCeiling?: number, parity?: ReturnType<typeof runCheck>, built: Built,
 * }} WorkRow
 */

/**
 * Times the training step or the fused embedding of a case, ours and PyTorch's alternated, after both have been shown to compute
 * the same (`check`).
 * @param {'step' | 'encode'} task
 * @param {import('./case.mjs').CaseOptions} caseOptions
 * @param {Pick<import('./options.mjs').Options, 'python' | 'compile' | 'fullPasses' | 'rounds'> & { check: boolean }} options
 * @param {number | undefined} ceiling GFLOP/s
 * @returns {Promise<WorkRow>}
 */
export async function measureWork(task, caseOptions, options, ceiling) {
  const made = benchCase(caseOptions);
  const { size, preset, pairs, microBatch } = made;
  const folder = caseFolder(made);
  try {
    const { python } = options;
    const fullPasses = options.fullPasses && task === 'step';
    /** @type {('shortcuts' | 'full-passes')[]} */
    const modes = options.check ? ['shortcuts', ...(fullPasses ? /** @type {const} */ (['full-passes']) : [])] : [];
    const parity = python === undefined ? undefined : runCheck(folder, python, modes);
    const starts = peersOn(folder, { ...options, fullPasses });
    const peers = await measurePeers(starts, task, { rounds: options.rounds });
    const gflop = work(made)[task] / 1e9;
    const ours = /** @type {import('./measure-peers.mjs').PeerResult} */ (peers.ours);
    const gflops = gflop / (ours.time.median / 1000);
    return {
      ...{ task, size, preset, pairs, microBatch, gflop, peers, gflops },
      speedups: speedups(peers),
      ...(ceiling === undefined ? {} : { shareOfCeiling: gflops / ceiling }),
      ...(parity === undefined ? {} : { parity }),
      built: await buildTimes(folder, task),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Tracing and session time of our graph, in a fresh process.
 * @param {string} folder
 * @param {'step' | 'encode'} task
 * @returns {Promise<Built>}
 */
async function buildTimes(folder, task) {
  const peer = await startPeer(process.execPath, [
    join(import.meta.dirname, 'our-peer.mjs'),
    join(folder, 'case.json'),
  ]);
  const built = await peer.ask({ do: 'prepare', task });
  await peer.stop();
  return /** @type {Built} */ (/** @type {unknown} */ (built));
}
