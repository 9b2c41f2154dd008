import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cubeRate, startProducts } from './ceiling.mjs';
import { startPeer } from './peer.mjs';
import { summarize } from './statistics.mjs';

/** @typedef {'ours' | 'eager' | 'compile' | 'eagerFull' | 'compileFull' | 'tfjsNode' | 'tfjsWasm'} PeerName */
/**
 * `Told` is what a side says of a round besides its time: loss and norm of the gradient.
 * @typedef {{ time: import('./statistics.mjs').Summary, firstMs: number, peakBytes: number }} PeerResult
 * @typedef {{ loss?: number, norm?: number }} Told
 * @typedef {Partial<Record<PeerName | 'ceiling', () => Promise<import('./peer.mjs').Peer>>>} Starts
 * @typedef {{ peers: Partial<Record<PeerName, PeerResult>>, ceiling?: import('./ceiling.mjs').Rate }} Measured
 */

const here = import.meta.dirname;

/**
 * How each peer is started on a case. The ceiling of matrix products is one of them.
 * @param {string} folder holds the case as `writeCase` writes it
 * @param {{ python?: string, threads: number, device?: string, torchDevice?: string, compile: boolean, fullPasses: boolean, compileFull?: boolean }} options
 *   `threads` of the twins, which are those that ONNX Runtime takes
 * @returns {Starts & Required<Pick<Starts, 'ours'>>}
 */
export function peersOn(folder, { python, threads, device = 'cpu', torchDevice = 'cpu', ...sides }) {
  const { compile, fullPasses, compileFull = compile && fullPasses } = sides;
  const ours = () => startPeer(process.execPath, [join(here, 'our-peer.mjs'), join(folder, 'case.json'), device]);
  const ceiling = () => startProducts(device);
  if (python === undefined) return { ours, ceiling };
  const common = ['serve', '--threads', `${threads}`, '--device', torchDevice];
  const twin =
    (/** @type {string[]} */ ...more) =>
    () =>
      startPeer(python, ['-W', 'ignore', join(here, 'twin.py'), folder, ...common, ...more]);
  return {
    ours,
    eager: twin(),
    ...(compile ? { compile: twin('--compile') } : {}),
    ...(fullPasses ? { eagerFull: twin('--no-shortcuts') } : {}),
    ...(compileFull ? { compileFull: twin('--no-shortcuts', '--compile') } : {}),
    ceiling,
  };
}

/**
 * Times one kind of work on all peers in turn (A B C A B C ...), so that a slow moment of the machine meets all of them, the
 * ceiling too. Only one computes at a time.
 * @param {Starts} starts
 * @param {'step' | 'encode' | 'encoders' | 'block'} task
 * @param {{ rounds: number, warmup?: number, tolerance?: number }} options `tolerance`: how far, relatively, losses and gradient norms
 *   of a round may be from ours
 * @returns {Promise<Measured>}
 * @throws where two sides tell losses or norms that are farther apart
 */
export async function measurePeers(starts, task, { rounds, warmup = 3, tolerance = 1e-3 }) {
  /** @type {{ name: keyof Starts, peer: import('./peer.mjs').Peer, times: number[], told: Told[] }[]} */
  const running = [];
  try {
    for (const [name, start] of Object.entries(starts)) {
      running.push({ name: /** @type {keyof Starts} */ (name), peer: await start(), times: [], told: [] });
    }
    for (let round = 0; round < warmup + rounds; round++) {
      for (const { name, peer, times, told } of running) {
        const answer = await peer.ask({ do: name === 'ceiling' ? 'ceiling' : task });
        times.push(Number(answer.ms));
        told.push(/** @type {Told} */ (answer));
      }
      checkTold(
        running.map(({ name, told }) => ({ name, told: told.at(-1) ?? {} })),
        tolerance,
      );
    }
    /** @type {Measured} */
    const results = { peers: {} };
    for (const { name, peer, times } of running) {
      const time = summarize(times.slice(warmup));
      if (name === 'ceiling') results.ceiling = cubeRate(time);
      else {
        const peakBytes = Number((await peer.ask({ do: 'peak' })).bytes);
        results.peers[name] = { time, firstMs: times[0] ?? 0, peakBytes };
      }
    }
    return results;
  } finally {
    await Promise.all(running.map(({ peer }) => peer.stop()));
  }
}

/**
 * Refuses a round in which a side computed another loss, or another norm of its gradient, than ours.
 * @param {readonly { name: string, told: Told }[]} sides those that tell none are passed over
 * @param {number} tolerance relative
 */
export function checkTold(sides, tolerance) {
  const ours = sides.find(({ name }) => name === 'ours')?.told;
  for (const { name, told } of sides) {
    for (const what of /** @type {const} */ (['loss', 'norm'])) {
      const [a, b] = [told[what], ours?.[what]];
      if (typeof a !== 'number' || typeof b !== 'number') continue;
      if (!(Math.abs(a - b) <= tolerance * Math.abs(b))) {
        throw new Error(`bench: ${name} has the ${what} ${a}, ours ${b}: two sides must compute the same`);
      }
    }
  }
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
