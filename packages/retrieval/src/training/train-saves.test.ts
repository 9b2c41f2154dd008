import '@tensorflow/tfjs-backend-cpu';
import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { imageSource } from '@uniecs/encoders/node';
import { parameter, UniecsError } from '@uniecs/tensor';
import { type FileSystem, nodeFileSystem, readSafetensors } from '@uniecs/tensor/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manifestText, verifyCheckpoint } from '../files/checkpoint-manifest.js';
import { listCheckpoints } from '../files/checkpoints.js';
import { readManifest } from '../files/manifest.js';
import { sinkingTerm } from '../testing/failing-term.js';
import { type SmallCatalogue, smallCatalogue } from '../testing/small-catalogue.js';
import { smallConfigOfRun } from '../testing/small-run.js';
import { type TrainOptions, trainWith } from './train.js';
import type { TrainEvent } from './train-events.js';
import type { GivenSettings } from './train-settings.js';

let catalogue: SmallCatalogue;
beforeAll(async () => {
  catalogue = await smallCatalogue();
});
afterAll(() => catalogue.remove());

// Three steps an epoch; a checkpoint at 0, 2, 4 and with the validations at 3 and 6.
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
    smallConfigOfRun,
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
  const fileSystem = refusing('state.safetensors', 'ENOSPC', 2);
  const { summary, out } = await run('stops', { fileSystem });
  expect(summary).toMatchObject({ code: 'file', where: 'writeCheckpoint' });
  expect((summary as UniecsError).message).toContain('ENOSPC');
  expect(await listCheckpoints(join(out, 'checkpoints'))).toEqual([0, 2]);
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
    'checkpoint 0',
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
      if (event.type === 'start') mkdirSync(metrics);
      if (event.type === 'step' && event.step === 3) rmSync(metrics, { recursive: true });
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

/** A copy of a run's folder as a killed process would leave it, but for its lock: this process lives. */
function copyOf(out: string, name: string): string {
  const to = join(catalogue.folder, name);
  cpSync(out, to, { recursive: true });
  rmSync(join(to, 'run.lock'));
  return name;
}

/** What a run leaves, without what the clock and the memory say. */
async function leftBy(out: string) {
  const lines = (await linesOf(out)).map(
    ({ pairsPerSecond, dataWait, rssBytes, secondsLeft, seconds, ...line }) => line,
  );
  return { lines, weights: await readFile(join(out, 'model.safetensors'), 'base64') };
}

const checkpoints = (out: string) => listCheckpoints(join(out, 'checkpoints'));

it('a run that is killed before any other save goes on from step 0, with the weights that it had, to the same end', async () => {
  const from = (await run('for-init', { settings: { epochs: 1 } })).out;
  const { out } = await run('killed', {
    init: from,
    settings: { checkpointEvery: 0 },
    onEvent: (event) => {
      const here = join(catalogue.folder, 'killed');
      if (event.type === 'checkpoint' && event.step === 0) copyOf(here, 'killed-at-once');
      if (event.type === 'step' && event.step === 2) copyOf(here, 'killed-in-2');
    },
  });
  for (const name of ['killed-at-once', 'killed-in-2']) {
    const resumed = await run(name, { resume: true, settings: { checkpointEvery: 0 } });
    expect(resumed.events).toContainEqual(expect.objectContaining({ type: 'start', resumedFrom: 0 }));
    expect(await leftBy(resumed.out)).toEqual(await leftBy(out));
  }
});

it('a checkpoint is saved when the last one is so many minutes old, whatever the steps; by default no sooner than after ten', async () => {
  const saved = async (name: string, checkpointMinutes?: number) => {
    const { shown } = await run(name, { settings: { checkpointEvery: 0, checkpointMinutes } });
    return shown.flatMap((text) => (text.startsWith('checkpoint') ? [Number(text.split(' ')[1])] : []));
  };
  expect(await saved('each-step', 1e-9)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(await saved('by-default')).toEqual([0, 3, 6]);
  expect(await saved('no-minutes', 0)).toEqual([0, 3, 6]);
});

it('a run that fails saves the steps that no checkpoint holds, fails with its own error, and goes on from there', async () => {
  const reference = await leftBy((await run('undisturbed', { settings: { checkpointEvery: 0 } })).out);
  const reading = imageSource({ size: 8 });
  let calls = 0;
  const images = {
    ...reading,
    fill: (...what: Parameters<typeof reading.fill>) =>
      calls++ < 2
        ? reading.fill(...what)
        : Promise.reject(new UniecsError({ code: 'data', where: 'x', expected: 'a', got: 'b', hint: 'c' })),
  };
  const data = await run('data', { images, settings: { checkpointEvery: 0 } });
  await reading.dispose();
  expect(data.summary).toMatchObject({ code: 'data', where: 'x' });
  expect(await checkpoints(data.out)).toEqual([0, 2]);

  const metrics = join(catalogue.folder, 'lines', 'metrics.jsonl');
  const lines = await run('lines', {
    settings: { checkpointEvery: 0 },
    onEvent: (event) => {
      if (event.type !== 'step' || event.step !== 1) return;
      rmSync(metrics);
      mkdirSync(metrics);
    },
  });
  expect(lines.summary).toMatchObject({ code: 'file', where: 'train' });
  expect(await checkpoints(lines.out)).toEqual([0, 2]);
  expect((await readManifest(lines.out))?.status).toBe('failed');

  const resumed = await run('data', { resume: true, settings: { checkpointEvery: 0 } });
  expect(resumed.events[0]).toMatchObject({ resumedFrom: 2 });
  expect(await leftBy(resumed.out)).toEqual(reference);
});

it('a run that fails and cannot save either fails with the first error, and says that it could not save', async () => {
  const metrics = join(catalogue.folder, 'neither', 'metrics.jsonl');
  const { summary, events, out } = await run('neither', {
    fileSystem: refusing('state.safetensors', 'ENOSPC', 1),
    settings: { checkpointEvery: 0 },
    onEvent: (event) => void (event.type === 'checkpoint' && mkdirSync(metrics)),
  });
  expect((summary as UniecsError).message).toContain('EISDIR');
  expect(events.at(-1)).toMatchObject({ type: 'note', text: expect.stringContaining('step 1 could not be saved: ') });
  expect(await checkpoints(out)).toEqual([0]);
});

it('skipped steps that stop a run are saved with the steps before them; a resume that takes none leaves the checkpoints alone', async () => {
  // It sinks by about the learning rate a step, to below zero in the fourth; then every step is skipped.
  const variable = parameter([1], 0.031);
  const skipping = {
    learningRate: 0.01,
    warmupSteps: 0,
    maxSkippedSteps: 2,
    checkpointEvery: 0,
    epochs: 5,
    keepLast: 4,
  };
  const own = { terms: [sinkingTerm(variable)], settings: skipping };
  const failed = await run('skips', own);
  expect(failed.summary).toMatchObject({ code: 'numeric' });
  const { step } = (failed.summary as UniecsError).details as { step: number };
  expect(await checkpoints(failed.out)).toEqual([0, 3, step]);
  const { manifest } = await verifyCheckpoint(join(failed.out, 'checkpoints', `step-0000000${step}`));
  expect(manifest?.info).toMatchObject({ step, skipped: 2, skippedInRow: 2 });
  const again = await run('skips', { ...own, resume: true });
  expect((again.summary as UniecsError).details).toMatchObject({ step: step + 1 });
  expect(await checkpoints(failed.out)).toEqual([0, 3, step]);
  variable.dispose();
});

it('an interrupted run whose metrics cannot be written either has its checkpoint', async () => {
  const stop = new AbortController();
  const metrics = join(catalogue.folder, 'both', 'metrics.jsonl');
  const { summary, out } = await run('both', {
    signal: stop.signal,
    settings: { onSaveError: 'continue', checkpointEvery: 0 },
    onEvent: (event) => {
      if (event.type !== 'step' || event.step !== 1) return;
      rmSync(metrics);
      mkdirSync(metrics);
      setImmediate(() => stop.abort());
    },
  });
  expect(await checkpoints(out)).toEqual([0, 2]);
  // The line of step 2 is lost: there is no other attempt.
  expect(summary).toMatchObject({ code: 'file', where: 'train' });
});

it('weights are the best with or without their model card', async () => {
  const { out, summary, events } = await run('card', {
    settings: { onSaveError: 'continue' },
    // A folder of that name takes no text.
    onEvent: (event) => void (event.type === 'start' && mkdirSync(join(catalogue.folder, 'card', 'README.md'))),
  });
  const failures = events.filter((event) => event.type === 'saveFailed');
  expect(failures[0]).toMatchObject({ what: 'card', step: 3 });
  const { best } = summary as Exclude<typeof summary, UniecsError>;
  expect(best).toBeDefined();
  const [kept, saved] = await Promise.all(
    ['model.safetensors', `checkpoints/step-0000000${best?.step}/state.safetensors`].map((name) =>
      readSafetensors(join(out, name)),
    ),
  );
  for (const [name, { data }] of kept?.tensors ?? []) expect(saved?.tensors.get(name)?.data).toEqual(data);
});

it('a validation that a killed run had made up for is in the metrics once', async () => {
  const stop = new AbortController();
  await run('made-up', {
    signal: stop.signal,
    onEvent: (event) => void (event.type === 'step' && event.step === 3 && stop.abort()),
  });
  await run('made-up', {
    resume: true,
    onEvent: (event) =>
      void (
        event.type === 'validation' &&
        event.step === 3 &&
        copyOf(join(catalogue.folder, 'made-up'), 'made-up-killed')
      ),
  });
  expect((await linesOf(join(catalogue.folder, 'made-up-killed'))).at(-1)).toMatchObject({
    type: 'validation',
    step: 3,
  });
  const { out } = await run('made-up-killed', { resume: true });
  expect(await leftBy(out)).toEqual(await leftBy(join(catalogue.folder, 'made-up')));
});

it('a second process on the folder of a run is refused, and the run goes on undisturbed', async () => {
  const second: Promise<{ summary: unknown }>[] = [];
  const { out, summary } = await run('twice', {
    onEvent: (event) => void (event.type === 'step' && event.step === 2 && second.push(run('twice', { resume: true }))),
  });
  expect((await second[0])?.summary).toMatchObject({
    code: 'file',
    got: expect.stringContaining(`process ${process.pid} on`),
  });
  expect(summary).toMatchObject({ steps: 6 });
  expect(await leftBy(out)).toEqual(await leftBy(join(catalogue.folder, 'made-up')));
});

it('a run that a version without one of the settings started goes on, with the default of that setting', async () => {
  const stop = new AbortController();
  const { out } = await run('older', {
    signal: stop.signal,
    onEvent: (event) => void (event.type === 'step' && event.step === 4 && stop.abort()),
  });
  const path = join(out, 'config.json');
  const { training, ...config } = JSON.parse(readFileSync(path, 'utf8'));
  const { clipNorm, ...older } = training;
  expect(clipNorm).toBe(false);
  writeFileSync(path, JSON.stringify({ ...config, training: older }));
  const folder = join(out, 'checkpoints', 'step-00000004');
  const { manifest } = await verifyCheckpoint(folder);
  if (!manifest) throw new Error('no checkpoint of step 4');
  const { settings, ...rest } = JSON.parse(manifest.info.fingerprint);
  const { clipNorm: _, ...olderSettings } = settings;
  const fingerprint = JSON.stringify({ ...rest, settings: olderSettings });
  writeFileSync(join(folder, 'manifest.json'), manifestText({ ...manifest, info: { ...manifest.info, fingerprint } }));
  const resumed = await run('older', { resume: true });
  expect(resumed.events[0]).toMatchObject({ resumedFrom: 4 });
  expect(await leftBy(out)).toEqual(await leftBy(join(catalogue.folder, 'twice')));
  const other = await run('older', { resume: true, settings: { clipNorm: 1 } });
  expect(other.summary).toMatchObject({ code: 'data', got: expect.stringContaining('clipNorm') });
});
