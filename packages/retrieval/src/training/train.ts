import { join } from 'node:path';
import { clampedCounts, type LossTerm } from '@uniecs/losses';
import type { Pair } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { anyPartial } from '../data/item-batch.js';
import { type CheckpointInfo, loadCheckpoint } from '../files/checkpoints.js';
import { writeManifest } from '../files/manifest.js';
import { writeModelConfig } from '../files/model-folder.js';
import { claimRunFolder, metricsLog, runFiles } from '../files/run-folder.js';
import { modelConfig } from '../model/model-config.js';
import { type AssembledRun, assembleRun, type ConfigOf } from './assemble-run.js';
import type { TrainEvent, TrainSummary } from './train-events.js';
import { type GivenSettings, type TrainSettings, trainSettings } from './train-settings.js';
import { namedState } from './train-state.js';
import { parameterCount, trainingLoop } from './training-loop.js';

/** What a run needs. */
export interface TrainOptions {
  readonly settings?: GivenSettings;
  readonly train: readonly Pair[];
  readonly validation: readonly Pair[];
  /** The model folder that the run writes. */
  readonly out: string;
  /** Goes on with the newest checkpoint in `out`. */
  readonly resume?: boolean;
  /** Loss terms of your own, beside the preset's. */
  readonly terms?: readonly LossTerm[];
  /** A model folder whose weights the run starts from, and whose tokenizer it keeps. */
  readonly init?: string;
  /** Stops after the step at work, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
}

/**
 * Trains UniECS on product pairs: shuffled batches with augmentation, the loss terms differentiated one by one at the
 * representations, adaptive weights, AdamW with warm-up and cosine; validation on the nine tasks, the best weights kept.
 *
 * `out` becomes a model folder (weights of the best validation, config, tokenizer, model card) with `metrics.jsonl` (a line a step and a
 * validation), `manifest.json` and `checkpoints/`. The same seed, data and settings give the same losses to the bit on the
 * same machine, also when the run is interrupted and resumed.
 *
 * @throws UniecsError `file` when `out` already holds a run and `resume` is not set, or cannot be written, `data` for a checkpoint of
 *   other settings or data, `numeric` when a loss or gradient is NaN or infinite (naming term and step; the last checkpoint stays),
 *   `argument` for settings out of range
 */
export function train(options: TrainOptions): Promise<TrainSummary> {
  return trainWith(options, ({ size, preset, fusion }, vocabularySize) =>
    modelConfig(size, preset, vocabularySize, fusion),
  );
}

/** `train` for a model of any configuration. */
export async function trainWith(options: TrainOptions, configOf: ConfigOf): Promise<TrainSummary> {
  const { out, train, validation, resume = false, init, terms = [], signal, onEvent = () => {} } = options;
  const settings = trainSettings(options.settings);
  checkPairs(train, validation, settings);
  await claimRunFolder(out, resume);
  const run = await assembleRun({
    settings,
    configOf,
    train,
    validation,
    terms,
    tokenizerFrom: resume ? out : init,
    weightsFrom: resume ? undefined : init,
  });
  try {
    let start: CheckpointInfo = { step: 0, fingerprint: run.fingerprint };
    if (resume) start = await loadCheckpoint(join(out, runFiles.checkpoints), namedState(run.state), run.fingerprint);
    else await writeModelConfig(out, { version: 1, model: run.config, training: settings }, run.tokenizer);
    const metrics = metricsLog(join(out, runFiles.metrics));
    await metrics.cutAfter(start.step);
    const names = run.terms.map(({ name }) => name);
    await writeManifest(out, { settings, terms: names, pairs: train, validation, startedAt: new Date() });
    announce(run, train, resume ? start.step : undefined, onEvent);
    return await trainingLoop(run, { out, start, saved: resume, validation, metrics, signal, onEvent });
  } finally {
    run.dispose();
  }
}

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
  for (const { term, option, requested, effective } of clampedCounts(terms, batches.lastCount)) {
    onEvent({
      type: 'note',
      text: `${term}: ${option} ${requested} is clamped to ${effective} in a batch of ${batches.lastCount} pairs`,
    });
  }
  if (anyPartial(train.flatMap(({ item1, item2 }) => [item1, item2]))) {
    onEvent({
      type: 'note',
      text: 'some items lack an image or a title: each loss term averages over the pairs that have what it needs',
    });
  }
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
