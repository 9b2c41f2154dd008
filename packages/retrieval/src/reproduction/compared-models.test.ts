import '@tensorflow/tfjs-backend-cpu';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recallRows } from '../ablation/recall-rows.js';
import { rankPairs } from '../embedding/model-embedder.js';
import { type SmallCatalogue, smallCatalogue } from '../testing/small-catalogue.js';
import { smallConfigs, smallReproduction } from '../testing/small-reproduction.js';
import { reproduceMissingWith } from './missing.js';
import { withModelFolder } from './open-model.js';

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
