import '@tensorflow/tfjs-backend-cpu';
import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { readSafetensors } from '@uniecs/tensor/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SmallCatalogue, smallCatalogue } from '../testing/small-catalogue.js';
import { quickSettings as base, smallConfigs as configOf } from '../testing/small-reproduction.js';
import { trainWith } from '../training/train.js';
import { type AblateOptions, ablateWith } from './ablate.js';
import type { Grid } from './grid.js';
import type { AblationEvent } from './run-grid.js';

const grid: Grid = {
  base: { ...base, freeze: ['encoders'] },
  arms: [
    { name: 'frozen', settings: {} },
    // Its fusion has other parameters than that of the folder.
    { name: 'no gates', settings: { fusion: { gating: false } } },
    { name: 'all', settings: { freeze: [] } },
  ],
  seeds: [8],
};

let catalogue: SmallCatalogue;
const at = (...parts: string[]) => join(catalogue.folder, ...parts);

async function start(out: string, seed: number): Promise<void> {
  const { train, validation } = catalogue;
  await trainWith({ settings: { ...base, seed }, train, validation, out: at(out) }, configOf);
}

async function run(out: string, changes: Partial<AblateOptions> = {}, from: string | null = 'start') {
  const { train, validation } = catalogue;
  const [events, before]: [AblationEvent[], number] = [[], tf.memory().numTensors];
  const given = { grid, train, validation, features: at('features'), bootstrap: { resamples: 9 } };
  const init = from === null ? {} : { init: at(from) };
  const onEvent = (event: AblationEvent) => events.push(event);
  const summary = await ablateWith({ ...given, ...init, out: at(out), onEvent, ...changes }, configOf).finally(() =>
    expect(tf.memory().numTensors).toBe(before),
  );
  const trained = events.flatMap((event) => (event.type === 'cell' ? [`${event.cell.folder} ${event.status}`] : []));
  return { summary, events, trained };
}

/** Parameters of a folder's encoders, as they lie in the file. */
async function encodersOf(folder: string): Promise<Map<string, unknown>> {
  const { tensors } = await readSafetensors(at(folder, 'model.safetensors'));
  const own = [...tensors].filter(([name]) => /^(image|text)_encoder\./.test(name));
  expect(own.length).toBeGreaterThan(10);
  return new Map(own.map(([name, { data }]) => [name, data]));
}

beforeAll(async () => {
  catalogue = await smallCatalogue();
  await start('start', 7);
  await start('other', 9);
});
afterAll(() => catalogue.remove());

describe('a grid that starts from a model folder', () => {
  it('gives every cell its encoders and tokenizer: frozen ones end as they began, others do not; the rest is drawn', async () => {
    const { summary, trained, events } = await run('heads');
    const arms = ['frozen', 'no-gates', 'all'].map((arm) => `cells/${arm}-8`);
    expect(trained).toEqual(arms.flatMap((cell) => [`${cell} started`, `${cell} finished`]));
    const encoders = await encodersOf('start');
    for (const cell of arms) {
      const ended = await encodersOf(join('heads', cell));
      if (cell === 'cells/all-8') expect(ended).not.toEqual(encoders);
      else expect(ended).toEqual(encoders);
      const own = await readFile(at('heads', cell, 'tokenizer.json'));
      expect(own.equals(await readFile(at('start/tokenizer.json')))).toBe(true);
    }
    const encoded = events.flatMap((event) =>
      event.type === 'training' && event.event.type === 'features' ? [event.cell.arm] : [],
    );
    // Once for all arms whose encoders stay.
    expect(new Set(encoded)).toEqual(new Set(['frozen']));
    expect(summary.report.init?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await readFile(at('heads/ablation.html'), 'utf8')).toContain(summary.report.init?.sha256);
  });

  it('is not trained again, from a copy of the folder neither', async () => {
    await cp(at('start'), at('moved'), { recursive: true });
    for (const from of ['start', 'moved']) {
      const again = await run('heads', {}, from);
      expect(again.trained).toEqual([]);
      expect(again.summary).toMatchObject({ finished: 3, cells: 3 });
    }
  });

  it.each([
    ['from another folder', 'other'],
    ['from a draw', null],
  ])('is another grid %s, and is refused in its folder', async (_, from) => {
    await expect(run('heads', {}, from)).rejects.toThrow(/expected the grid that .*, got init/);
  });

  it('refuses an arm that changes the encoders, by its name, before anything is trained', async () => {
    const arms = [...grid.arms, { name: 'larger', settings: { encoders: { text: { layers: 3 } } } }];
    await expect(run('changed', { grid: { ...grid, arms } })).rejects.toThrow(/no setting encoders .*'larger'/);
    expect(existsSync(at('changed'))).toBe(false);
  });

  it('refuses a folder without a model', async () => {
    await expect(run('none', {}, 'nowhere')).rejects.toMatchObject({ code: 'file' });
    expect(existsSync(at('none'))).toBe(false);
  });
});
