import '@tensorflow/tfjs-backend-cpu';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { evaluationReport } from '@uniecs/mbeer';
import { disposeModule, parameter, UniecsError } from '@uniecs/tensor';
import { readSafetensors } from '@uniecs/tensor/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelEmbedder, rankPairs } from '../embedding/model-embedder.js';
import { loadModelFolder } from '../files/model-folder.js';
import { lockRun } from '../files/run-lock.js';
import { sinkingTerm } from '../testing/failing-term.js';
import { type SmallCatalogue, smallCatalogue, withGaps } from '../testing/small-catalogue.js';
import { quickSettings as base, smallConfigs as configOf } from '../testing/small-reproduction.js';
import { type AblateOptions, type AblationSummary, ablateWith } from './ablate.js';
import type { AblationReport } from './ablation-report.js';
import type { Grid } from './grid.js';
import { dropArm, gatingArm } from './ready-made-arms.js';
import type { AblationEvent } from './run-grid.js';

const full = { name: 'full', settings: {} };
const grid: Grid = { base, arms: [full, dropArm(['PLC'], base), gatingArm(false)], seeds: [7, 8] };

let catalogue: SmallCatalogue;
const at = (...parts: string[]) => join(catalogue.folder, ...parts);

interface Ended {
  readonly summary: AblationSummary;
  readonly events: AblationEvent[];
}

async function run(out: string, changes: Partial<AblateOptions> = {}): Promise<Ended> {
  const events: AblationEvent[] = [];
  const { train, validation } = catalogue;
  const before = tf.memory().numTensors;
  const summary = await ablateWith(
    {
      ...{ grid, train, validation, test: withGaps(validation), out: at(out), bootstrap: { resamples: 50 } },
      ...changes,
      onEvent: (event) => {
        events.push(event);
        changes.onEvent?.(event);
      },
    },
    configOf,
  ).finally(() => expect(tf.memory().numTensors).toBe(before));
  return { summary, events };
}

/** Folders of the cells in which a step was taken. */
const trained = ({ events }: Ended) => [
  ...new Set(
    events.flatMap((event) => (event.type === 'training' && event.event.type === 'step' ? [event.cell.folder] : [])),
  ),
];
const statuses = ({ events }: Ended) =>
  events.flatMap((event) => (event.type === 'cell' ? [`${event.cell.arm} ${event.cell.seed} ${event.status}`] : []));
const jsonOf = async (out: string): Promise<AblationReport> =>
  JSON.parse(await readFile(at(out, 'ablation.json'), 'utf8'));

async function errorOf(promise: Promise<unknown>): Promise<UniecsError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(UniecsError.isInstance(error), String(error)).toBe(true);
  return error as UniecsError;
}

let reference: Ended;
beforeAll(async () => {
  catalogue = await smallCatalogue();
  reference = await run('whole');
});
afterAll(() => catalogue.remove());

describe('a grid', () => {
  it('trains every cell, seed by seed, and writes the report after each', async () => {
    expect(reference.summary).toMatchObject({ finished: 6, cells: 6, failed: [], busy: [], interrupted: false });
    const order = [7, 8].flatMap((seed) => ['full', 'without PLC', 'without gating'].map((arm) => `${arm} ${seed}`));
    expect(statuses(reference)).toEqual(order.flatMap((cell) => [`${cell} started`, `${cell} finished`]));
    const report = await jsonOf('whole');
    expect(report).toEqual(JSON.parse(JSON.stringify(reference.summary.report)));
    expect(report).toMatchObject({ version: 1, baseline: 'full', split: 'test', seeds: [7, 8] });
    expect(report.cells).toEqual({ planned: 6, finished: 6 });
    for (const file of ['ablation.md', 'ablation.html']) expect(existsSync(at('whole', file))).toBe(true);
  });

  it('keeps of a cell the weights, and ranks from which its figures follow: those of the model on the test pairs', async () => {
    const folder = at('whole/cells/without-PLC-8');
    expect(await readdir(folder)).not.toContain('checkpoints');
    const loaded = await loadModelFolder(folder);
    const embedder = modelEmbedder(loaded);
    const evaluation = await rankPairs(embedder, withGaps(catalogue.validation));
    await embedder.dispose();
    disposeModule(loaded.model);
    const { tasks, mean } = evaluationReport(evaluation);
    const cell = (await jsonOf('whole')).arms[1]?.cells[1];
    if (cell?.status !== 'finished') throw new Error(`${cell?.status}`);
    expect(cell.recall.mean).toEqual(mean);
    for (const [name, { queries, candidates, ...recall }] of Object.entries(tasks)) {
      expect(cell.recall[name]).toEqual(recall);
    }
    const { tensors } = await readSafetensors(join(folder, 'ranks.safetensors'));
    for (const { task, ranks, queryRows } of evaluation.results) {
      expect(tensors.get(task.name)?.data).toEqual(ranks);
      if (queryRows.length < evaluation.pairs) expect(tensors.get(`${task.name} rows`)?.data).toEqual(queryRows);
    }
  });

  it('is not trained again: the same call finds all done', async () => {
    const weights = at('whole/cells/full-7/model.safetensors');
    const { mtimeMs } = await stat(weights);
    const again = await run('whole');
    expect(trained(again)).toEqual([]);
    expect(again.summary).toMatchObject({ finished: 6, cells: 6, interrupted: false });
    expect((await stat(weights)).mtimeMs).toBe(mtimeMs);
    const { writtenAt, ...before } = reference.summary.report;
    expect(again.summary.report).toMatchObject(before);
  });

  it('takes arms and seeds in addition, and trains those alone', async () => {
    const more: Grid = { ...grid, arms: [full, { name: 'slow', settings: { learningRate: 1e-4 } }], seeds: [7] };
    const added = await run('whole', { grid: more });
    expect(trained(added)).toEqual(['cells/slow-7']);
    expect(added.summary).toMatchObject({ finished: 2, cells: 2 });
    const { arms, cells } = await jsonOf('whole');
    expect(arms.map(({ name, seeds }) => [name, seeds])).toEqual([
      ['full', [7, 8]],
      ['without PLC', [7, 8]],
      ['without gating', [7, 8]],
      ['slow', [7]],
    ]);
    expect(cells).toEqual({ planned: 8, finished: 7 });
  });
});

describe('an interruption', () => {
  it('in the midst of a cell saves it, and the same call goes on there and ends as if nothing had been', async () => {
    const stop = new AbortController();
    const first = await run('stopped', {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type !== 'training' || event.cell.folder !== 'cells/without-PLC-7') return;
        if (event.event.type === 'step' && event.event.step === 1) stop.abort();
      },
    });
    expect(first.summary).toMatchObject({ finished: 1, cells: 6, interrupted: true });
    expect(trained(first)).toEqual(['cells/full-7', 'cells/without-PLC-7']);
    expect((await jsonOf('stopped')).arms.map(({ cells }) => cells.map(({ status }) => status))).toEqual([
      ['finished', 'missing'],
      ['unfinished', 'missing'],
      ['missing', 'missing'],
    ]);
    const second = await run('stopped', { keepCheckpoints: true });
    expect(second.summary).toMatchObject({ finished: 6, interrupted: false });
    expect(trained(second)).not.toContain('cells/full-7');
    const resumed = second.events.flatMap((event) =>
      event.type === 'training' && event.event.type === 'start' ? [event.event.resumedFrom] : [],
    );
    expect(resumed).toEqual([1, undefined, undefined, undefined, undefined]);
    expect(await readdir(at('stopped/cells/full-8'))).toContain('checkpoints');
    const figures = ({ arms }: AblationReport) =>
      arms.map(({ name, mean, difference }) => ({ name, mean, difference }));
    expect(figures(second.summary.report)).toEqual(figures(reference.summary.report));
  });

  it('before anything trains nothing, and says so', async () => {
    const stopped = await run('never', { signal: AbortSignal.abort() });
    expect(stopped.summary).toMatchObject({ finished: 0, interrupted: true });
    expect(trained(stopped)).toEqual([]);
  });
});

it('a cell in the hands of another process is passed over, and taken where that one leaves it', async () => {
  await mkdir(at('shared/cells'), { recursive: true });
  const release = await lockRun(at('shared/cells'), 'full-7.lock');
  const own: Grid = { ...grid, arms: [full, gatingArm(false)], seeds: [7] };
  const one = await run('shared', { grid: own });
  expect(trained(one)).toEqual(['cells/without-gating-7']);
  expect(one.summary.busy.map(({ folder }) => folder)).toEqual(['cells/full-7']);
  expect(one.summary.report.arms[1]).toMatchObject({ seeds: [7], difference: null });
  release();
  const two = await run('shared', { grid: own });
  expect(trained(two)).toEqual(['cells/full-7']);
  expect(two.summary.report.arms[1]?.difference).not.toBeNull();

  // The other process ends while this one is at the next cell.
  await rm(at('shared'), { recursive: true });
  await mkdir(at('shared/cells'), { recursive: true });
  const hold = await lockRun(at('shared/cells'), 'full-7.lock');
  const three = await run('shared', {
    grid: own,
    onEvent: (event) => {
      if (event.type === 'training' && event.event.type === 'step') hold();
    },
  });
  expect(trained(three)).toEqual(['cells/without-gating-7', 'cells/full-7']);
  expect(three.summary).toMatchObject({ finished: 2, busy: [] });
});

it('an arm whose loss stays NaN is noted with its reason, and the others go on', async () => {
  const level = parameter([1], 0.015);
  const arms = [dropArm(['SINKING'], base), full];
  try {
    const own = { ...base, steps: 6, maxSkippedSteps: 2 };
    const ended = await run('sinking', { grid: { base: own, arms, seeds: [7] }, terms: [sinkingTerm(level)] });
    expect(ended.summary).toMatchObject({ finished: 1, cells: 2, interrupted: false });
    expect(ended.summary.failed.map(({ cell }) => cell.arm)).toEqual(['full']);
    expect(ended.summary.report.arms[1]?.cells[0]).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/NaN/),
    });
    expect(ended.summary.report.arms[1]?.mean).toBeNull();
  } finally {
    level.dispose();
  }
});

it('what a term of the caller learns in one cell is not what it starts the next one with', async () => {
  const level = parameter([1], 3);
  try {
    const own: Grid = { base, arms: [full, { name: 'again', settings: {} }], seeds: [7] };
    const { summary } = await run('learned', { grid: own, terms: [sinkingTerm(level)] });
    const [a, b] = summary.report.arms;
    expect(b?.mean).toEqual(a?.mean);
    const weights = await Promise.all(
      ['full-7', 'again-7'].map((cell) => readFile(at('learned/cells', cell, 'model.safetensors'))),
    );
    expect(weights[0]?.equals(weights[1] as Buffer)).toBe(true);
  } finally {
    level.dispose();
  }
});

describe('is refused before anything is trained', () => {
  const other = (changes: Partial<Grid>): Partial<AblateOptions> => ({ grid: { ...grid, ...changes } });

  it.each([
    ['a pattern that means no parameter', { freeze: ['image_encodr'] }, 'image_encodr'],
    ['a term that there is not', { drop: ['CLAX'] }, 'CLAX'],
    ['a number out of range', { epochs: 0 }, 'epochs'],
    ['a floor that is too high', { weighting: { beta: 0.5, floor: 0.9 } }, 'floor'],
  ])('an arm with %s, by its name', async (_, settings, complaint) => {
    const error = await errorOf(run('bad', other({ arms: [full, { name: 'bad one', settings }] })));
    expect(error.message).toContain("in the arm 'bad one'");
    expect(error.message).toContain(complaint);
    expect(error.code).toBe('argument');
    expect(existsSync(at('bad'))).toBe(false);
  });

  it.each([
    ['another base', () => other({ base: { ...base, batchSize: 4 } }), 'base.batchSize 4 instead of 8'],
    [
      'an arm of other settings',
      () => other({ arms: [{ ...full, settings: { clipNorm: 1 } }] }),
      'arms.full.clipNorm 1',
    ],
    ['another split', () => ({ test: undefined }), 'split "validation" instead of "test"'],
    ['other pairs', () => ({ train: catalogue.train.slice(1) }), 'data.train.pairs 21 instead of 22'],
    ['other terms', () => ({ terms: [sinkingTerm(tf.variable(tf.scalar(1)))] }), 'terms.0 "SINKING"'],
  ])('the folder of a grid with %s', async (_, changes, difference) => {
    const before = await readdir(at('whole'));
    const made = changes();
    const { train, validation } = catalogue;
    const test = withGaps(validation);
    const options: AblateOptions = { grid, train, validation, out: at('whole'), ...('test' in made ? {} : { test }) };
    const { test: _test, ...rest } = made as Partial<AblateOptions>;
    const error = await errorOf(ablateWith({ ...options, ...rest }, configOf));
    for (const term of rest.terms ?? []) tf.dispose(Object.values(term.module?.tree ?? {}) as tf.Variable[]);
    expect(error).toMatchObject({ code: 'data', expected: expect.stringContaining('whole') });
    expect(error.got).toContain(difference);
    expect(await readdir(at('whole'))).toEqual(before);
  });

  it('what is said as it is anyway is no other grid, and what changes no result may differ', async () => {
    const same = await run('whole', other({ base: { ...base, size: 'tiny', keepLast: 5 }, seeds: [7] }));
    expect(trained(same)).toEqual([]);
  });

  it('a folder that holds something else, and a result of other settings', async () => {
    await mkdir(at('taken'));
    await writeFile(at('taken/notes.txt'), '');
    expect(await errorOf(run('taken'))).toMatchObject({ code: 'file', got: 'a folder that holds notes.txt' });
    await rm(at('whole/grid.json'));
    for (const name of await readdir(at('whole'))) {
      if (name !== 'cells') await rm(at('whole', name));
    }
    const error = await errorOf(run('whole', other({ base: { ...base, learningRate: 0.5 } })));
    expect(error).toMatchObject({ code: 'data', expected: expect.stringContaining('cells/full-7') });
  });

  it('an arm whose model cannot be built', async () => {
    const { train, validation } = catalogue;
    const arms = [full, { name: 'bad one', settings: { fusion: { heads: 3 } } }];
    const error = await errorOf(ablateWith({ grid: { ...grid, arms }, train, validation, out: at('bad') }, configOf));
    expect(error.message).toContain("heads to be a divisor of width 8 in the arm 'bad one', got 3");
    expect(existsSync(at('bad'))).toBe(false);
  });

  it('no pairs', async () => {
    expect(await errorOf(run('empty', { test: [] }))).toMatchObject({ code: 'data', expected: 'test pairs' });
  });
});
