import { rmSync } from 'node:fs';
import { benchCase } from './case.mjs';
import { caseFolder, measurePeers, peersOn } from './measure-peers.mjs';

/** @typedef {{ pairs: number, microBatch: number, encoderMs: number, stepMs: number, peakBytes: number, representationBytes: number, batchBytes: number }} GrowthRow */

/**
 * Time and peak memory of tiny's step as the batch grows, in micro-batches of one size: the encoders' two passes alone, and the
 * whole step with the losses over the whole batch (whose matrices grow with its square). Each figure in a process of its own.
 * @param {{ batches: readonly number[], microBatch: number, rounds: number }} options
 * @param {(row: GrowthRow) => void} tell
 */
export async function measureGrowth({ batches, microBatch, rounds }, tell) {
  /** @type {GrowthRow[]} */
  const rows = [];
  for (const pairs of batches) {
    const made = benchCase({ size: 'tiny', pairs, microBatch });
    const folder = caseFolder(made);
    const { ours } = peersOn(folder, { compile: false, fullPasses: false });
    if (!ours) throw new Error('growth: our side is missing');
    // A large batch warms up within its first step.
    const how = pairs > 256 ? { rounds: 1, warmup: 1 } : { rounds, warmup: 2 };
    const step = (await measurePeers({ ours }, 'step', how)).ours;
    const encoders = (await measurePeers({ ours }, 'encoders', how)).ours;
    rmSync(folder, { recursive: true, force: true });
    const { imageSize } = made.model.image;
    const row = {
      pairs,
      microBatch,
      encoderMs: encoders?.time.median ?? Number.NaN,
      stepMs: step?.time.median ?? Number.NaN,
      peakBytes: step?.peakBytes ?? Number.NaN,
      // f, v and t of 2N items, and their gradients.
      representationBytes: 2 * 3 * 2 * pairs * made.model.fusion.width * 4,
      batchBytes: 2 * pairs * (imageSize * imageSize * 3 + made.model.text.maxLength * 8),
    };
    rows.push(row);
    tell(row);
  }
  return rows;
}
