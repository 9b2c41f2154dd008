import '@tensorflow/tfjs-backend-cpu';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { parameter, UniecsError } from '@uniecs/tensor';
import { readSafetensors } from '@uniecs/tensor/node';
import '@uniecs/tensor/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listCheckpoints } from '../files/checkpoints.js';
import { loadModelFolder } from '../files/model-folder.js';
import { sinkingTerm } from '../testing/failing-term.js';
import { type SmallCatalogue, smallCatalogue, withGaps } from '../testing/small-catalogue.js';
import { smallConfig } from '../testing/small-training.js';
import type { ConfigOf } from './assemble-run.js';
import { type TrainOptions, trainWith } from './train.js';
import type { TrainEvent } from './train-events.js';
import type { GivenSettings } from './train-settings.js';

let catalogue: SmallCatalogue;
let reference: Finished;

const configOf: ConfigOf = (_, vocabularySize) => {
  const config = smallConfig();
  return { ...config, text: { ...config.text, vocabularySize, maxLength: 8 } };
};

// Three steps an epoch, the last one of 6 pairs; two terms, so that compiling takes less.
const settings: GivenSettings = {
  batchSize: 8,
  epochs: 2,
  seed: 5,
  drop: ['CMAL', 'PDC', 'IMCL'],
  warmupSteps: 2,
  learningRate: 0.01,
  weighting: { beta: 0.5 },
  dataWorkers: 0,
};

interface Finished {
  readonly out: string;
  readonly summary: Awaited<ReturnType<typeof trainWith>>;
  readonly events: TrainEvent[];
}

type Changes = Partial<Omit<TrainOptions, 'settings'>> & { readonly settings?: GivenSettings };

async function run(name: string, changes: Changes = {}): Promise<Finished> {
  const events: TrainEvent[] = [];
  const out = changes.out ?? join(catalogue.folder, name);
  const before = tf.memory().numTensors;
  // Whether it ends well or not, a run leaves no tensor behind.
  const checkTensors = () => expect(tf.memory().numTensors).toBe(before);
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
    configOf,
  ).finally(checkTensors);
  return { out, summary, events };
}

type Line = Record<string, unknown> & { type: string; step: number };

async function linesOf({ out }: { out: string }): Promise<Line[]> {
  const text = await readFile(join(out, 'metrics.jsonl'), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The lines without what the clock and the memory say. */
async function bare(finished: { out: string }): Promise<Line[]> {
  return (await linesOf(finished)).map(
    ({ pairsPerSecond, dataWait, rssBytes, secondsLeft, seconds, ...line }) => line as Line,
  );
}

/** The arrays of the checkpoint of a step. */
async function stateFile(out: string, step: number): Promise<string> {
  const names = await readdir(join(out, 'checkpoints'));
  return join(
    'checkpoints',
    `${names.filter((name) => name.startsWith(`step-0000000${step}`)).at(-1)}`,
    'state.safetensors',
  );
}

async function contentOf(out: string): Promise<Record<string, string>> {
  const states = await Promise.all([3, 6].map((step) => stateFile(out, step)));
  const names = ['model.safetensors', 'tokenizer.json', ...states];
  const files = await Promise.all(
    names.map(async (name) => [name, (await readFile(join(out, name))).toString('base64')]),
  );
  return Object.fromEntries(files);
}

async function errorOf(promise: Promise<unknown>): Promise<UniecsError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(UniecsError.isInstance(error), String(error?.stack ?? error)).toBe(true);
  return error as UniecsError;
}

beforeAll(async () => {
  catalogue = await smallCatalogue();
  reference = await run('reference');
});
afterAll(() => catalogue.remove());

describe('train', () => {
  it('writes a model folder, a line for every step and validation, and the last two checkpoints', async () => {
    const { out, summary, events } = reference;
    expect((await readdir(out)).sort()).toEqual([
      'README.md',
      'checkpoints',
      'config.json',
      'manifest.json',
      'metrics.jsonl',
      'model.safetensors',
      'report.html',
      'tokenizer.json',
    ]);
    expect((await readdir(join(out, 'checkpoints'))).sort()).toEqual(['latest', 'step-00000003', 'step-00000006']);
    const lines = await linesOf(reference);
    expect(lines.map(({ type, step }) => `${type} ${step}`)).toEqual([
      'step 1',
      'step 2',
      'step 3',
      'validation 3',
      'step 4',
      'step 5',
      'step 6',
      'validation 6',
    ]);
    expect(lines).toEqual(
      JSON.parse(JSON.stringify(events.filter(({ type }) => type === 'step' || type === 'validation'))),
    );
    const names = ['PLC', 'TASKS'];
    for (const line of lines.filter(({ type }) => type === 'step')) {
      for (const field of ['terms', 'lambdas', 'gradNorms'] as const) {
        const values = line[field] as Record<string, number>;
        expect(Object.keys(values)).toEqual(names);
        expect(Object.values(values).every(Number.isFinite)).toBe(true);
      }
      const { terms, lambdas } = line as unknown as Record<string, Record<string, number>>;
      const weighted = names.reduce((sum, name) => sum + (terms?.[name] ?? 0) * (lambdas?.[name] ?? 0), 0);
      expect(line.loss).toBeCloseTo(weighted, 5);
      const shares = Object.values(lambdas ?? {}).map((x) => x / Object.values(lambdas ?? {}).reduce((a, b) => a + b));
      expect(line.entropy).toBeCloseTo(-shares.reduce((sum, p) => sum + p * Math.log(p), 0), 6);
      expect(line.epoch).toBe(line.step <= 3 ? 1 : 2);
      expect(line.pairsPerSecond).toBeGreaterThan(0);
      expect(line.dataWait).toBeGreaterThanOrEqual(0);
      expect(line.dataWait).toBeLessThanOrEqual(1);
      expect(line.rssBytes).toBeGreaterThan(2 ** 20);
    }
    const rates = lines.filter(({ type }) => type === 'step').map(({ learningRate }) => learningRate);
    const cosine = (t: number) => 0.005 * (1 + Math.cos((Math.PI * t) / 4));
    expect(rates).toBeCloseToArray([0.005, 0.01, cosine(0), cosine(1), cosine(2), cosine(3)], { relative: 1e-6 });
    const best = Math.max(
      ...lines
        .filter(({ type }) => type === 'validation')
        .map(({ report }) => (report as { mean: { 'R@10': number } }).mean['R@10']),
    );
    expect(summary).toMatchObject({ steps: 6, interrupted: false, best: { value: best } });
    const manifest = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      settings: { seed: 5, batchSize: 8 },
      device: 'cpu',
      terms: names,
      data: { train: { pairs: 22 } },
    });
    const card = await readFile(join(out, 'README.md'), 'utf8');
    for (const said of ['22 product pairs', 'PLC, TASKS', 'seed 5', `after step ${summary.best?.step},`, '| t->v']) {
      expect(card).toContain(said);
    }
  });

  it('keeps the weights of the best validation, which load', async () => {
    const { model, config } = await loadModelFolder(reference.out);
    expect(config).toMatchObject({ version: 1, training: { seed: 5 } });
    const { best } = reference.summary;
    const checkpoint = join(reference.out, await stateFile(reference.out, best?.step ?? 0));
    const { tensors } = await readSafetensors(checkpoint);
    const name = 'fusion.image_projection.weight';
    const weight = (await readSafetensors(join(reference.out, 'model.safetensors'))).tensors.get(name);
    expect(weight?.data).toEqual(tensors.get(name)?.data);
    expect(model.config.fusion.width).toBe(8);
  });

  it('says once which neighbours are clamped in the short last batch', () => {
    const notes = reference.events.filter((event) => event.type === 'note');
    expect(notes).toEqual([{ type: 'note', text: 'PLC: k 10 is clamped to 6 in a batch of 6 pairs' }]);
  });

  it('gives the same bits for the same seed', async () => {
    const again = await run('again');
    expect(await bare(again)).toEqual(await bare(reference));
    expect(await contentOf(again.out)).toEqual(await contentOf(reference.out));
  });

  it.each([
    { when: 'in the middle of an epoch', step: 2, abort: (controller: AbortController) => controller.abort() },
    { when: 'before a validation', step: 3, abort: (controller: AbortController) => controller.abort() },
    {
      when: 'during the last validation',
      step: 6,
      abort: (controller: AbortController) => setImmediate(() => controller.abort()),
    },
  ])('stopped $when, it saves its state, and resumed it ends with the same bits', async ({ when, step, abort }) => {
    const controller = new AbortController();
    const first = await run(when, {
      signal: controller.signal,
      onEvent: (event) => void (event.type === 'step' && event.step === step && abort(controller)),
    });
    expect(first.summary).toMatchObject({ interrupted: true, steps: step });
    expect(first.events.at(-1)).toMatchObject({ type: 'checkpoint', step });
    if (step === 2) {
      // What a process killed in step 4 would have left: lines beyond the checkpoint, the last one cut off.
      const beyond = (await readFile(join(reference.out, 'metrics.jsonl'), 'utf8')).split('\n').slice(2, 5).join('\n');
      await writeFile(join(first.out, 'metrics.jsonl'), beyond.slice(0, -7), { flag: 'a' });
    }
    const second = await run(when, { resume: true });
    expect(second.summary).toMatchObject({ interrupted: false, steps: 6, best: reference.summary.best });
    expect(second.events[0]).toMatchObject({ type: 'start', resumedFrom: step });
    expect(await bare(second)).toEqual(await bare(reference));
    const name = 'model.safetensors';
    expect((await contentOf(second.out))[name]).toBe((await contentOf(reference.out))[name]);
    const [a, b] = await Promise.all(
      [second, reference].map(async ({ out }) => readSafetensors(join(out, await stateFile(out, 6)))),
    );
    expect(a?.tensors).toEqual(b?.tensors);
  });

  it('leaves a finished run as it is when resumed', async () => {
    const before = await contentOf(reference.out);
    const { summary } = await run('reference', { resume: true });
    expect(summary).toMatchObject({ steps: 6, interrupted: false, best: reference.summary.best });
    expect(await contentOf(reference.out)).toEqual(before);
  });

  it('refuses a folder that holds anything, and one without a checkpoint to resume from, and changes neither', async () => {
    const before = await contentOf(reference.out);
    const held = await errorOf(run('reference'));
    expect(held).toMatchObject({ code: 'file', where: 'train' });
    expect(held.message).toContain('pass --resume');
    expect(await contentOf(reference.out)).toEqual(before);

    const missing = join(catalogue.folder, 'missing');
    expect(await errorOf(run('missing', { resume: true }))).toMatchObject({ code: 'file', got: 'none' });
    expect(existsSync(missing)).toBe(false);

    const file = join(catalogue.folder, 'a-file');
    writeFileSync(file, 'text');
    for (const resume of [false, true])
      expect(await errorOf(run('a-file', { resume }))).toMatchObject({ code: 'file' });
    expect(await readFile(file, 'utf8')).toBe('text');
  });

  it('refuses to resume with other settings or data, and names what differs', async () => {
    const before = await contentOf(reference.out);
    const changes: [Changes, string][] = [
      [{ settings: { learningRate: 0.02 } }, 'settings.learningRate 0.01 instead of 0.02'],
      [{ settings: { epochs: 3 } }, 'settings.epochs 2 instead of 3'],
      [{ train: withGaps(catalogue.train) }, 'train.sha256'],
      [{ validation: catalogue.validation.slice(1) }, 'validation.pairs 8 instead of 7'],
    ];
    for (const [change, said] of changes) {
      const error = await errorOf(run('reference', { ...change, resume: true }));
      expect(error.code).toBe('data');
      expect(error.got).toContain(said);
    }
    expect(await contentOf(reference.out)).toEqual(before);
  });

  it('stops after so many losses in a row that are not numbers, naming term and step; the checkpoint before stays', async () => {
    // Its parameter sinks by about the learning rate a step, to below zero in the third.
    const variable = parameter([1], 0.021);
    const own = {
      terms: [sinkingTerm(variable)],
      settings: { checkpointEvery: 2, warmupSteps: 0, maxSkippedSteps: 2 },
    };
    const error = await errorOf(run('nan', own));
    expect(error).toMatchObject({ code: 'numeric', details: { term: 'SINKING' } });
    const { step } = error.details as { step: number };
    expect(step).toBeGreaterThan(3);
    expect(error.message).toContain(`step ${step}`);
    const out = join(catalogue.folder, 'nan');
    const lines = await linesOf({ out });
    const told = lines.filter(({ type }) => type !== 'validation').map(({ type, step: at }) => [type, at]);
    expect(told.slice(-3)).toEqual([
      ['step', step - 2],
      ['skipped', step - 1],
      ['skipped', step],
    ]);
    const steps = await listCheckpoints(join(out, 'checkpoints'));
    expect(steps.length).toBeGreaterThan(0);
    for (const saved of steps) {
      expect(saved).toBeLessThan(step);
      const { tensors } = await readSafetensors(join(out, await stateFile(out, saved)));
      for (const { data } of tensors.values()) expect((data as Float32Array).every(Number.isFinite)).toBe(true);
    }
    expect(variable.isDisposed).toBe(false);
    variable.dispose();
  });

  it('trains where items lack an image or a title, in micro-batches too, and says so', async () => {
    const own = { train: withGaps(catalogue.train), validation: withGaps(catalogue.validation) };
    const finished = await run('gaps', { ...own, settings: { steps: 3, microBatch: 3 } });
    expect(finished.events).toContainEqual(
      expect.objectContaining({ type: 'note', text: expect.stringContaining('lack an image or a title') }),
    );
    const lines = await bare(finished);
    expect(lines.map(({ type }) => type)).toEqual(['step', 'step', 'step', 'validation']);
    expect(lines.slice(0, 3).every(({ loss }) => Number.isFinite(loss))).toBe(true);
    const validation = lines.at(-1)?.report as { tasks: Record<string, { queries: number; candidates: number }> };
    expect(validation.tasks['v->t']).toMatchObject({ queries: 4, candidates: 6 });
  });

  it('starts from the weights and the tokenizer of another model', async () => {
    const other = catalogue.train.slice(0, 9);
    const { out } = await run('from', {
      init: reference.out,
      train: other,
      settings: { steps: 1, learningRate: 1e-9 },
    });
    const [a, b] = await Promise.all([out, reference.out].map((folder) => readFile(join(folder, 'tokenizer.json'))));
    expect(a).toEqual(b);
    const [start, result] = await Promise.all(
      [reference.out, out].map((folder) => readSafetensors(join(folder, 'model.safetensors'))),
    );
    for (const [name, { data }] of start?.tensors ?? []) {
      expect(result?.tensors.get(name)?.data as Float32Array).toBeCloseToArray(data as Float32Array, {
        absolute: 1e-7,
      });
    }
  });

  it('refuses terms and weights that it cannot tell apart by name, and settings out of range', async () => {
    const plc = { name: 'PLC', group: 'OWN', compute: () => ({}) as never };
    expect((await errorOf(run('refused', { terms: [plc] }))).got).toBe("two called 'PLC'");
    expect((await errorOf(run('refused', { settings: { weighting: { weights: { PCL: 1 } } } }))).got).toBe(
      "one of 'PCL'",
    );
    expect((await errorOf(run('refused', { settings: { drop: ['XYZ'] } }))).code).toBe('argument');
    for (const wrong of [
      { batchSize: 0 },
      { microBatch: 9 },
      { steps: 1.5 },
      { learningRate: Number.NaN },
      { seed: -1 },
    ]) {
      expect((await errorOf(run('refused', { settings: wrong }))).code).toBe('argument');
    }
    expect((await errorOf(run('refused', { train: [] }))).code).toBe('data');
    expect((await errorOf(run('refused', { validation: [] }))).code).toBe('data');
    const missing = join(catalogue.folder, 'missing');
    expect((await errorOf(run('refused', { init: missing }))).code).toBe('file');
    // None of them left anything that stands in the way of a good run.
    expect(await readdir(join(catalogue.folder, 'refused'))).toEqual([]);
  });

  const small = mkdtempSync(join(tmpdir(), 'uniecs-small-disk-'));
  const mounted = mountSmallDisk(small);
  afterAll(() => {
    if (mounted) execFileSync('umount', ['-l', small]);
    rmSync(small, { recursive: true, force: true });
  });
  it.skipIf(!mounted)('where the disk is full, it fails clearly, and the checkpoint before stays', async () => {
    const out = join(small, 'run');
    const filler = join(small, 'filler');
    const own = { out, settings: { checkpointEvery: 2 } };
    const error = await errorOf(
      run('full', {
        ...own,
        onEvent: (event) => {
          // Room for some lines of metrics, none for another checkpoint.
          if (event.type === 'checkpoint' && event.step === 2)
            writeFileSync(filler, Buffer.alloc(freeBytes(small) - 24 * 1024));
        },
      }),
    );
    expect(error.code).toBe('file');
    expect(error.message).toContain('ENOSPC');
    expect(await listCheckpoints(join(out, 'checkpoints'))).toEqual([0, 2]);
    rmSync(filler);
    await run('full', { ...own, resume: true });
    expect((await bare({ out })).map(({ loss }) => loss)).toEqual((await bare(reference)).map(({ loss }) => loss));
  });
});

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** A disk of 1 MB, where this process may mount one. */
function mountSmallDisk(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
