import { rmSync } from 'node:fs';
import { benchCase } from './case.mjs';
import { caseFolder, measurePeers, peersOn } from './measure-peers.mjs';

/**
 * @typedef {{
 *   pairs: number, microBatch: number, encoders: import('./statistics.mjs').Summary, step: import('./statistics.mjs').Summary,
 *   peakBytes: number, representationBytes: number, batchBytes: number, ceiling?: import('./ceiling.mjs').Rate,
 * }} GrowthRow
 */

/** Timed rounds by the size of the batch: a step of 1,024 pairs takes as long as sixteen of 64, and varies less. */
export const growthRounds = (/** @type {number} */ pairs) => (pairs <= 128 ? 5 : pairs <= 256 ? 3 : 2);

/**
 * Time and peak memory of tiny's step as the batch grows, in micro-batches of one size: the encoders' two passes alone, and the
 * whole step with the losses over the whole batch (whose matrices grow with its square). Each figure in a process of its own, after
 * one untimed round.
 * @param {{ batches: readonly number[], microBatch: number, threads: number, rounds?: (pairs: number) => number }} options
 * @param {(row: GrowthRow) => void} tell
 */
export async function measureGrowth({ batches, microBatch, threads, rounds = growthRounds }, tell) {
  /** @type {GrowthRow[]} */
  const rows = [];
  for (const pairs of batches) {
    const made = benchCase({ size: 'tiny', pairs, microBatch });
    const folder = caseFolder(made);
    const starts = peersOn(folder, { threads, compile: false, fullPasses: false });
    const how = { rounds: rounds(pairs), warmup: 1 };
    const step = await measurePeers(starts, 'step', how);
    const encoders = await measurePeers(starts, 'encoders', how);
    rmSync(folder, { recursive: true, force: true });
    const [ofStep, ofEncoders] = [step.peers.ours, encoders.peers.ours];
    if (!ofStep || !ofEncoders) throw new Error('growth: our side is missing');
    const { imageSize } = made.model.image;
    const row = {
      pairs,
      microBatch,
      encoders: ofEncoders.time,
      step: ofStep.time,
      peakBytes: ofStep.peakBytes,
      // f, v and t of 2N items, and their gradients.
      representationBytes: 2 * 3 * 2 * pairs * made.model.fusion.width * 4,
      batchBytes: 2 * pairs * (imageSize * imageSize * 3 + made.model.text.maxLength * 8),
      ...(encoders.ceiling ? { ceiling: encoders.ceiling } : {}),
    };
    rows.push(row);
    tell(row);
  }
  return rows;
}
