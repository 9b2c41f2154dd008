import '@tensorflow/tfjs-backend-cpu';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { imageSource } from '@uniecs/encoders/node';
import type { Pair } from '@uniecs/mbeer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

// Three steps an epoch; one term, so that compiling takes less.
const settings: GivenSettings = { batchSize: 8, epochs: 2, seed: 5, drop: ['CMAL', 'CLAL', 'T2T'], warmupSteps: 2 };

async function run(name: string, changes: Partial<TrainOptions> = {}) {
  const out = changes.out ?? join(catalogue.folder, name);
  const events: TrainEvent[] = [];
  const { train, validation } = catalogue;
  await trainWith(
    {
      train,
      validation,
      ...changes,
      out,
      settings: { ...settings, ...changes.settings },
      onEvent: (event) => {
        events.push(event);
        changes.onEvent?.(event);
      },
    },
    smallConfigOfRun,
  );
  const losses = events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
  return { out, losses };
}

const weightsOf = async ({ out }: { out: string }) =>
  createHash('sha256')
    .update(await readFile(join(out, 'model.safetensors')))
    .digest('hex');

/** Threads that were started and have not ended. */
let threads = 0;
const count = (worker: Worker) => {
  threads++;
  worker.on('exit', () => threads--);
};
beforeAll(() => void process.on('worker', count));
afterAll(() => void process.off('worker', count));

describe('the data of a run', () => {
  it('are the same to the bit with any number of threads, also when it goes on with another number', async () => {
    const alone = await run('alone', { settings: { dataWorkers: 0 } });
    expect(alone.losses).toHaveLength(6);
    const threaded = await run('threaded', { settings: { dataWorkers: 3 } });
    expect(threaded.losses).toEqual(alone.losses);
    expect(await weightsOf(threaded)).toBe(await weightsOf(alone));

    const stop = new AbortController();
    const onEvent = (event: TrainEvent) => {
      if (event.type === 'step' && event.step === 4) stop.abort();
    };
    const first = await run('resumed', { settings: { dataWorkers: 1 }, signal: stop.signal, onEvent });
    expect(first.losses).toEqual(alone.losses.slice(0, 4));
    const rest = await run('resumed', { settings: { dataWorkers: 2 }, resume: true });
    expect([...first.losses, ...rest.losses]).toEqual(alone.losses);
    expect(await weightsOf(rest)).toBe(await weightsOf(alone));
  });

  it('within a token budget and without repeated products, are the same when the run is stopped and goes on', async () => {
    const batching = { tokenBudget: 120, uniqueProducts: true };
    const changes = { settings: { batching, dataWorkers: 0, epochs: 1, microBatch: 3 } };
    const whole = await run('budget', changes);
    const stop = new AbortController();
    const onEvent = (event: TrainEvent) => {
      if (event.type === 'step' && event.step === 2) stop.abort();
    };
    const first = await run('budget-resumed', { ...changes, signal: stop.signal, onEvent });
    const rest = await run('budget-resumed', { ...changes, resume: true });
    expect([...first.losses, ...rest.losses]).toEqual(whole.losses);
    expect(whole.losses.length).toBeGreaterThan(2);
    expect(await weightsOf(rest)).toBe(await weightsOf(whole));
  });

  it('leave no thread behind, whether the run ends, stops or fails', async () => {
    let during = 0;
    const stop = new AbortController();
    const onEvent = (event: TrainEvent) => {
      if (event.type !== 'step') return;
      during = threads;
      stop.abort();
    };
    await run('stopped', { settings: { dataWorkers: 2, epochs: 1 }, signal: stop.signal, onEvent });
    expect(during).toBe(2);
    expect(threads).toBe(0);
    await expect(run('failed', { settings: { dataWorkers: 2 }, train: [damaged(), damaged()] })).rejects.toThrow();
    expect(threads).toBe(0);
  });

  /** A pair whose first picture is no picture. */
  function damaged(): Pair {
    const [pair] = catalogue.train as [Pair];
    return { ...pair, item1: { ...pair.item1, image: join(catalogue.folder, 'damaged.png') } };
  }

  it.each([0, 2])('with a picture that cannot be read, name it; %i threads', async (dataWorkers) => {
    await writeFile(join(catalogue.folder, 'damaged.png'), 'no picture');
    const train = [...catalogue.train.slice(1), damaged()];
    const error = await run(`damaged ${dataWorkers}`, { settings: { dataWorkers }, train }).catch((reason) => reason);
    expect(error).toMatchObject({ name: 'UniecsError', code: 'data' });
    expect(error.message).toContain('damaged.png');
  });

  it('decode each picture once, and none with a store that has them; a source of another size or form is refused', async () => {
    const folder = join(catalogue.folder, 'store');
    const decodedBy = async (name: string) => {
      const images = imageSource({ size: 8, workers: 1, folder });
      const weights = await weightsOf(await run(name, { images, settings: { epochs: 1 } }));
      const { decoded } = images;
      // The source is the caller's: the run leaves it in use.
      expect((await images.check([catalogue.train[0]?.item1.image as string])).size).toBe(0);
      await images.dispose();
      return { weights, decoded };
    };
    const pictures = new Set(
      [...catalogue.train, ...catalogue.validation].flatMap(({ item1, item2 }) => [item1.image, item2.image]),
    );
    const first = await decodedBy('first');
    expect(first.decoded).toBe(pictures.size);
    expect(await decodedBy('second')).toEqual({ ...first, decoded: 0 });
    expect(readdirSync(folder)).toHaveLength(1);
    for (const other of [{ size: 9 }, { size: 8, fit: 'cover' }, { size: 8, filter: 'bicubic' }] as const) {
      const refused = run(`other ${other.size}`, { images: imageSource(other) });
      await expect(refused).rejects.toThrow(/images of the model's size, 8 \(fill, filter of sharp\), got a source of/);
    }
  });
});
