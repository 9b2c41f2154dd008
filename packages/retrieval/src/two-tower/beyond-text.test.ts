import '@tensorflow/tfjs-backend-cpu';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadTokenizer } from '@uniecs/encoders/node';
import { ndcgAtK } from '@uniecs/mbeer';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type BeyondTextEvent, type BeyondTextOptions, beyondText } from './beyond-text.js';
import { queryData } from './query-data.js';
import { readRecipeRanks } from './recipe-cell.js';
import { generatedFields as fields, type QueryCatalogue, queryCatalogue } from './testing/query-catalogue.js';
import { smallConfigOf } from './testing/small-two-tower.js';
import { twoTowerArms } from './two-tower-settings.js';
import { writeBeyondText } from './write-beyond-text.js';

// Seconds alone, many more beside other tests on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let catalogue: QueryCatalogue;
beforeAll(async () => {
  catalogue = await queryCatalogue(160);
});
afterAll(() => catalogue.remove());

const at = (...parts: string[]) => join(catalogue.folder, ...parts);
const data = { fields, trainQueriesPerKind: 10 };
const settings = { batchSize: 6, steps: 5, alignmentShare: 0.4, warmupSteps: 1, dataWorkers: 0 };
const recipe = async (out: string, options: Partial<BeyondTextOptions> = {}) => {
  const events: BeyondTextEvent[] = [];
  const onEvent = (event: BeyondTextEvent) => {
    events.push(event);
    options.onEvent?.(event);
  };
  const given = { items: catalogue.items, data, settings, seeds: [3, 4], configOf: smallConfigOf, ...options };
  return { ...(await beyondText({ ...given, out: at(out), onEvent })), events };
};
/** Folders of the cells in which a step was taken. */
const trained = (events: readonly BeyondTextEvent[]) => [
  ...new Set(events.flatMap((event) => (event.type === 'training' ? [event.cell.folder] : []))),
];
const two = twoTowerArms.filter(({ name }) => ['full', 'without alignment'].includes(name));

describe('beyondText', () => {
  it('trains every arm with every seed for as many steps, and compares them on products that nothing was fitted on', async () => {
    const { report, events, ...summary } = await recipe('whole');
    expect(summary).toEqual({ finished: 10, cells: 10, failed: [], busy: [], interrupted: false });
    const [first] = events;
    expect(first).toMatchObject({ type: 'recipe', cells: 10, finished: 0, totalSteps: 5 });
    for (const cell of trained(events)) {
      const steps = events.filter((event) => event.type === 'training' && event.cell.folder === cell);
      expect(steps).toHaveLength(5);
    }
    expect(report.arms.map(({ name }) => name)).toEqual(twoTowerArms.map(({ name }) => name));
    const { test } = queryData(catalogue.items, data);
    for (const arm of report.arms) {
      expect(arm.seeds).toEqual([3, 4]);
      expect(arm.afterAlignment !== null).toBe(arm.alignment);
      expect(arm.gap !== null).toBe(arm.name !== 'full');
      for (const run of arm.runs) {
        expect(run.status).toBe('finished');
        const ranks = await readRecipeRanks(at('whole', run.folder), 'test');
        expect(ranks.map(({ length }) => length)).toEqual(test.queries.map(({ relevant }) => relevant.length));
        expect(run.status === 'finished' && run.values.test['nDCG@10']).toBe(ndcgAtK(ranks, 10));
      }
    }
    const [full, without] = report.arms;
    const difference = (without?.mean?.test['R@10'] as number) - (full?.mean?.test['R@10'] as number);
    expect(without?.gap?.['R@10']?.difference).toBeCloseTo(difference, 12);
    expect(report.warnings).toEqual([expect.stringContaining('frozen encoders are random ones')]);

    expect(JSON.parse(await readFile(at('whole', 'beyond-text.json'), 'utf8'))).toEqual(report);
    const table = await readFile(at('whole', 'beyond-text.md'), 'utf8');
    expect(table).toContain('| arm | R@10 | R@50 | R@100 | nDCG@10 | nDCG@50 | hit@1 | hit@10 |');
    expect(table).toContain('| frozen without alignment | 3 | finished | fusion 5 |');
    expect(table).toContain('| full | 3 | finished | alignment 2, fusion 3 |');
    const page = await readFile(at('whole', 'beyond-text.html'), 'utf8');
    expect(page).toContain('Content-Security-Policy');
    expect(page).not.toMatch(/(src|href)=/);
  });

  it('fits the tokenizer on the training part alone', async () => {
    const heldOut = queryData(catalogue.items, data).test.products;
    const marked = catalogue.items.map((item) =>
      heldOut.some(({ id }) => id === item.id) ? { ...item, title: `${item.title} zyzzyva` } : item,
    );
    await recipe('marked', { items: marked, arms: two.slice(0, 1), seeds: [3], settings: { ...settings, steps: 2 } });
    const read = async (out: string) =>
      JSON.parse(await readFile(at(out, 'cells/full-3/fusion/tokenizer.json'), 'utf8')) as object;
    expect(await read('marked')).toEqual(await read('whole'));
    expect(loadTokenizer(await read('marked')).vocabularySize).toBeGreaterThan(20);
  });

  it('called again it trains nothing; a new seed and a new arm are trained beside what is there', async () => {
    const again = await recipe('whole');
    expect(trained(again.events)).toEqual([]);
    const { writtenAt: _, ...report } = again.report;
    expect(await writeBeyondText(at('whole'))).toMatchObject(report);
    const small = { arms: two.slice(0, 1), seeds: [3] };
    const begun = await recipe('grown', small);
    const grown = await recipe('grown', { arms: two, seeds: [3, 4] });
    expect(trained(grown.events)).toEqual(['cells/without-alignment-3', 'cells/full-4', 'cells/without-alignment-4']);
    expect(grown.report.arms[0]?.runs[0]).toEqual(begun.report.arms[0]?.runs[0]);
    expect(grown.report.runs).toEqual({ planned: 4, finished: 4 });
  });

  it('stopped in a stage it goes on from there, with the figures of a run without a stop', async () => {
    const stop = new AbortController();
    const begun = await recipe('stopped', {
      ...{ arms: two, seeds: [3], signal: stop.signal },
      onEvent: (event) => {
        if (event.type === 'training' && event.event.stage === 'fusion' && event.event.step === 2) stop.abort();
      },
    });
    expect(begun).toMatchObject({ finished: 0, cells: 2, interrupted: true });
    expect(begun.report.arms[0]).toMatchObject({ mean: null, runs: [{ status: 'unfinished' }] });
    const rest = await recipe('stopped', { arms: two, seeds: [3] });
    const steps = rest.events.flatMap((event) =>
      event.type === 'training' && event.cell.arm.name === 'full' ? [`${event.event.stage} ${event.event.step}`] : [],
    );
    expect(steps).toEqual(['fusion 3']);
    const whole = JSON.parse(await readFile(at('whole', 'cells/full-3/result.json'), 'utf8'));
    const parts = JSON.parse(await readFile(at('stopped', 'cells/full-3/result.json'), 'utf8'));
    for (const name of ['test', 'validation', 'afterAlignment', 'fingerprint'])
      expect(parts[name]).toEqual(whole[name]);
    expect(await readdir(at('stopped', 'cells/full-3/fusion'))).not.toContain('checkpoints');
  });

  it('starts from the encoders of a model folder, with its tokenizer', async () => {
    // Stage 1 of a run has encoders by the names that a model folder has them under.
    const init = at('whole', 'cells/full-3/alignment');
    const { report } = await recipe('started', { init, arms: two.slice(0, 1), seeds: [3] });
    expect(report.recipe.init).toMatch(/^[0-9a-f]{64}$/);
    expect(report.arms[0]?.mean?.test).not.toEqual(
      JSON.parse(await readFile(at('whole', 'beyond-text.json'), 'utf8')).arms[0].mean.test,
    );
    await expect(recipe('started', { arms: two.slice(0, 1), seeds: [3] })).rejects.toThrow(
      /the recipe that .* was started with/,
    );
    await expect(recipe('no-init', { init: at('nowhere') })).rejects.toMatchObject({ code: 'file' });
  });

  it('refuses another recipe in the same folder, and a folder that holds something else', async () => {
    await expect(recipe('whole', { settings: { ...settings, learningRate: 0.5 } })).rejects.toThrow(
      /beyondText: expected the recipe that .*whole was started with, got settings.learningRate 0.5 instead of 0.001/,
    );
    await expect(recipe('whole', { items: catalogue.items.slice(10) })).rejects.toMatchObject({ code: 'data' });
    const changed = two.map((arm) => ({ ...arm, encoders: 'frozen' as const }));
    await expect(recipe('whole', { arms: changed })).rejects.toThrow(
      /arms.full.encoders "frozen" instead of "trained"/,
    );
    await mkdir(at('taken'), { recursive: true });
    await writeFile(at('taken', 'thesis.txt'), '');
    await expect(recipe('taken')).rejects.toThrow(/a folder that holds thesis.txt/);
    await rm(at('taken'), { recursive: true });
  });

  it.each([
    ['no arm', { arms: [] }, 'at least one arm'],
    [
      'two arms of one name',
      { arms: [...two, ...two] },
      "arms of different names, with a letter or a digit, got 'full'",
    ],
    ['no seed', { seeds: [] }, 'at least one seed'],
    ['a seed twice', { seeds: [1, 1] }, 'seeds that are different whole numbers'],
    ['one step for two stages', { settings: { ...settings, steps: 1 } }, 'at least two steps, one for each stage'],
    ['a share of one', { settings: { ...settings, alignmentShare: 1 } }, 'alignmentShare to be above 0 and below 1'],
    ['an unknown size', { settings: { ...settings, size: 'huge' as never } }, 'size to be tiny or small or base'],
    ['fields that the catalogue has not', { data: {} }, "products with the field 'articleType'"],
  ] as const)('refuses %s before anything is written', async (_, change, complaint) => {
    await expect(recipe('never', change as Partial<BeyondTextOptions>)).rejects.toThrow(complaint);
    await expect(readdir(at('never'))).rejects.toThrow();
  });

  it('asks for titles where an arm reads titles alone', async () => {
    const [, ...rest] = catalogue.items;
    const { title: _, ...first } = catalogue.items[0] as (typeof rest)[number];
    await expect(recipe('untitled', { items: [first, ...rest] })).rejects.toThrow(
      /a title of every product for the arm 'text only'/,
    );
  });

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    await recipe('clean', { arms: two.slice(0, 1), seeds: [3], settings: { ...settings, steps: 2 } });
    expect(tf.memory().numTensors).toBe(before);
  });
});
