import '@tensorflow/tfjs-backend-cpu';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishedTables } from '@uniecs/mbeer';
import { readItems } from '@uniecs/mbeer/node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SmallCatalogue, smallCatalogue } from '../testing/small-catalogue.js';
import { quickSettings, smallConfigs, smallReproduction } from '../testing/small-reproduction.js';
import { reproduceFigure3 } from './figure3.js';
import { reproduceFigure6With } from './figure6.js';
import type { ReproduceOptions } from './reproduce-options.js';
import { reproduceTable4With } from './table4.js';
import { betaArms, storedArms, table4Arms } from './uniecs-arms.js';

// Seconds alone, many more beside other tests on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

let catalogue: SmallCatalogue;
beforeAll(async () => {
  catalogue = await smallCatalogue();
});
afterAll(() => catalogue.remove());

/** A term of each group, so that dropping a group leaves others. */
function quick(): { options: ReproduceOptions; trainings: string[] } {
  const { options, trainings } = smallReproduction(catalogue, 'tables');
  const settings = { ...quickSettings, drop: ['V2T', 'PDC', 'T2T'] };
  return { options: { ...options, training: options.training && { ...options.training, settings } }, trainings };
}

describe('arms of UniECS', () => {
  it('are stored by names that tell presets apart, and what changes nothing is the model of Table 1', () => {
    const names = (arms: ReturnType<typeof table4Arms>) => arms.map(({ shown, stored }) => [shown.name, stored.name]);
    expect(names(table4Arms('recommended', {}))).toEqual([
      ['full', 'UniECS'],
      ...['CMAL', 'CLAL', 'IMCL', 'gating'].map((part) => [`without ${part}`, `UniECS without ${part}`]),
    ]);
    expect(names(betaArms([0, 0.5], 'paper', {}))).toEqual([
      ['beta 0', 'UniECS paper beta 0'],
      ['beta 0.5', 'UniECS paper'],
    ]);
    expect(betaArms([0.25], 'paper', {})[0]?.stored.settings).toEqual({ preset: 'paper', weighting: { beta: 0.25 } });
    expect(names(betaArms([0], 'recommended', {}))).toEqual([['beta 0', 'UniECS']]);
  });

  it('that train the same are trained once', () => {
    const arms = table4Arms('recommended', { drop: ['CMAL'] });
    expect(storedArms(arms).map(({ name }) => name)).toEqual([
      ...['UniECS', 'UniECS without CLAL', 'UniECS without IMCL', 'UniECS without gating'],
    ]);
  });
});

it('Table 4 has the five arms, their differences from the full model, and the published table beside them', async () => {
  const { options, trainings } = quick();
  const { report, files, training } = await reproduceTable4With(options, smallConfigs);
  expect(training).toMatchObject({ finished: 5, cells: 5 });
  const arms = ['full', 'without CMAL', 'without CLAL', 'without IMCL', 'without gating'];
  expect(report.comparison.arms.map(({ name }) => name)).toEqual(arms);
  expect(report.comparison).toMatchObject({ baseline: 'full', cells: { planned: 5, finished: 5 }, warnings: [] });
  expect(report.comparison.arms[0]?.cells[0]?.folder).toBe('cells/UniECS-7');
  for (const arm of report.comparison.arms.slice(1)) expect(arm.difference?.mean?.['R@10']).not.toBeNull();
  for (const [task, rows] of Object.entries(publishedTables.table4)) {
    expect(arms.map((arm) => report.published[arm]?.[task])).toEqual(Object.values(rows));
  }
  expect(JSON.parse(await readFile(files.json, 'utf8'))).toEqual(JSON.parse(JSON.stringify(report)));
  const page = await readFile(files.page, 'utf8');
  const line =
    /<tr><th scope="row">without CMAL<\/th>.*?<\/tr>/.exec(page.slice(page.indexOf('id="table"')))?.[0] ?? '';
  const published = [...line.matchAll(/<td class="published[^"]*">(?:<data value="([^"]*)">)?/g)].map(
    ([, value]) => value,
  );
  const block = ['t->v', 't->t', 't->vt'];
  const printed = block.flatMap((task) => report.published['without CMAL']?.[task] ?? []);
  expect(published).toEqual(printed.map((value) => (value === null ? undefined : `${value}`)));
  expect(report.manifest).toMatchObject({ seeds: [7], options: { preset: 'recommended' }, split: 'test' });
  trainings.length = 0;
  await reproduceTable4With(options, smallConfigs);
  expect(trainings).toEqual([]);
});

it('Figure 6 sweeps beta in the same folder, with a chart, and trains the beta of the preset as the model of Table 1', async () => {
  const { options, trainings } = quick();
  const { report, files } = await reproduceFigure6With({ ...options, betas: [0, 0.5] }, smallConfigs);
  expect(trainings).toEqual(['cells/UniECS-paper-beta-0-7', 'cells/UniECS-paper-7']);
  expect(report.comparison).toMatchObject({ sweep: 'weighting.beta', baseline: 'beta 0', base: { preset: 'paper' } });
  expect(report.comparison.arms.map(({ value, seeds }) => [value, seeds])).toEqual([
    [0, [7]],
    [0.5, [7]],
  ]);
  const page = await readFile(files.page, 'utf8');
  expect(page).toContain('R@10 by weighting.beta');
  expect(page).toContain(report.notes[0]?.slice(0, 20).replace(/"/g, '&quot;'));
});

describe('Figure 3', () => {
  const items = async () =>
    (await readItems(join(catalogue.folder, 'catalogue', 'catalog.jsonl'), { check: 'fields' })).items;
  const options = async (more: object = {}) => ({
    ...{ out: join(catalogue.folder, 'tables'), evaluation: catalogue.validation, split: 'validation' as const },
    ...{ catalogue: await items(), catalogueSha256: 'abc', category: 'kind', ...more },
  });

  it('counts the products of the pairs by a field of the catalogue, the most frequent first', async () => {
    const { report, files } = await reproduceFigure3(await options());
    const ids = new Set(catalogue.validation.flatMap(({ item1, item2 }) => [item1.id, item2.id]));
    const kinds = (await items()).flatMap(({ id, metadata }) => (ids.has(id) ? [metadata.kind] : []));
    expect(report.products).toBe(16);
    expect(report.counts.reduce((sum, { count }) => sum + count, 0)).toBe(16);
    for (const { name, count } of report.counts) expect(count).toBe(kinds.filter((kind) => kind === name).length);
    expect(report.counts.map(({ count }) => count)).toEqual(
      report.counts.map(({ count }) => count).sort((a, b) => b - a),
    );
    const page = await readFile(files.page, 'utf8');
    expect(page.match(/<rect class="bar/g)).toHaveLength(report.counts.length);
    expect(report.manifest.data.evaluation).toEqual({ pairs: 8, sha256: expect.any(String) });
  });

  it('says which products have no category, and refuses a catalogue that says nothing of any', async () => {
    const some = (await items()).filter(({ id }) => id !== catalogue.validation[0]?.item1.id);
    const { report } = await reproduceFigure3(await options({ catalogue: some }));
    expect(report).toMatchObject({ unknown: 1, warnings: ['1 of 16 products have no kind in the catalogue.'] });
    await expect(reproduceFigure3(await options({ category: 'articleType' }))).rejects.toThrow(
      /field articleType of the 16 products, got the fields brand, kind, .*name the field/,
    );
    await expect(reproduceFigure3(await options({ catalogue: [] }))).rejects.toThrow(/one that knows none of them/);
  });
});
