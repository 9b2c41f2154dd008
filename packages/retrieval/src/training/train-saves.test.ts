import '@tensorflow/tfjs-backend-cpu';
import { truncateSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { type FileSystem, nodeFileSystem } from '@uniecs/tensor/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listCheckpoints } from '../files/checkpoints.js';
import { type SmallCatalogue, smallCatalogue } from '../testing/small-catalogue.js';
import { smallConfig } from '../testing/small-training.js';
import { type TrainOptions, trainWith } from './train.js';
import type { TrainEvent } from './train-events.js';
import type { GivenSettings } from './train-settings.js';

let catalogue: SmallCatalogue;
beforeAll(async () => {
  catalogue = await smallCatalogue();
});
afterAll(() => catalogue.remove());

// Three steps an epoch; a checkpoint at 2, 4 and with the validations at 3 and 6.
const settings: GivenSettings = { batchSize: 8, epochs: 2, seed: 5, drop: ['CMAL', 'PDC', 'IMCL'], checkpointEvery: 2 };

type Changes = Partial<Omit<TrainOptions, 'settings'>> & { readonly settings?: GivenSettings };

async function run(name: string, changes: Changes = {}) {
  const events: TrainEvent[] = [];
  const out = join(catalogue.folder, name);
  const summary = await trainWith(
    {
      train: catalogue.train,
      validation: catalogue.validation,
      ...changes,
      out,
      settings: { ...settings, ...changes.settings },
      onEvent: (event) => {
        events.push(event);
        changes.onEvent?.(event);
      },
    },
    (_, vocabularySize) => {
      const config = smallConfig();
      return { ...config, text: { ...config.text, vocabularySize, maxLength: 8 } };
    },
  ).catch((error: unknown) => {
    if (!UniecsError.isInstance(error)) throw error;
    return error;
  });
  return { out, summary, events, shown: events.map((event) => ('step' in event ? `${event.type} ${event.step}` : '')) };
}

/** Refuses to make files whose path holds this, from a number of such files on. */
function refusing(part: string, code: string, made = 0): FileSystem {
  let left = made;
  return {
    ...nodeFileSystem,
    open: (path, flags) =>
      flags === 'wx' && path.includes(part) && left-- <= 0
        ? Promise.reject(Object.assign(new Error(`${code}: refused, open '${path}'`), { code }))
        : nodeFileSystem.open(path, flags),
  };
}

const linesOf = async (out: string) =>
  (await readFile(join(out, 'metrics.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

it('a save that the system refuses stops the run, the checkpoint before is intact, and the run goes on from it', async () => {
  const fileSystem = refusing('state.safetensors', 'ENOSPC', 1);
  const { summary, out } = await run('stops', { fileSystem });
  expect(summary).toMatchObject({ code: 'file', where: 'writeCheckpoint' });
  expect((summary as UniecsError).message).toContain('ENOSPC');
  expect(await listCheckpoints(join(out, 'checkpoints'))).toEqual([2]);
  const resumed = await run('stops', { resume: true });
  expect(resumed.summary).toMatchObject({ steps: 6, interrupted: false });
  expect(resumed.events[0]).toMatchObject({ type: 'start', resumedFrom: 2 });
});

it('with onSaveError continue, it says so and goes on; what can be saved again is', async () => {
  let refused = 0;
  const once: FileSystem = {
    ...nodeFileSystem,
    // Weights and checkpoint of the first validation.
    open: (path, flags) => {
      const isFirst = /model\.safetensors|step-00000003/.test(path) && flags === 'wx' && refused < 2;
      if (!isFirst) return nodeFileSystem.open(path, flags);
      refused++;
      return Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
    },
  };
  const { summary, out, shown, events } = await run('continues', {
    fileSystem: once,
    settings: { onSaveError: 'continue' },
  });
  expect(summary).toMatchObject({ steps: 6, interrupted: false, best: { step: 6 } });
  expect(shown).toEqual([
    '',
    '',
    'step 1',
    'step 2',
    'checkpoint 2',
    'step 3',
    'saveFailed 3',
    'validation 3',
    'saveFailed 3',
    'step 4',
    'checkpoint 4',
    'step 5',
    'step 6',
    'validation 6',
    'checkpoint 6',
  ]);
  const failures = events.filter(({ type }) => type === 'saveFailed');
  expect(failures).toMatchObject([{ what: 'weights' }, { what: 'checkpoint' }]);
  for (const failure of failures) expect(failure).toMatchObject({ reason: expect.stringContaining('EIO') });
  // Weights that are not there are not the best.
  expect(events.filter(({ type }) => type === 'validation')).toMatchObject([{ isBest: false }, { isBest: true }]);
  const lines = await linesOf(out);
  expect(lines.filter(({ type }) => type === 'saveFailed')).toEqual(failures);
  expect(await readdir(out)).toContain('model.safetensors');
});

it('with onSaveError continue, a run whose last save fails still fails: there is nothing to go on to', async () => {
  const { summary, events } = await run('last', {
    fileSystem: refusing('step-00000006', 'EACCES'),
    settings: { onSaveError: 'continue' },
  });
  expect(summary).toMatchObject({ code: 'file' });
  expect((summary as UniecsError).message).toContain('EACCES');
  expect(events.filter(({ type }) => type === 'saveFailed')).toEqual([]);
});

it('lines of metrics that cannot be written are held, told of once, and written when they can be', async () => {
  const metrics = join(catalogue.folder, 'held', 'metrics.jsonl');
  const { out, events } = await run('held', {
    settings: { onSaveError: 'continue' },
    onEvent: (event) => {
      // A folder of that name takes no lines.
      if (event.type === 'start') void mkdir(metrics);
      if (event.type === 'step' && event.step === 3) void rm(metrics, { recursive: true });
    },
  });
  const failures = events.filter(({ type }) => type === 'saveFailed');
  expect(failures.length).toBeGreaterThan(0);
  expect(failures.every((event) => event.type === 'saveFailed' && event.what === 'metrics')).toBe(true);
  expect((await linesOf(out)).map(({ type, step }) => `${type} ${step}`)).toEqual([
    'step 1',
    'step 2',
    'step 3',
    'validation 3',
    'step 4',
    'step 5',
    'step 6',
    'validation 6',
  ]);
});

it('a damaged newest checkpoint is named, and the run goes on from the one before, to the same end', async () => {
  const { out } = await run('damaged', { settings: { keepLast: 3 } });
  const content = () => readFile(join(out, 'checkpoints/step-00000006/state.safetensors'));
  const before = await content();
  await rm(join(out, 'checkpoints', 'step-00000006'), { recursive: true });
  const damaged = join(out, 'checkpoints', 'step-00000004');
  truncateSync(join(damaged, 'state.safetensors'), 100);
  // Settings of saving may be others.
  const { events } = await run('damaged', { resume: true, settings: { keepLast: 2, onSaveError: 'continue' } });
  expect(events[0]).toEqual({
    type: 'note',
    text: expect.stringMatching(/step-00000004 is damaged \(state.safetensors has 100 of .*step-00000003/),
  });
  expect(events).toContainEqual(expect.objectContaining({ type: 'start', resumedFrom: 3 }));
  expect(await content()).toEqual(before);
  expect((await readdir(join(out, 'checkpoints'))).sort()).toEqual([
    'latest',
    'step-00000003', // the best
    'step-00000004-2',
    'step-00000006',
  ]);
});
