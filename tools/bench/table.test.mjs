import { expect, it } from 'vitest';
import { resultTables } from './result-tables.mjs';
import { summarize } from './statistics.mjs';
import { gigabytes, markdownTable, milliseconds, textTable, times } from './table.mjs';

const rows = [
  ['side', 'ms'],
  ['ours', '1'],
  ['theirs', '22'],
];

it('pads columns for a terminal', () => {
  expect(textTable(rows)).toBe('side    ms\nours     1\ntheirs  22');
});

it('writes Markdown', () => {
  expect(markdownTable(rows)).toBe('| side | ms |\n| --- | ---: |\n| ours | 1 |\n| theirs | 22 |');
});

it('rounds to what a reader needs', () => {
  expect([milliseconds(3.149), milliseconds(1234.5)]).toEqual(['3.1 ms', '1,235 ms']);
  expect([gigabytes(1.954e9), times(1.456)]).toEqual(['1.95 GB', '1.46 x']);
});

it('puts the ratio to ours and to the ceiling beside each side of a step', () => {
  const peer = (/** @type {number} */ ms) => ({ time: summarize([ms]), firstMs: 3 * ms, peakBytes: 1e9 });
  const [table] = resultTables({
    version: 2,
    machine: { cpu: '', threads: 2, memoryBytes: 0, platform: '', node: '', onnxruntime: '' },
    work: [
      {
        ...{ task: 'step', size: 'tiny', preset: 'recommended', pairs: 96, microBatch: 48, gflop: 100 },
        peers: { ours: peer(500), eager: peer(1000) },
        speedups: { eager: 2 },
        ...{ taken: '2000-01-01', device: 'cpu', gflops: 200 },
        ceiling: { median: 250, low: 250, high: 250, least: 250, most: 250 },
        built: { nodes: 10, traceMs: 1, sessionMs: 1 },
      },
    ],
  });
  expect(table?.rows.slice(1)).toEqual([
    ['tiny, 96 pairs by 48', 'UniECS', '500 ms', '500 ms to 500 ms', '192.0', '1', '80 %', '1.00 GB'],
    ['tiny, 96 pairs by 48', 'PyTorch eager', '1,000 ms', '1,000 ms to 1,000 ms', '96.0', '2.00 x', '40 %', '1.00 GB'],
  ]);
});
