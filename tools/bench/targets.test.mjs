import { expect, it } from 'vitest';
import { summarize } from './statistics.mjs';
import { targetsOf } from './targets.mjs';

const peer = (/** @type {number} */ gigabytes) => ({ time: summarize([1]), firstMs: 1, peakBytes: gigabytes * 1e9 });
const machine = { cpu: '', threads: 2, memoryBytes: 0, platform: '', node: '', onnxruntime: '' };

/** @param {object} row @returns {import('./measure-work.mjs').WorkRow} */
const row = (row) => /** @type {never} */ ({ device: 'cpu', preset: 'recommended', ...row });
const tiny = { task: 'step', size: 'tiny', pairs: 96, microBatch: 96 };
const growing = (/** @type {number} */ pairs, /** @type {number} */ ms, /** @type {number} */ peakBytes) => ({
  ...{ pairs, microBatch: 32, peakBytes, representationBytes: pairs, batchBytes: 0 },
  ...{ encoders: summarize([ms]), step: summarize([ms]) },
});

/** @param {Partial<import('./result-tables.mjs').Results>} results */
function verdicts(results, wait = /** @type {number | undefined} */ (undefined)) {
  const dataWait = wait === undefined ? undefined : { share: wait, run: 'a run', taken: '2000-01-01' };
  const targets = targetsOf({ version: 2, machine, work: [], ...results }, dataWait);
  return new Map(targets.map((target) => [target.target, target]));
}

it('says of every target that it was not measured where nothing was', () => {
  const all = verdicts({});
  expect(all.size).toBe(13);
  for (const { verdict } of all.values()) expect(verdict).toBe('not measured');
});

it('judges by the twin as the equations stand, and gives both', () => {
  const peers = { ours: peer(1.4), eager: peer(1.3), eagerFull: peer(1.6) };
  const speedups = { eager: 1.2, eagerFull: 2.01, compile: 1.9, compileFull: 1.7 };
  const all = verdicts({ work: [row({ ...tiny, peers, speedups })] });
  expect(all.get('step of tiny over PyTorch eager')).toMatchObject({
    ...{ goal: 'at least 2.00 x', shortcuts: '1.20 x, missed', full: '2.01 x', verdict: 'reached' },
  });
  expect(all.get('step of tiny over torch.compile')?.verdict).toBe('missed');
  expect(all.get('peak memory, step of tiny')).toMatchObject({
    ...{ shortcuts: '1.40 GB of 1.30 GB, missed', full: '1.40 GB of 1.60 GB', verdict: 'reached' },
  });
  expect(all.get('step of small over PyTorch eager')?.verdict).toBe('not measured');
});

it('takes no figure of another device or preset', () => {
  const other = { ...tiny, peers: {}, speedups: { eagerFull: 9 } };
  for (const change of [{ device: 'webgpu' }, { preset: 'paper' }]) {
    const all = verdicts({ work: [row({ ...other, ...change })] });
    expect(all.get('step of tiny over PyTorch eager')?.verdict).toBe('not measured');
  }
});

it('judges the wait for data by what stands in its file', () => {
  expect(verdicts({}, 0.029).get('wait for data')).toMatchObject({ full: '2.9 %', verdict: 'reached' });
  expect(verdicts({}, 0.03).get('wait for data')?.verdict).toBe('missed');
});

it('judges growth by the largest batch against the smallest', () => {
  const of = (/** @type {number} */ ms, /** @type {number} */ bytes) => {
    const rows = [growing(64, 100, 1e9), growing(1024, ms, bytes)];
    return [...verdicts({ growth: { taken: '', rows } })].slice(-2).map(([, { verdict }]) => verdict);
  };
  expect(of(1700, 1.05e9)).toEqual(['reached', 'reached']);
  expect(of(1800, 1.2e9)).toEqual(['missed', 'missed']);
});
