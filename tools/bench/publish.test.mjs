import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../setup.mjs';
import { growthChart } from './growth-chart.mjs';
import { readOptions } from './options.mjs';
import { plansOf, publishedPlans } from './plans.mjs';
import { between, figures, merged, readDataWait } from './publish.mjs';
import { summarize } from './statistics.mjs';

const marks = ['<!-- figures: written by npm run bench -- --publish -->', '<!-- end of figures -->'];

it('replaces what stands between the marks and nothing else', () => {
  expect(between(`a\n${marks[0]}\nold\n${marks[1]}\nb`, 'new')).toBe(`a\n${marks[0]}\n\nnew\n\n${marks[1]}\nb`);
  expect(() => between(`a ${marks[1]} ${marks[0]}`, 'new')).toThrow('expected the marks');
});

it('keeps the document and its results alike', () => {
  const docs = join(ROOT, 'docs');
  const document = readFileSync(join(docs, 'BENCHMARKS.md'), 'utf8');
  const results = JSON.parse(readFileSync(join(docs, 'results', 'bench.json'), 'utf8'));
  expect(between(document, figures(results, readDataWait(docs)))).toBe(document);
});

const machine = { cpu: 'a cpu', threads: 2, memoryBytes: 0, platform: '', node: 'v20', onnxruntime: '1', torch: '2' };
const rate = (/** @type {number} */ median) => ({ median, low: median, high: median, least: median, most: median });
/** @param {string} taken @param {number[]} pairs @returns {import('./result-tables.mjs').Results} */
const taken = (taken, ...pairs) => ({
  version: 2,
  machine,
  products: { taken, rows: [{ name: 'the cube', shape: '', gflops: rate(9) }] },
  work: pairs.map((count) => ({
    ...{ taken, task: 'step', size: 'tiny', preset: 'recommended', pairs: count, microBatch: count, device: 'cpu' },
    ...{ gflop: 50, gflops: 100, ceiling: rate(200), speedups: {}, built: { nodes: 1, traceMs: 1, sessionMs: 1 } },
    peers: { ours: { time: summarize([500]), firstMs: 1, peakBytes: 1 } },
  })),
});

it('replaces what was measured again and keeps the rest with the time at which it was taken', () => {
  const both = merged(taken('monday', 96, 8), taken('tuesday', 8, 4));
  expect(both.products?.taken).toBe('tuesday');
  expect(both.work.map((row) => [row.pairs, row.taken])).toEqual([
    [96, 'monday'],
    [8, 'tuesday'],
    [4, 'tuesday'],
  ]);
  const text = figures(both);
  expect(text).toContain('| step, tiny, 96 pairs | monday | 200 |');
  expect(text).toContain('| step, tiny, 8 pairs | tuesday | 200 |');
  expect(text).toContain('### Matrix products\n\nTaken tuesday.');
  expect(merged(undefined, taken('monday', 96)).work).toHaveLength(1);
});

it.each([{ torch: '3' }, { torch: undefined }, { cpu: 'another' }, { threads: 4 }, { onnxruntime: '2' }])(
  'keeps nothing that was taken with %j',
  (change) => {
    const before = taken('monday', 96);
    const other = { ...before, machine: /** @type {typeof machine} */ ({ ...machine, ...change }) };
    expect(merged(other, taken('tuesday', 8)).work.map(({ pairs }) => pairs)).toEqual([8]);
  },
);

it('counts a share from the ceiling of the same rounds, not from the table of products', () => {
  expect(figures(taken('monday', 96))).toContain('| 192.0 | 1 | 50 % |');
});

it('says how much the products alone would allow', () => {
  const results = taken('monday', 96);
  const peer = (/** @type {number} */ ms) => ({ time: summarize([ms]), firstMs: 1, peakBytes: 1 });
  Object.assign(results.work[0]?.peers ?? {}, { eager: peer(600), eagerFull: peer(900) });
  const groups = [{ name: 'products', ms: 600, count: 7 }];
  // The profiled step is slower than that of the row, 500 ms; three fifths of it are products.
  results.profile = { taken: 'monday', pairs: 96, totalMs: 1000, betweenMs: 400, groups, operators: [] };
  expect(figures(results)).toContain(
    'would take 300 ms: 2.00 x as fast as PyTorch eager with our shortcuts, 3.00 x as fast',
  );
});

it('draws a point and a number for every batch', () => {
  const row = { microBatch: 32, step: summarize([1]), representationBytes: 1, batchBytes: 1 };
  const svg = growthChart([
    { ...row, pairs: 64, encoders: summarize([500]), peakBytes: 0.8e9 },
    { ...row, pairs: 128, encoders: summarize([1100]), peakBytes: 0.9e9 },
  ]);
  expect(svg.match(/<circle/g)).toHaveLength(4);
  for (const label of ['0.5', '1.1', '0.80', '0.90', '64', '128']) expect(svg).toContain(`>${label}</text>`);
  expect(() => growthChart([])).toThrow('expected rows');
});

it('plans a step and an embedding for each size that is asked for', () => {
  expect(plansOf(readOptions('--only step,encode --sizes tiny,base --items 5 --micro 2'.split(' ')))).toEqual([
    { task: 'step', size: 'tiny', preset: 'recommended', pairs: 96, microBatch: 2 },
    { task: 'step', size: 'base', preset: 'recommended', pairs: 4, microBatch: 2 },
    { task: 'encode', size: 'tiny', preset: 'recommended', pairs: 3 },
    { task: 'encode', size: 'base', preset: 'recommended', pairs: 3 },
  ]);
});

it('publishes every size, both twins wherever a target is judged, and base by micro-batches', () => {
  const plans = publishedPlans(readOptions(['--publish']));
  expect(plans.map(({ task, size, microBatch }) => [task, size, microBatch])).toEqual([
    ['step', 'tiny', undefined],
    ['step', 'tiny', 16],
    ['step', 'small', undefined],
    ['step', 'base', 2],
    ['encode', 'tiny', undefined],
    ['encode', 'base', undefined],
  ]);
  expect(plans.filter(({ fullPasses }) => !fullPasses).map(({ task, size }) => `${task} ${size}`)).toEqual([
    'step base',
  ]);
});
