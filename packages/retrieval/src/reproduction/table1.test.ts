import '@tensorflow/tfjs-backend-cpu';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { type ItemVectors, publishedTables } from '@uniecs/mbeer';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CellOnDisk } from '../ablation/ablation-report.js';
import { type SmallCatalogue, smallCatalogue } from '../testing/small-catalogue.js';
import { smallConfigs, smallReproduction } from '../testing/small-reproduction.js';
import { chosenArm } from './choose-arm.js';
import { baselineMethods } from './methods.js';
import { type ImportedEmbeddings, reproduceTable1With, type Table1Options } from './table1.js';
import type { Table1Report, Table1Row } from './table1-report.js';

// Seconds alone, many more beside other tests on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

let catalogue: SmallCatalogue;
beforeAll(async () => {
  catalogue = await smallCatalogue();
});
afterAll(() => catalogue.remove());

const row = ({ rows }: Table1Report, name: string) => rows.find((one) => one.name === name) as Table1Row;

/** Unit vectors of every product of the pairs. */
function vectors(...views: ('image' | 'text' | 'fused')[]): ItemVectors {
  const ids = catalogue.validation.flatMap(({ item1, item2 }) => [item1.id, item2.id]);
  const matrix = (view: string) => {
    const random = seededRandom(view);
    return Float32Array.from(
      ids.flatMap(() => {
        const angle = random.uniform();
        return [Math.cos(angle), Math.sin(angle)];
      }),
    );
  };
  return { ids, dimension: 2, ...Object.fromEntries(views.map((view) => [view, matrix(view)])) };
}
const imported = (name: string, found: ItemVectors, more: Partial<ImportedEmbeddings> = {}): ImportedEmbeddings => ({
  ...{ name, file: `${name}.npy`, sha256: 'abc', vectors: found },
  ...more,
});
async function reproduced(options: Table1Options) {
  const before = tf.memory().numTensors;
  const result = await reproduceTable1With(options, smallConfigs);
  expect(tf.memory().numTensors).toBe(before);
  return result;
}

it('of a baseline trained in two ways the better on validation stands, the first of equals, over all seeds that are done', () => {
  const [method] = baselineMethods as [(typeof baselineMethods)[number]];
  const [nine, fused] = method.arms.map(({ name }) => name) as [string, string];
  const cell = (arm: string, seed: number, value: number) =>
    ({ arm, seed, folder: '', status: 'finished', result: { best: { value, step: 1 } } }) as CellOnDisk;
  const cells = [cell(nine, 7, 0.5), cell(nine, 8, 0.3), cell(fused, 7, 0.41)];
  expect(chosenArm(method, cells)).toBe(fused);
  expect(chosenArm(method, cells.slice(0, 1))).toBe(nine);
  expect(chosenArm(method, [cell(fused, 7, 0.5), cell(nine, 7, 0.5)])).toBe(nine);
  expect(chosenArm(method, [{ arm: nine, seed: 7, folder: '', status: 'missing' }])).toBeUndefined();
});

describe('Table 1', () => {
  it('has a row for every method of the paper: those that are trained, and those whose embeddings nobody has', async () => {
    const { options, trainings } = smallReproduction(catalogue, 'whole');
    const { report, files, training } = await reproduced(options);
    expect(training).toMatchObject({ finished: 6, cells: 6, failed: [], interrupted: false });
    expect(trainings).toHaveLength(6);
    expect(report.rows.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
      'CLIP_SF: trained',
      'CLIP_FF: trained',
      ...['BLIP_SF', 'BLIP_FF', 'BGE-VL-large', 'GME-Qwen2VL', 'MM-Embed'].map((name) => `${name}: empty`),
      'UniECS: trained',
      'UniECS paper: trained',
    ]);
    expect(JSON.parse(await readFile(files.json, 'utf8'))).toEqual(JSON.parse(JSON.stringify(report)));
    for (const method of ['CLIP_SF', 'CLIP_FF']) {
      const ways = report.trainings.filter((one) => one.method === method);
      expect(ways.map(({ arm }) => arm)).toEqual([method, `${method} fused`]);
      const [better] = [...ways].sort((a, b) => (b.validation as number) - (a.validation as number));
      expect(row(report, method).arm).toBe(better?.arm);
      const own = report.comparison?.arms.find(({ name }) => name === better?.arm);
      expect(row(report, method).mean).toEqual(own?.mean);
    }
    expect(report.comparison?.baseline).toBe('UniECS');
    expect(report.comparison?.arms.map(({ seeds }) => seeds)).toEqual(Array(6).fill([7]));
    expect(row(report, 'UniECS')).toMatchObject({
      dimension: 8,
      parameters: expect.any(Number),
      deviation: { mean: { 'R@10': null } },
    });
    expect(report.manifest).toMatchObject({
      ...{ version: 1, split: 'test', seeds: [7], settings: { steps: 2 } },
      data: { train: { pairs: 22 }, validation: { pairs: 8 }, evaluation: { pairs: 8, images: { unreadable: 0 } } },
      models: expect.arrayContaining([expect.objectContaining({ name: 'UniECS', seed: 7, folder: 'cells/UniECS-7' })]),
    });
    expect(report.manifest.models?.every(({ weights }) => /^[0-9a-f]{64}$/.test(weights))).toBe(true);
  });

  it('has the published figures in columns of their own, marked as such, and no number of ours among them', async () => {
    const { options } = smallReproduction(catalogue, 'whole');
    const { report, files } = await reproduced(options);
    for (const { name, published } of report.rows) {
      const method = name === 'UniECS paper' ? 'UniECS' : name;
      for (const [task, methods] of Object.entries(publishedTables.table1.mbeer)) {
        expect(published?.recall[task]).toEqual(methods[method]);
      }
    }
    const page = await readFile(files.page, 'utf8');
    expect(page.match(/<th [^>]*colspan="3">vt-&gt;v, published<\/th>/g)).toHaveLength(1);
    expect(page.match(/>import embeddings</g)).toHaveLength(5 * 11);
    expect(page).toContain('--embeddings GME-Qwen2VL=FILE');
    expect(page).not.toMatch(/(src|href)="(?!data:)/);
    const line = /<tr><th scope="row">UniECS<\/th>.*?<\/tr>/.exec(page.slice(page.indexOf('id="table"')))?.[0] ?? '';
    const shown = [...line.matchAll(/<td( class="published[^"]*")?>(?:<data value="([^"]*)">)?/g)];
    const values = (own: boolean) =>
      shown.filter(([, kind]) => (kind === undefined) === own).map(([, , value]) => value);
    const { mean, published } = row(report, 'UniECS');
    const text = (value: number | null | undefined) => (typeof value === 'number' ? `${value}` : undefined);
    const block = ['t->v', 't->t', 't->vt'];
    expect(values(true)).toEqual(block.flatMap((task) => [1, 5, 10].map((k) => text(mean?.[task]?.[`R@${k}`]))));
    expect(values(false)).toEqual(block.flatMap((task) => (published?.recall[task] ?? []).map(text)));
  });

  it('trains nothing twice, and judges a folder that is given as the training that wrote it', async () => {
    const { options, trainings, measured } = smallReproduction(catalogue, 'whole');
    const first = await reproduced(options);
    expect(trainings).toEqual([]);
    const cells = (arm: string) => join(options.out, 'cells', `${arm}-7`);
    const given = [
      { name: 'UniECS', folder: cells('UniECS') },
      { name: 'CLIP_SF', folder: cells('CLIP-SF') },
      { name: 'CLIP_FF', folder: cells('CLIP-FF') },
      { name: 'UniECS paper', folder: cells('UniECS-paper') },
      { name: 'mine', folder: cells('UniECS-paper') },
    ];
    const { training: _, ...alone } = options;
    const out = join(catalogue.folder, 'given');
    const { report, training } = await reproduced({ ...alone, out, given });
    expect(training).toBeUndefined();
    for (const name of ['UniECS', 'UniECS paper']) expect(row(report, name).mean).toEqual(row(first.report, name).mean);
    expect(row(report, 'mine')).toMatchObject({
      kind: 'given',
      published: null,
      mean: row(report, 'UniECS paper').mean,
    });
    expect(report).toMatchObject({ comparison: null, trainings: [], manifest: { data: { evaluation: { pairs: 8 } } } });
    expect(report.manifest.data).not.toHaveProperty('train');
    const done = measured.length;
    expect(done).toBeGreaterThan(0);
    await reproduced({ ...alone, out, given });
    expect(measured).toHaveLength(done);
  });

  it('fills the row of embeddings that are imported, and leaves out what they have no view for', async () => {
    const { options } = smallReproduction(catalogue, 'whole');
    const { report } = await reproduced({
      ...options,
      embeddings: [
        imported('blip_sf', vectors('image', 'text'), { fuse: 'sum' }),
        imported('MM-Embed', vectors('image', 'text')),
        imported('ours', vectors('image', 'text', 'fused'), { fuse: 'sum' }),
      ],
    });
    expect(row(report, 'BLIP_SF')).toMatchObject({ kind: 'imported', dimension: 2, parameters: null, notCounted: [] });
    expect(row(report, 'BLIP_SF').mean?.mean?.['R@10']).toBeGreaterThan(0);
    expect(row(report, 'BLIP_SF').published?.method).toBe('BLIP_SF');
    expect(row(report, 'MM-Embed')).toMatchObject({
      notCounted: ['t->vt', 'v->vt', 'vt->t', 'vt->v', 'vt->vt'],
      mean: { mean: { 'R@10': null }, 'vt->vt': { 'R@10': null }, 't->t': { 'R@10': expect.any(Number) } },
    });
    expect(report.rows.at(-1)).toMatchObject({ name: 'ours', published: null });
    expect(report.manifest.embeddings?.[0]).toEqual({
      name: 'BLIP_SF',
      file: 'blip_sf.npy',
      sha256: 'abc',
      items: 16,
      dimension: 2,
    });
  });

  it('stopped, is written with what is there, and goes on', async () => {
    const stop = new AbortController();
    const { options, trainings } = smallReproduction(catalogue, 'stopped');
    const onEvent: NonNullable<NonNullable<Table1Options['training']>['onEvent']> = (event) => {
      options.training?.onEvent?.(event);
      if (event.type === 'cell' && event.status === 'started' && event.cell.arm === 'CLIP_FF') stop.abort();
    };
    const training = options.training && { ...options.training, onEvent };
    const stopped = await reproduced({ ...options, training, signal: stop.signal });
    expect(stopped.training).toMatchObject({ interrupted: true, finished: 2 });
    expect(row(stopped.report, 'CLIP_SF').mean).not.toBeNull();
    expect(row(stopped.report, 'UniECS')).toMatchObject({ kind: 'empty', note: 'no result yet' });
    expect(stopped.report.warnings[0]).toBe('4 of 6 runs have no result yet.');
    trainings.length = 0;
    const { report } = await reproduced(options);
    expect(trainings).not.toContain('cells/CLIP-SF-7');
    expect(row(report, 'UniECS').mean).not.toBeNull();
  });
});

describe('refuses', () => {
  const errorOf = async (changes: Partial<Table1Options>) => {
    const { options } = smallReproduction(catalogue, 'refused');
    const error = await reproduceTable1With({ ...options, ...changes }, smallConfigs).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!UniecsError.isInstance(error)) throw new Error(`no UniecsError but ${error}`);
    return error;
  };

  it('embeddings by the name of a trained method, a name twice, and vectors that do not fit, before anything is trained', async () => {
    const found = vectors('image');
    expect((await errorOf({ embeddings: [imported('UniECS', found)] })).message).toContain(
      "'UniECS', which is trained or given",
    );
    expect((await errorOf({ embeddings: [imported('x', found), imported('x', found)] })).message).toContain(
      "two called 'x'",
    );
    const data = found.image?.slice() as Float32Array;
    data[3] = Number.NaN;
    expect(await errorOf({ embeddings: [imported('x', { ...found, image: data })] })).toMatchObject({ code: 'data' });
  });

  it('to train without pairs, settings that are its own to choose, a folder without weights, and one that holds something else', async () => {
    const { options } = smallReproduction(catalogue, 'refused');
    expect(await errorOf({ training: undefined })).toMatchObject({
      code: 'argument',
      expected: expect.stringContaining('CLIP_SF'),
    });
    const training = options.training as NonNullable<Table1Options['training']>;
    expect(await errorOf({ training: { ...training, settings: { preset: 'paper' } } })).toMatchObject({
      code: 'argument',
      got: 'preset paper',
    });
    const given = ['UniECS', 'UniECS paper', 'CLIP_SF', 'CLIP_FF'].map((name) => ({ name, folder: catalogue.folder }));
    expect(await errorOf({ given })).toMatchObject({ code: 'file' });
    expect(await errorOf({ out: catalogue.folder })).toMatchObject({
      code: 'file',
      got: expect.stringContaining('holds'),
    });
    await rm(join(catalogue.folder, 'refused'), { recursive: true, force: true });
  });
});
