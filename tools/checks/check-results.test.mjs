import { existsSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cellCurve } from '../results/cell-curve.mjs';
import { filled } from '../results/fill-pages.mjs';
import { keepGrid } from '../results/keep-grid.mjs';
import { keepReport } from '../results/keep-report.mjs';
import { keptResult } from '../results/kept-result.mjs';
import { checkResults } from './check-results.mjs';
import { folder, told } from './workspace-fixture.mjs';

/** @param {number} mean */
const arm = (mean) => ({
  name: 'full',
  seeds: [7, 8],
  mean: { mean: { 'R@10': mean }, imageSided: { 'R@10': 0.5 }, 'v->v': { 'R@10': 0.25 } },
  deviation: { mean: { 'R@10': 0.0123 }, imageSided: { 'R@10': 0.01 } },
  difference: null,
  cells: [
    { folder: 'cells/full-7', status: 'finished', seconds: 90 },
    { folder: 'cells/full-6', status: 'finished', seconds: 150 },
    { folder: 'cells/full-8', status: 'missing' },
  ],
});
const other = {
  ...arm(0.6),
  name: 'other',
  deviation: null,
  difference: {
    mean: { 'R@10': { difference: -0.1, low: -0.2, high: 0.05, deviation: null } },
    imageSided: { 'R@10': { difference: 0, low: -0.001, high: 0.001, deviation: 0.002 } },
  },
};
const result = {
  baseline: 'full',
  split: 'test',
  seeds: [7, 8],
  bootstrap: { confidence: 0.95 },
  arms: [arm(0.7), other],
};
/** @param {number} mean @param {number | null} five */
const recall = (mean, five) => ({ all: { mean: { 'R@1': 0, 'R@10': mean }, imageSided: { 'R@1': 0, 'R@10': five } } });
const curves = {
  what: 'missing',
  conditions: [
    { kind: 'missing', modality: 'image', share: 0 },
    { kind: 'missing', modality: 'image', share: 0.5 },
    { kind: 'noisy', modality: 'text', share: 0.5 },
  ],
  models: [
    {
      name: 'UniECS',
      runs: [
        { seed: 7, folder: '/x', results: [recall(0.7, 0.4), recall(0.7, null), recall(0.2, 0.1)] },
        { seed: 8, folder: '/x', results: [recall(0.9, 0.6), recall(0.7, 0.3), recall(0.3, 0.15)] },
      ],
    },
  ],
};
const marks = '# Study\n\n<!-- results: one summary -->\n\nold\n\n<!-- end of results -->\n\nProse stays.\n';
const read = () => JSON.stringify(result);

describe('filled', () => {
  it('puts a table of the result between the marks, and leaves the prose', () => {
    const { text, tables } = filled(marks, read);
    expect(tables).toBe(1);
    expect(text).not.toContain('old');
    expect(text).toContain('Prose stays.');
    expect(text).toContain('| full | 2 | 0.700 ± 0.012 | 0.500 ± 0.010 | 0.250 | - |');
    expect(text).toContain('| -0.100 [-0.200, +0.050] | +0.000 [-0.001, +0.001] ± 0.002 | 2.0 |');
    expect(filled(text, read).text).toBe(text);
  });

  it('gives the tasks of the arms that have a result', () => {
    const missing = { ...arm(0.1), name: 'missing', mean: null };
    const { text } = filled(marks.replace('summary', 'tasks'), () =>
      JSON.stringify({ ...result, arms: [arm(0.7), missing] }),
    );
    expect(text).toContain('| full | - | - | - | - | 0.250 | - | - | - | - | 0.700 | 0.500 | 2 |');
    expect(text).not.toContain('missing');
  });

  it('gives the arms of Beyond Text on test, before and after their second stage, and by kind of query', () => {
    const measures = { 'R@10': 0.5, 'R@50': 0.75, 'nDCG@10': 0.25, 'nDCG@50': 0.3, 'hit@1': 0.125, 'hit@10': 0.6 };
    const gap = { 'nDCG@10': { difference: -0.05, low: -0.1, high: 0.001, deviation: 0.01 } };
    const whole = {
      ...{ name: 'full', seeds: [7, 8], mean: { test: measures }, deviation: { test: { 'R@10': 0.0123 } }, gap: null },
      ...{ afterAlignment: { test: { ...measures, 'R@10': 0.4 } }, kinds: { type: { 'nDCG@10': 0.9 } } },
      runs: [{ status: 'finished', stages: [{ seconds: 60 }, { seconds: 90 }] }, { status: 'unfinished' }],
    };
    const open = {
      ...whole,
      name: 'frozen',
      seeds: [],
      mean: null,
      deviation: null,
      kinds: null,
      afterAlignment: null,
    };
    const kinds = [
      { kind: 'type', queries: 1081 },
      { kind: 'word type', queries: 0 },
    ];
    const { text } = filled(marks.replace('summary', 'beyond-text'), () =>
      JSON.stringify({
        ...{ baseline: 'full', bootstrap: { confidence: 0.95 }, recipe: { data: { test: { kinds } } } },
        arms: [whole, { ...open, gap, runs: [{ status: 'unfinished' }] }],
      }),
    );
    expect(text).toContain('| full | 2 | 0.500 ± 0.012 | 0.750 | 0.250 | 0.300 | 0.125 | 0.600 | - | 2.5 |');
    expect(text).toContain('| full, after stage 1 |  | 0.400 | 0.750 |');
    expect(text).toContain('| frozen | 0 | - | - | - | - | - | - | -0.050 [-0.100, +0.001] ± 0.010 | - |');
    expect(text).toContain('| arm | type (1,081) |\n| --- | ---: |\n| full | 0.900 |\n| frozen | - |');
  });

  it('gives the curves over missing and wrong modalities, a row a way and model, the mean over seeds', () => {
    const { text } = filled(marks.replace('summary', 'missing'), () => JSON.stringify(curves));
    expect(text).toContain('| products with | model | 0 % | 50 % |');
    expect(text).toContain('| no image | UniECS | 0.800 / 0.500 | 0.700 / - |');
    expect(text).toContain("| another's title | UniECS | - | 0.250 / 0.125 |");
  });

  it('refuses a kind that there is not', () => {
    expect(() => filled(marks.replace('summary', 'sumary'), read)).toThrow(
      'expected summary or tasks or curves or lambdas or exploration or twins or missing or beyond-text behind one, got sumary',
    );
  });
});

describe('check-results', () => {
  const docs = (/** @type {string} */ page) =>
    folder({ 'docs/STUDY.md': page, 'README.md': page, 'docs/results/one.json': result });

  it('finds nothing where the tables are those of the results', () => {
    const report = checkResults(docs(filled(marks, read).text));
    expect(told(report)).toBe('');
    expect(report.looked).toEqual({ pages: 2, tables: 2 });
  });

  it('finds a number that was changed by hand', () => {
    const page = filled(marks, read).text.replace('0.700', '0.800');
    expect(told(checkResults(docs(page)))).toMatch(/README.md.* a table differs from its result/);
  });

  it('fails where there is no table at all', () => {
    expect(told(checkResults(docs('# Study\n')))).toMatch(/no pages[\s\S]*no tables/);
  });
});

/** Recall@10 of the five and of the other four. @param {number} five @param {number} four */
const recalls = (five, four) =>
  Object.fromEntries([
    ...['v->v', 'v->t', 'v->vt', 't->v', 'vt->v'].map((task) => [task, { 'R@10': five }]),
    ...['t->t', 't->vt', 'vt->t', 'vt->vt'].map((task) => [task, { 'R@10': four }]),
  ]);
const log = [
  { type: 'step', step: 1, lambdas: { V2T: 0.1, TASKS: 1 } },
  { type: 'step', step: 2, lambdas: { V2T: 1.23456789e-7, TASKS: 1 } },
  { type: 'validation', step: 2, epoch: 1, report: { tasks: recalls(0.25, 0.5), mean: { 'R@10': 0.36111111 } } },
  { type: 'validation', step: 3, epoch: 2, report: { tasks: recalls(0.5, 1), mean: { 'R@10': 0.722 } } },
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

describe('the curve of a cell', () => {
  const curve = cellCurve(log);

  it('has the validations, with the weights of the terms then', () => {
    expect(curve).toEqual([
      { epoch: 1, step: 2, mean: 0.36111, imageSided: 0.25, lambdas: { V2T: 1.2346e-7, TASKS: 1 } },
      { epoch: 2, step: 3, mean: 0.722, imageSided: 0.5, lambdas: {} },
    ]);
  });

  it('becomes a row an arm, in the mean over seeds, and a row an epoch for the weights', () => {
    const second = curve.map((point) => ({ ...point, mean: point.mean + 0.1 }));
    const arms = [
      { name: 'full', cells: [{}, { curve }, { curve: second.slice(0, 1) }] },
      { name: 'not run', cells: [{}] },
    ];
    const page = (/** @type {string} */ kind) =>
      filled(marks.replace('summary', kind), () => JSON.stringify({ arms })).text;
    expect(page('curves')).toContain('| full | 0.411 / 0.250 | 0.722 / 0.500 |');
    expect(page('curves')).not.toContain('not run');
    expect(page('lambdas')).toContain('| full | 1 | 1.2e-7 | 1.000 |');
    expect(page('lambdas')).toContain('| full | 2 | - | - |');
  });
});

it('a kept result has neither paths nor times, and five digits', () => {
  expect(keptResult({ writtenAt: 'now', cells: [{ folder: '/x', seconds: 1.23456789, steps: 940 }] })).toEqual({
    cells: [{ seconds: 1.2346, steps: 940 }],
  });
});

it('keeps of a report over missing modalities Recall@10 of all items, and no paths', () => {
  const results = folder({});
  keepReport(results, 'gone', join(folder({ 'missing.json': curves }), 'missing.json'));
  const kept = JSON.parse(readFileSync(join(results, 'gone.json'), 'utf8'));
  expect(kept.conditions).toEqual(curves.conditions);
  const [first] = kept.models[0].runs;
  expect(first).toEqual({
    ...{ seed: 7 },
    results: [
      { all: { mean: { 'R@10': 0.7 }, imageSided: { 'R@10': 0.4 } } },
      { all: { mean: { 'R@10': 0.7 }, imageSided: { 'R@10': null } } },
      { all: { mean: { 'R@10': 0.2 }, imageSided: { 'R@10': 0.1 } } },
    ],
  });
});

it('keeps of a grid its report and the finished cells, not the weights, and not a cell at work', () => {
  const grid = folder({
    'ablation.json': { ...result, writtenAt: 'now' },
    'cells/full-7/cell.json': { fingerprint: 'f' },
    'cells/full-7/ranks.safetensors': 'ranks',
    'cells/full-7/model.safetensors': 'weights',
    'cells/full-7/metrics.jsonl': log,
    'cells/full-8/cell.json': { seconds: 3 },
    'cells/full-9.lock': 'lock',
  });
  const results = folder({});
  expect(keepGrid(results, 'one', grid)).toBe(1);
  expect(JSON.parse(readFileSync(join(results, 'one.json'), 'utf8'))).not.toHaveProperty('writtenAt');
  expect(readFileSync(join(results, 'cells/one/full-7/ranks.safetensors'), 'utf8')).toBe('ranks');
  expect(existsSync(join(results, 'cells/one/full-7/model.safetensors'))).toBe(false);
  expect(existsSync(join(results, 'cells/one/full-8'))).toBe(false);
  expect(JSON.parse(readFileSync(join(results, 'one.json'), 'utf8')).arms[0].cells[0].curve).toEqual(cellCurve(log));
  // From a kept cell, which has no log, the curve is taken again.
  unlinkSync(join(grid, 'cells/full-7/metrics.jsonl'));
  keepGrid(results, 'one', grid);
  expect(JSON.parse(readFileSync(join(results, 'one.json'), 'utf8')).arms[0].cells[0].curve).toHaveLength(2);
});
