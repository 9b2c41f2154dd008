import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchCase } from './case.mjs';
import { startProducts } from './ceiling.mjs';
import { caseFolder, measurePeers } from './measure-peers.mjs';
import { startPeer } from './peer.mjs';
import { profileOf, runsOf } from './profile-groups.mjs';

const warmup = 3;

/**
 * Where the tiny step's time goes, by ONNX Runtime's own profiler, which costs a little itself.
 * @param {{ case?: import('./case.mjs').Case, rounds: number }} options `case` default tiny, 96 pairs
 * @returns {Promise<ReturnType<typeof profileOf> & { pairs: number, ceiling?: import('./ceiling.mjs').Rate }>}
 */
export async function measureProfile({ case: made = benchCase({ size: 'tiny', pairs: 96 }), rounds }) {
  const folder = caseFolder(made);
  const out = mkdtempSync(join(tmpdir(), 'uniecs-profile-'));
  try {
    const script = join(import.meta.dirname, 'profile-peer.mjs');
    const ours = () => startPeer(process.execPath, [script, join(folder, 'case.json'), join(out, 'step')]);
    const { ceiling } = await measurePeers({ ours, ceiling: () => startProducts() }, 'step', { rounds, warmup });
    // The file is written when the session ends.
    const [file] = readdirSync(out);
    if (file === undefined) throw new Error('profile: ONNX Runtime wrote no profile');
    const runs = runsOf(JSON.parse(readFileSync(join(out, file), 'utf8')), warmup);
    const { image, text, fusion } = made.model;
    const hidden = [image, text, fusion].map(({ width, ffnRatio = 4 }) => ffnRatio * width);
    return {
      ...{ pairs: made.pairs, ...profileOf(runs, { heads: fusion.heads, hidden }) },
      ...(ceiling ? { ceiling } : {}),
    };
  } finally {
    for (const path of [folder, out]) rmSync(path, { recursive: true, force: true });
  }
}
