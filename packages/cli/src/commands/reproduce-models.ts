import type { Benchmark, Pair } from '@uniecs/mbeer';
import {
  type AblationEvent,
  checkSettings,
  comparedMethods,
  configOfSettings,
  type GivenModel,
  type GivenSettings,
  imageForm,
  methodsToTrain,
  type Reproduced,
  type ReproduceOptions,
  type Reproduction,
  reproduceFigure4,
  reproduceFigure5,
  reproduceFigure6,
  reproduceMissing,
  reproduceTable1,
  reproduceTable3,
  reproduceTable4,
  settingsFrom,
  storedEncoders,
  type TrainingOptions,
  table1Methods,
  trainSettings,
} from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { readSettings } from '../config/read-settings.js';
import { inputsToStore } from '../config/run-inputs.js';
import { settingsOfFlags } from '../config/settings-of-flags.js';
import { benchmarkNames, readGoodBenchmark } from '../data/read-benchmark.js';
import { readGoodPairs } from '../data/read-good.js';
import { sharedImages } from '../data/shared-images.js';
import { importEmbeddings } from '../embeddings/import-embeddings.js';
import { afterStart } from '../exit-code.js';
import { gridLine, gridTeller } from '../terminal/grid-events.js';
import type { Io } from '../terminal/io.js';
import { writeLine } from '../terminal/json-lines.js';
import { measureTeller } from '../terminal/measure-teller.js';
import type { ReproductionReport } from '../terminal/reproduction-tables.js';
import type { TrainReporter } from '../terminal/train-reporter.js';
import { checkInit, checkTerms } from '../training/run-checks.js';
import { runDevice } from '../training/run-device.js';
import { startOfFlags } from '../training/run-start.js';
import type { ReproduceFlags } from './reproduce-flags.js';

/** A reproduction that needs models. */
export type ModelReproduction = Exclude<Reproduction, 'figure3'>;

/** Where a command tells how it goes. */
export interface Telling {
  readonly io: Io;
  readonly reporter: TrainReporter;
  /** Whether every line is JSON. */
  readonly asLines: boolean;
}

/** Makes a table or figure that needs models: reads the pairs, trains what is missing, measures. */
export async function reproduceWithModels(
  what: ModelReproduction,
  flags: ReproduceFlags,
  { io, reporter, asLines }: Telling,
): Promise<Reproduced<ReproductionReport>> {
  const { images: folder, imageCache, dataWorkers, skipBad, init, device: named } = flags;
  const { note } = reporter;
  const given = (flags.model ?? []).map(({ name, path }) => ({ name, folder: path }));
  const asked = settingsOfFlags(settingsFlags(flags), flags.config ? await readSettings(flags.config) : {});
  checkSettings(asked);
  if (init !== undefined) await checkInit(init);
  const settings = await settingsFrom(init, asked);
  checkTerms(settings, []);
  const toTrain = methodNames(what, flags, given);
  const files = filesOf(what, flags, toTrain);
  if (toTrain.length === 0) noteUnread(flags, files, note);
  for (const model of given) await checkInit(model.folder);
  const encoders = await storedEncoders(init);
  const device = await runDevice(named, undefined, note);
  const images = sharedImages({ imageCache, dataWorkers, note });
  const measuring = measureTeller(io, asLines);
  const tell = gridTeller(reporter);
  let started = false;
  const onEvent = (event: AblationEvent) => {
    started ||= event.type === 'training';
    if (asLines) writeLine(io.stderr, gridLine(event));
    else tell(event);
  };
  try {
    const quiet = asLines ? { ...io, stderr: { write: () => {} } } : io;
    const form = imageForm(encoders ?? configOfSettings(trainSettings(settings), 1));
    const decode = toTrain.length > 0 ? { decode: images.of(form).check } : {};
    const judgesModels = toTrain.length > 0 || given.length > 0;
    const benchmarks = what === 'table3' ? await benchmarksOf(flags, judgesModels, quiet, note) : [];
    const read = await readGoodPairs(files, quiet, { images: folder, skipBad, note, ...decode });
    const options: ReproduceOptions = {
      ...{ out: flags.out, given, device, images: images.of, signal: io.signal, onMeasure: measuring.update },
      ...{ evaluation: read.at(-1) ?? [], split: flags.test === undefined ? 'validation' : 'test' },
      ...(toTrain.length > 0 ? { training: { ...trainingOf(read, settings, flags), onEvent } } : {}),
    };
    return await made(what, options, flags, benchmarks).catch((error: unknown) => {
      throw started ? afterStart(error) : error;
    });
  } finally {
    measuring.end();
    reporter.end();
    await images.dispose();
  }
}

async function made(
  what: ModelReproduction,
  options: ReproduceOptions,
  flags: ReproduceFlags,
  benchmarks: readonly Benchmark[],
): Promise<Reproduced<ReproductionReport>> {
  const { preset, beta, tasks, queries, items, perplexity, iterations, drawSeed } = flags;
  switch (what) {
    case 'table1': {
      const { embeddings = [], fuse, normalize } = flags;
      return reproduceTable1({ ...options, embeddings: await importEmbeddings(embeddings, { fuse, normalize }) });
    }
    case 'table3': {
      const { embeddings = [], fuse, normalize } = flags;
      const imported = await importEmbeddings(embeddings, { fuse, normalize });
      return reproduceTable3({ ...options, benchmarks, embeddings: imported });
    }
    case 'table4':
      return reproduceTable4({ ...options, ...known({ preset }) });
    case 'figure4':
      return reproduceFigure4({ ...options, ...known({ tasks, queries, drawSeed }) });
    case 'figure5':
      return reproduceFigure5({ ...options, ...known({ items, perplexity, iterations, drawSeed }) });
    case 'figure6':
      return reproduceFigure6({ ...options, ...known({ preset, betas: beta }) });
    case 'missing':
      return reproduceMissing({ ...options, ...known({ drawSeed }) });
  }
}

/** The benchmarks of Table 3. Their pictures are looked at where a model is to see them. */
async function benchmarksOf(
  flags: ReproduceFlags,
  judgesModels: boolean,
  io: Io,
  note: (text: string) => void,
): Promise<Benchmark[]> {
  const found: Benchmark[] = [];
  for (const name of benchmarkNames) {
    const folder = flags[name];
    if (folder === undefined) continue;
    const [images, check] = [flags[`${name}Images`], judgesModels ? 'images' : 'fields'] as const;
    found.push(await readGoodBenchmark(name, folder, io, { images, check, skipBad: flags.skipBad, note }));
  }
  if (found.length > 0) return found;
  const hint = 'give --fashion200k DIR, --fashioniq DIR, or both';
  throw new UniecsError({ code: 'argument', where: 'reproduce', expected: 'a benchmark', got: 'none', hint });
}

/** Fields without those that were not given. */
function known<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}

function settingsFlags({ size, epochs, steps, batchSize, microBatch, lr, dataWorkers, freeze }: ReproduceFlags) {
  return known({ size, epochs, steps, batchSize, microBatch, lr, dataWorkers, freeze });
}

/** Names of what is to be trained. */
function methodNames(what: ModelReproduction, flags: ReproduceFlags, given: readonly GivenModel[]): string[] {
  if (what === 'table4' || what === 'figure6') return ['UniECS'];
  // Table 3 is judged on data of its own: without pairs to train on, its rows are what is given.
  if (what === 'table3' && flags.train === undefined && flags.val === undefined) return [];
  return methodsToTrain(what === 'table1' || what === 'table3' ? table1Methods : comparedMethods, given).map(
    ({ name }) => name,
  );
}

/** The pair files to read: the last one is judged. */
function filesOf(what: ModelReproduction, { train, val, test }: ReproduceFlags, toTrain: readonly string[]): string[] {
  const fault = (expected: string, got: string, hint: string) =>
    new UniecsError({ code: 'argument', where: 'reproduce', expected, got, hint });
  if (toTrain.length > 0) {
    if (train !== undefined && val !== undefined) return [train, val, ...(test === undefined ? [] : [test])];
    const expected = `--train and --val to train ${toTrain.join(', ')}`;
    const got = train === undefined ? (val === undefined ? 'neither' : 'no --train') : 'no --val';
    throw fault(expected, got, 'give both, or for figures of models that exist --model NAME=DIR for each');
  }
  if (what === 'table3') return [];
  const judged = test ?? val;
  if (judged === undefined) throw fault('pairs to judge on', 'none', 'give --test');
  return [judged];
}

/** Says which flags of a training mean nothing, since there is none. */
function noteUnread(flags: ReproduceFlags, files: readonly string[], note: (text: string) => void): void {
  const { size, epochs, steps, batchSize, microBatch, lr, freeze, config, init, seeds } = flags;
  const { train, val } = flags;
  const settings = { size, epochs, steps, batchSize, microBatch, lr, freeze, config, init, seeds };
  const unread = Object.keys(known({ ...settings, train, val: files.includes(val ?? '') ? undefined : val }));
  const names = unread.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  if (names.length > 0) note(`no model is trained here: ${names.join(', ')} without effect`);
}

function trainingOf(
  [train = [], validation = []]: readonly (readonly Pair[])[],
  settings: GivenSettings,
  flags: ReproduceFlags,
): TrainingOptions {
  const { seeds = [7], images, skipBad, keepCheckpoints } = flags;
  const files = { train: flags.train as string, val: flags.val as string, ...known({ images, skipBad }) };
  return {
    ...{ train, validation, settings, seeds, inputs: (folder) => inputsToStore(folder, files) },
    ...startOfFlags(flags),
    ...known({ keepCheckpoints }),
  };
}
