import '@tensorflow/tfjs-backend-cpu';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { Item, Pair } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { recallRows } from '../ablation/recall-rows.js';
import { rankPairs } from '../embedding/model-embedder.js';
import { lockRun } from '../files/run-lock.js';
import { type SmallCatalogue, smallCatalogue } from '../testing/small-catalogue.js';
import { quickSettings, smallConfigs, smallReproduction } from '../testing/small-reproduction.js';
import { reproduceFigure4With } from './figure4.js';
import { reproduceFigure5With } from './figure5.js';
import { reproduceMissingWith } from './missing.js';
import { withModelFolder } from './open-model.js';
import type { ReproduceOptions } from './reproduce-options.js';

// Seconds alone, many more beside other tests on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

// All in one folder, as reproductions share their models.
let catalogue: SmallCatalogue;
beforeAll(async () => {
  catalogue = await smallCatalogue();
});
afterAll(() => catalogue.remove());

it('the curves of three models, every seed, from the cells of Table 1; made again, nothing is trained or embedded', async () => {
  const { options, trainings, measured } = smallReproduction(catalogue, 'curves', [7, 8]);
  const before = tf.memory().numTensors;
  const { report, files, training } = await reproduceMissingWith(options, smallConfigs);
  expect(tf.memory().numTensors).toBe(before);
  expect(training).toMatchObject({ finished: 10, cells: 10 });
  expect(report.models.map(({ name, runs }) => [name, runs.map(({ seed }) => seed)])).toEqual(
    ['UniECS', 'CLIP_SF', 'CLIP_FF'].map((name) => [name, [7, 8]]),
  );
  expect(report.conditions).toHaveLength(20);
  for (const { runs } of report.models) for (const { results } of runs) expect(results).toHaveLength(20);
  const [first] = report.models[0]?.runs ?? [];
  const [clean, , , , none] = first?.results ?? [];
  expect(clean?.counted).toEqual(
    await withModelFolder(join(options.out, 'cells/UniECS-7'), {}, async (embedder) =>
      recallRows(await rankPairs(embedder, options.evaluation)),
    ),
  );
  // The gaps of the pairs: some items have their image alone, and keep it.
  expect(report.conditions[4]?.counts).toMatchObject({ products: 16, removed: 12, kept: 2, absent: 2 });
  expect(none?.queries['v->v']).toBeLessThan(clean?.queries['v->v'] as number);
  expect(JSON.parse(await readFile(files.json, 'utf8'))).toEqual(JSON.parse(JSON.stringify(report)));
  const page = await readFile(files.page, 'utf8');
  expect(page.match(/<svg viewBox="0 0 480 250"/g)).toHaveLength(12);
  expect(page).toContain('items without an image, %');
  expect(report.manifest).toMatchObject({
    seeds: [7, 8],
    options: { drawSeed: 7 },
    data: { evaluation: { pairs: 8 } },
  });

  trainings.length = 0;
  measured.length = 0;
  const again = await reproduceMissingWith(options, smallConfigs);
  expect([trainings, measured]).toEqual([[], []]);
  const { manifest: _, ...figures } = again.report;
  expect(JSON.parse(JSON.stringify(report))).toMatchObject(figures);
  const other = await reproduceMissingWith({ ...options, drawSeed: 8 }, smallConfigs);
  expect(measured.length).toBeGreaterThan(0);
  expect(other.report.models[0]?.runs[0]?.results).not.toEqual(first?.results);
});

it('the five best of three models for the same queries, the right ones marked, pictures in the page', async () => {
  const { options, trainings, measured } = smallReproduction(catalogue, 'curves', [7, 8]);
  const { report, files } = await reproduceFigure4With({ ...options, queries: 2 }, smallConfigs);
  expect(trainings).toEqual([]);
  expect(report.rows.map(({ task }) => task)).toEqual(['t->v', 't->v', 'v->v', 'v->v', 'vt->vt', 'vt->vt']);
  for (const { task, line, query, partner, panels } of report.rows) {
    const row = options.evaluation.findIndex((pair) => pair.line === line);
    const { item1, item2 } = options.evaluation[row] as Pair;
    expect([query.id, partner.id]).toEqual([item1.id, item2.id]);
    if (task.startsWith('v-')) expect(item1.image).toBeDefined();
    expect(panels.map(({ model }) => model)).toEqual(['UniECS', 'CLIP_SF', 'CLIP_FF']);
    for (const { rank, best } of panels) {
      expect(best).toHaveLength(5);
      const place = best.findIndex(({ right }) => right);
      expect(place < 0 ? rank > 5 : place + 1 === rank).toBe(true);
      for (const { id, right } of best) expect(right).toBe(id === partner.id);
    }
  }
  const [folder] = report.manifest.models ?? [];
  const ranks = await withModelFolder(join(options.out, folder?.folder ?? ''), {}, async (embedder) => {
    const { results } = await rankPairs(embedder, options.evaluation);
    return new Map(
      results.map(({ task, queryRows, ranks: own }) => [
        task.name,
        new Map([...queryRows].map((row, i) => [row, own[i]])),
      ]),
    );
  });
  for (const { task, line, panels } of report.rows) {
    const row = options.evaluation.findIndex((pair) => pair.line === line);
    expect(panels[0]?.rank).toBe(ranks.get(task)?.get(row));
  }
  const page = await readFile(files.page, 'utf8');
  expect(page).toContain('img-src data:');
  expect(page.match(/<li class="product right">/g)).toHaveLength(
    // The right answer beside each query, and wherever it was found.
    report.rows.flatMap(({ panels }) => [true, ...panels.flatMap(({ best }) => best.filter(({ right }) => right))])
      .length,
  );
  for (const [, address = ''] of page.matchAll(/<img src="([^"]*)"/g))
    expect(address).toMatch(/^data:image\/jpeg;base64,\/9j/);

  const drawn = ({ rows }: typeof report) => rows.map(({ task, line }) => `${task} ${line}`);
  measured.length = 0;
  expect(drawn((await reproduceFigure4With({ ...options, queries: 2 }, smallConfigs)).report)).toEqual(drawn(report));
  expect(measured).toEqual([]);
  const other = await reproduceFigure4With({ ...options, queries: 2, drawSeed: 9, tasks: ['t->t'] }, smallConfigs);
  expect(new Set(other.report.rows.map(({ task }) => task))).toEqual(new Set(['t->t']));
  await expect(reproduceFigure4With({ ...options, tasks: ['t->x'] }, smallConfigs)).rejects.toThrow(/got 't->x'/);
  const untitled = options.evaluation.map(({ item1: { title: _, ...item1 }, ...pair }) => ({ ...pair, item1 }));
  await expect(reproduceFigure4With({ ...options, evaluation: untitled }, smallConfigs)).rejects.toThrow(
    /what t->v asks for/,
  );
});

it('v, t and f of the same items in one plane, and the gap between their centroids, model by model', async () => {
  const { options, trainings, measured } = smallReproduction(catalogue, 'curves', [7, 8]);
  const layout = { items: 9, iterations: 40 };
  const { report, files } = await reproduceFigure5With({ ...options, ...layout }, smallConfigs);
  expect(trainings).toEqual([]);
  expect(report.models.map(({ name, seed }) => [name, seed])).toEqual(
    ['UniECS', 'CLIP_SF', 'CLIP_FF'].map((name) => [name, 7]),
  );
  const all = new Map(options.evaluation.flatMap(({ item1, item2 }) => [item1, item2]).map((item) => [item.id, item]));
  const items = report.items.map((id) => all.get(id) as Item);
  expect(new Set(report.items).size).toBe(9);
  expect(items.every(({ image, title }) => image !== undefined && title !== undefined)).toBe(true);
  for (const { places, gaps, folder } of report.models) {
    for (const own of Object.values(places)) expect(own).toHaveLength(18);
    await withModelFolder(join(options.out, folder), {}, async (embedder) => {
      const { image, text, dimension } = await embedder.embed(items);
      const mean = (data: Float32Array, k: number) =>
        items.reduce((sum, _, i) => sum + (data[i * dimension + k] as number), 0) / items.length;
      const gap = Math.hypot(...Array.from({ length: dimension }, (_, k) => mean(image, k) - mean(text, k)));
      expect(gaps.imageText).toBeCloseTo(gap, 5);
    });
  }
  const page = await readFile(files.page, 'utf8');
  expect(page.match(/<path class="dots cloud c\d"/g)).toHaveLength(9);
  for (const { gaps } of report.models) expect(page).toContain(`v and t: ${gaps.imageText.toFixed(3)}`);
  expect(report.manifest.options).toEqual({ items: 9, perplexity: 3, iterations: 40, drawSeed: 7 });

  measured.length = 0;
  const again = await reproduceFigure5With({ ...options, ...layout }, smallConfigs);
  expect(measured).toEqual([]);
  expect(again.report.models).toEqual(report.models);
  const few = options.evaluation.slice(0, 2);
  await expect(reproduceFigure5With({ ...options, evaluation: few }, smallConfigs)).rejects.toThrow(/at least 5 items/);
});

it('a model that cannot be had stops a figure with its reason: a failed training, another process, an interruption', async () => {
  const { options } = smallReproduction(catalogue, 'stopped');
  const code = async (changes: Partial<ReproduceOptions>) =>
    reproduceFigure5With({ ...options, ...changes }, smallConfigs).then(
      () => 'none',
      (error: unknown) => (UniecsError.isInstance(error) ? `${error.code}: ${error.got}` : String(error)),
    );
  expect(await code({ signal: AbortSignal.abort() })).toBe('interrupted: the signal to stop with 0 of 5 done');
  await mkdir(join(options.out, 'cells'), { recursive: true });
  const release = await lockRun(join(options.out, 'cells'), 'UniECS-7.lock');
  const given = ['CLIP_SF', 'CLIP_FF'].map((name) => ({
    name,
    folder: join(catalogue.folder, 'curves/cells/CLIP-SF-7'),
  }));
  expect(await code({ given })).toBe('unavailable: cells/UniECS-7 in the hands of another process');
  release();
  const training = options.training && {
    ...options.training,
    settings: { ...quickSettings, learningRate: 1e38, steps: 9, maxSkippedSteps: 1 },
  };
  expect(await code({ given, training, out: join(catalogue.folder, 'failed') })).toMatch(/^numeric: UniECS, seed 7: /);
});
