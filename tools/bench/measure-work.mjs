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
 * `taken` is the minute in which a row was begun; the ceiling was measured in the same rounds.
 * @typedef {import('./measure-peers.mjs').Measured & {
 *   taken: string, task: 'step' | 'encode', size: string, preset: string, pairs: number, microBatch: number, device: string,
 *   gflop: number, gflops: number, speedups: Partial<Record<import('./measure-peers.mjs').PeerName, number>>,
 *   parity?: ReturnType<typeof runCheck>, built: Built,
 * }} WorkRow
 */

/**
 * Times the training step or the fused embedding of a case, ours and PyTorch's alternated, after both have been shown to compute
 * the same (`check`).
 * @param {'step' | 'encode'} task
 * @param {import('./case.mjs').CaseOptions} caseOptions
 * @param {Pick<import('./options.mjs').Options, 'python' | 'device' | 'compile' | 'fullPasses' | 'rounds'> &
 *   { threads: number, torchDevice: string, check: boolean, warmup?: number }} options
 * @returns {Promise<Omit<WorkRow, 'taken'>>}
 */
export async function measureWork(task, caseOptions, options) {
  const made = benchCase(caseOptions);
  const { size, preset, pairs, microBatch } = made;
  const folder = caseFolder(made);
  try {
    const { python, device, fullPasses, rounds, warmup } = options;
    /** @type {('shortcuts' | 'full-passes')[]} */
    const modes = options.check ? ['shortcuts', ...(fullPasses ? /** @type {const} */ (['full-passes']) : [])] : [];
    const parity = python === undefined ? undefined : runCheck(folder, python, modes);
    // torch.compile twice over is for the step, whose target it is; it compiles for a minute each time.
    const compileFull = options.compile && fullPasses && task === 'step';
    const measured = await measurePeers(peersOn(folder, { ...options, compileFull }), task, {
      rounds,
      ...(warmup === undefined ? {} : { warmup }),
    });
    const gflop = work(made)[task] / 1e9;
    const ours = /** @type {import('./measure-peers.mjs').PeerResult} */ (measured.peers.ours);
    return {
      ...{ task, size, preset, pairs, microBatch, device, gflop },
      ...measured,
      gflops: gflop / (ours.time.median / 1000),
      speedups: speedups(measured.peers),
      ...(parity === undefined ? {} : { parity }),
      built: await buildTimes(folder, task, device),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Tracing and session time of our graph, in a fresh process.
 * @param {string} folder
 * @param {'step' | 'encode'} task
 * @param {string} device
 * @returns {Promise<Built>}
 */
async function buildTimes(folder, task, device) {
  const script = join(import.meta.dirname, 'our-peer.mjs');
  const peer = await startPeer(process.execPath, [script, join(folder, 'case.json'), device]);
  const built = await peer.ask({ do: 'prepare', task });
  await peer.stop();
  return /** @type {Built} */ (/** @type {unknown} */ (built));
}
