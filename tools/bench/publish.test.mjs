import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../setup.mjs';
import { growthChart } from './growth-chart.mjs';
import { readOptions } from './options.mjs';
import { between, figures, merged } from './publish.mjs';
import { plansOf } from './run-bench.mjs';

const marks = ['<!-- figures: written by npm run bench -- --publish -->', '<!-- end of figures -->'];

it('replaces what stands between the marks and nothing else', () => {
  expect(between(`a\n${marks[0]}\nold\n${marks[1]}\nb`, 'new')).toBe(`a\n${marks[0]}\n\nnew\n\n${marks[1]}\nb`);
  expect(() => between(`a ${marks[1]} ${marks[0]}`, 'new')).toThrow('expected the marks');
});

it('keeps the document and its results alike', () => {
  const document = readFileSync(join(ROOT, 'docs', 'BENCHMARKS.md'), 'utf8');
  const results = JSON.parse(readFileSync(join(ROOT, 'docs', 'results', 'bench.json'), 'utf8'));
  expect(between(document, figures(results))).toBe(document);
});

it('replaces what was measured again and keeps the rest', () => {
  const results = (/** @type {number} */ gflops, /** @type {number[]} */ ...pairs) =>
    /** @type {never} */ ({
      products: gflops,
      work: pairs.map((count) => ({ task: 'step', size: 'tiny', pairs: count, gflops })),
    });
  const both = merged(results(1, 96, 8), results(2, 8, 4));
  expect(both.products).toBe(2);
  expect(both.work.map(({ pairs, gflops }) => [pairs, gflops])).toEqual([
    [96, 1],
    [8, 2],
    [4, 2],
  ]);
  expect(merged(undefined, results(1, 96)).work).toHaveLength(1);
});

it('draws a point and a number for every batch', () => {
  const row = { microBatch: 32, stepMs: 1, representationBytes: 1, batchBytes: 1 };
  const svg = growthChart([
    { ...row, pairs: 64, encoderMs: 500, peakBytes: 0.8e9 },
    { ...row, pairs: 128, encoderMs: 1100, peakBytes: 0.9e9 },
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
