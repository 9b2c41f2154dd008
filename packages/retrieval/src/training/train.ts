import { join } from 'node:path';
import type { Device } from '@uniecs/compile';
import type { ImageSource } from '@uniecs/encoders/node';
import { clampedCounts, type LossTerm } from '@uniecs/losses';
import type { Pair } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { type FileSystem, nodeFileSystem } from '@uniecs/tensor/node';
import { anyPartial } from '../data/item-batch.js';
import type { NegativePairs } from '../data/negative-pairs.js';
import { clearCheckpoints, loadCheckpoint } from '../files/checkpoints.js';
import { metricsLog } from '../files/metrics-log.js';
import { type ReadVariable, writeModelConfig } from '../files/model-folder.js';
import { checkRunFolder, claimRunFolder, runFiles } from '../files/run-folder.js';
import { settingsFrom } from '../files/stored-encoders.js';
import { readStoredRun } from '../files/stored-run.js';
import { writeCheckpoint } from '../files/write-checkpoint.js';
import { modelConfig } from '../model/model-config.js';
import { recordRun } from '../report/run-record.js';
import { type AssembledRun, assembleRun, type ConfigOf, parameterCount } from './assemble-run.js';
import { prepareFeatures } from './prepare-features.js';
import { resumedSettings } from './resumed-settings.js';
import { type RunProgress, startOfRun } from './run-progress.js';
import type { TrainEvent, TrainSummary } from './train-events.js';
import { type GivenSettings, type TrainSettings, trainSettings } from './train-settings.js';
import { namedState } from './train-state.js';
import { trainingLoop } from './training-loop.js';

/** What a run needs. */
export interface TrainOptions {
  /** With `resume` those that the run was started with hold, and what is given must be as it was (see `resumedSettings`). */
  readonly settings?: GivenSettings;
  readonly train: readonly Pair[];
  readonly validation: readonly Pair[];
  /** The model folder that the run writes. */
  readonly out: string;
  /** Goes on with the newest checkpoint in `out`. */
  readonly resume?: boolean;
  /** Where steps and validations run; default `cpu`. A run may be resumed on another one. */
  readonly device?: Device;
  /** Loss terms of your own, beside the preset's. */
  readonly terms?: readonly LossTerm[];
  /**
   * A model folder whose weights the run starts from, and whose tokenizer, encoders and, where no setting says it, size it keeps. Of a model
   * of another architecture the encoders' weights alone: what joins image and text is drawn as without a start.
   */
  readonly init?: string;
  /** A model folder whose tokenizer and encoders the run starts from, in the place of `init`: all else is drawn, whatever the folder holds. */
  readonly encodersFrom?: string;
  /** Kept in `config.json` for whoever resumes the run, the data files' names say; JSON values. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /**
   * Hard negatives of the training pairs (`negativePairs` of what `mineEmbeddings` found): the pairs that own them come into the batch of
   * the pair whose negatives they are, as far as they are not in another one of the epoch yet, and so are its in-batch negatives. Every pair
   * is still there once an epoch. Default none. Not in the paper.
   */
  readonly hardNegatives?: NegativePairs;
  /**
   * Where images come from, which the caller disposes: with a store, images decoded before are not decoded again. Default a source of the
   * run's own, without a store, of `dataWorkers` threads.
   */
  readonly images?: ImageSource;
  /** Stops after the step at work, with a checkpoint. */
  readonly signal?: AbortSignal;
  /**
   * Where the token features of frozen encoders are kept, for any number of runs. Where `freeze` means both encoders whole, they encode every
   * picture and title once, without augmentation, and the steps start from the features (see `featureCache`). Default none: frozen encoders
   * encode at every step.
   */
  readonly features?: string;
  /** What checkpoints and weights are written and read through; default Node's own. */
  readonly fileSystem?: FileSystem;
  readonly onEvent?: (event: TrainEvent) => void;
}

/**
 * Trains UniECS, or the baseline that the settings name, on product pairs: shuffled batches with augmentation, the loss terms
 * differentiated one by one at the representations, adaptive weights, AdamW with warm-up and cosine; validation on the nine tasks, the
 * best weights kept.
 *
 * A step whose loss or gradient is NaN or infinite is skipped: the state stays as it is, the event `skipped` names term and items.
 *
 * `out` becomes a model folder (weights of the best validation, config, tokenizer, model card) with `metrics.jsonl` (a line a step and a
 * validation), `manifest.json`, `report.html` and `checkpoints/`. The same seed, data and settings give the same losses to the bit on the
 * same machine, also when the run is interrupted, killed or cut off from power, and resumed: there is a checkpoint from before the first
 * step on, it is whole or not there, and a damaged newest one is passed over for the one before, with a note. A run that fails saves its
 * state first, where that is intact.
 *
 * @throws UniecsError `file` when `out` already holds a run and `resume` is not set, another process is writing to it, or it cannot be written, `data` for a checkpoint of
 *   other settings or data, `numeric` when `maxSkippedSteps` steps in a row have a loss or gradient that is NaN or infinite (naming term and
 *   step), `argument` for settings out of range, patterns that mean no parameter, and two folders to start from
 */
export function train(options: TrainOptions): Promise<TrainSummary> {
  return trainWith(options, configOfSettings);
}

/** The model that settings ask for by name, size, preset and changes of the encoders and the fusion. */
export const configOfSettings: ConfigOf = ({ model, size, preset, encoders, fusion }, vocabularySize) =>
  modelConfig(size, preset, vocabularySize, fusion, model, encoders);

/** `train` for a model of any configuration. */
export async function trainWith(options: TrainOptions, configOf: ConfigOf): Promise<TrainSummary> {
  const { out, train, validation, resume = false } = options;
  checkStart(options);
  if (resume) await checkRunFolder(out, resume);
  const stored = resume ? (await readStoredRun(out)).settings : undefined;
  const settings = stored
    ? resumedSettings(out, stored, options.settings)
    : trainSettings(await settingsFrom(options.init ?? options.encodersFrom, options.settings));
  checkPairs(train, validation, settings);
  const release = await claimRunFolder(out, resume);
  try {
    return await trainIn(options, configOf, settings, stored && new Set(Object.keys(stored)));
  } finally {
    release();
  }
}

/** Trains in a folder that this process has for itself. */
async function trainIn(
  options: TrainOptions,
  configOf: ConfigOf,
  settings: TrainSettings,
  knownSettings: ReadonlySet<string> | undefined,
): Promise<TrainSummary> {
  const {
    out,
    train,
    validation,
    resume = false,
    init,
    encodersFrom,
    terms = [],
    signal,
    onEvent = () => {},
  } = options;
  const { device = 'cpu', fileSystem = nodeFileSystem, inputs } = options;
  const run = await assembleRun({
    settings,
    knownSettings,
    configOf,
    train,
    validation,
    terms,
    tokenizerFrom: resume ? out : (init ?? encodersFrom),
    weightsFrom: resume ? undefined : init,
    encodersFrom: resume ? undefined : encodersFrom,
    images: options.images,
    features: options.features,
    hardNegatives: options.hardNegatives,
  });
  try {
    const folder = join(out, runFiles.checkpoints);
    let start = startOfRun(settings, run.fingerprint);
    let first: string | undefined;
    if (resume) {
      const loaded = await loadCheckpoint(folder, namedState(run.state), run.fingerprint, { fileSystem });
      await clearCheckpoints(folder, loaded, { fileSystem });
      start = loaded.info as RunProgress;
      for (const { path, reason } of loaded.skipped) {
        onEvent({ type: 'note', text: `${path} is damaged (${reason}); going on from ${loaded.path}` });
      }
    } else {
      // A run has begun with its `config.json`: whenever it is killed from then on, there is a checkpoint to go on from.
      first = await writeCheckpoint(folder, namedState(run.state), readHere, start, { fileSystem });
      const config = {
        version: 1,
        model: run.config,
        training: settings,
        device,
        ...(inputs ? { inputs } : {}),
      } as const;
      await writeModelConfig(out, config, run.tokenizer);
    }
    const metrics = metricsLog(join(out, runFiles.metrics));
    await metrics.cutAfter(start);
    const resumedFrom = resume ? start.step : undefined;
    announce(run, train, resumedFrom, onEvent);
    if (first !== undefined) onEvent({ type: 'checkpoint', step: start.step, path: first });
    const names = run.terms.map(({ name }) => name);
    const note = (text: string) => onEvent({ type: 'note', text });
    const loop = { out, device, start, validation, fileSystem, signal, onEvent };
    return await recordRun(
      { out, settings, model: run.config, device, terms: names, train, validation, resumedFrom, metrics, note },
      async (recorded) => {
        const isReady = await prepareFeatures(run, { train, validation, device, signal, onEvent });
        return isReady ? trainingLoop(run, { ...loop, metrics: recorded }) : stoppedBefore(start);
      },
    );
  } finally {
    await run.dispose();
  }
}

/** A run that was stopped before its first step: its state is as it was. */
function stoppedBefore({ step, skipped, best }: RunProgress): TrainSummary {
  const none = { seconds: 0, pairsPerSecond: 0, interrupted: true, stoppedEarly: false };
  return { steps: step, skipped, ...(best ? { best } : {}), ...none };
}

/** A variable that no device has taken yet. */
const readHere: ReadVariable = (variable) => ({ data: variable.dataSync() as Float32Array | Int32Array });

/** What is worth knowing before the first step. */
function announce(
  run: AssembledRun,
  train: readonly Pair[],
  resumedFrom: number | undefined,
  onEvent: (event: TrainEvent) => void,
): void {
  const { terms, batches, totalSteps } = run;
  onEvent({
    type: 'start',
    parameters: parameterCount(run),
    pairs: train.length,
    totalSteps,
    stepsPerEpoch: batches.stepsPerEpoch,
    ...(resumedFrom === undefined ? {} : { resumedFrom }),
  });
  for (const { term, option, requested, effective } of clampedCounts(terms, batches.fewest)) {
    onEvent({
      type: 'note',
      text: `${term}: ${option} ${requested} is clamped to ${effective} in a batch of ${batches.fewest} pairs`,
    });
  }
  if (anyPartial(train.flatMap(({ item1, item2 }) => [item1, item2]))) {
    onEvent({
      type: 'note',
      text: 'some items lack an image or a title: each loss term averages over the pairs that have what it needs',
    });
  }
}

/** A run starts from one folder. */
function checkStart({ init, encodersFrom }: TrainOptions): void {
  if (init === undefined || encodersFrom === undefined) return;
  throw new UniecsError({
    code: 'argument',
    where: 'train',
    expected: 'one folder to start from: init, all that fits, or encodersFrom, the encoders alone',
    got: `init ${init} and encodersFrom ${encodersFrom}`,
    hint: 'leave one of the two out',
  });
}

function checkPairs(train: readonly Pair[], validation: readonly Pair[], { batchSize }: TrainSettings): void {
  const fault = (expected: string, got: string, hint: string) =>
    new UniecsError({ code: 'data', where: 'train', expected, got, hint });
  if (train.length === 0) throw fault('training pairs', 'none', 'pass a pair file with good lines');
  if (validation.length === 0) throw fault('validation pairs', 'none', 'pass a pair file with good lines');
  if (train.length < Math.min(batchSize, 2)) {
    const expected = 'at least two training pairs, since the others are the negatives';
    throw fault(expected, `${train.length}`, 'pass more pairs');
  }
}
