import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPeer } from './peer.mjs';
import { summarize } from './statistics.mjs';

/** @typedef {'ours' | 'eager' | 'compile' | 'eagerFull' | 'tfjsNode' | 'tfjsWasm'} PeerName */
/** @typedef {{ time: import('./statistics.mjs').Summary, firstMs: number, peakBytes: number }} PeerResult */

const here = import.meta.dirname;

/**
 * How each peer is started on a case.
 * @param {string} folder holds the case as `writeCase` writes it
 * @param {{ python?: string, compile: boolean, fullPasses: boolean }} options
 * @returns {Partial<Record<PeerName, () => Promise<import('./peer.mjs').Peer>>>}
 */
export function peersOn(folder, { python, compile, fullPasses }) {
  const ours = () => startPeer(process.execPath, [join(here, 'our-peer.mjs'), join(folder, 'case.json')]);
  if (python === undefined) return { ours };
  const twin =
    (/** @type {string[]} */ ...more) =>
    () =>
      startPeer(python, ['-W', 'ignore', join(here, 'twin.py'), folder, 'serve', ...more]);
  return {
    ours,
    eager: twin(),
    ...(compile ? { compile: twin('--compile') } : {}),
    ...(fullPasses ? { eagerFull: twin('--no-shortcuts') } : {}),
  };
}

/**
 * Times one kind of work on all peers in turn (A B C A B C ...), so that a slow moment of the machine meets all of them. Only
 * one computes at a time.
 * @param {Partial<Record<PeerName, () => Promise<import('./peer.mjs').Peer>>>} starts
 * @param {'step' | 'encode' | 'encoders' | 'block'} task
 * @param {{ rounds: number, warmup?: number }} options
 * @returns {Promise<Partial<Record<PeerName, PeerResult>>>}
 */
export async function measurePeers(starts, task, { rounds, warmup = 3 }) {
  /** @type {{ name: PeerName, peer: import('./peer.mjs').Peer, times: number[] }[]} */
  const peers = [];
  for (const [name, start] of Object.entries(starts)) {
    peers.push({ name: /** @type {PeerName} */ (name), peer: await start(), times: [] });
  }
  for (let round = 0; round < warmup + rounds; round++) {
    for (const { peer, times } of peers) times.push(Number((await peer.ask({ do: task })).ms));
  }
  /** @type {Partial<Record<PeerName, PeerResult>>} */
  const results = {};
  for (const { name, peer, times } of peers) {
    const peakBytes = Number((await peer.ask({ do: 'peak' })).bytes);
    results[name] = { time: summarize(times.slice(warmup)), firstMs: times[0] ?? 0, peakBytes };
    await peer.stop();
  }
  return results;
}

/**
 * A folder for a case, and in it the settings that our side needs.
 * @param {import('./case.mjs').Case} benchCase
 */
export function caseFolder(benchCase) {
  const folder = mkdtempSync(join(tmpdir(), 'uniecs-bench-'));
  writeFileSync(join(folder, 'case.json'), JSON.stringify(benchCase));
  return folder;
}
