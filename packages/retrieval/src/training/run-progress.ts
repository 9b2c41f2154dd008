import type { CheckpointInfo } from '../files/checkpoint-info.js';
import { type LossScale, nextLossScale, startOfLossScale } from './loss-scale.js';
import type { StepNumbers } from './step-numbers.js';
import type { EarlyStopping, TrainSettings } from './train-settings.js';

/**
 * Where a run stands, all of it in its checkpoints. `step` counts the batches that were taken, whether their step was or was
 * skipped: so every batch is seen once an epoch, and epochs, validations and the end are where they would have been. The
 * optimizer's step and the learning rate count the steps that were taken alone: `step - skipped`.
 */
export interface RunProgress extends CheckpointInfo {
  /** Where the next batch is. */
  readonly sampler: { readonly epoch: number; readonly batch: number };
  readonly random: { readonly seed: number; readonly dropout: number };
  /** Steps skipped so far, and the last of them in a row. */
  readonly skipped: number;
  readonly skippedInRow: number;
  /** Of a run whose encoders multiply float16. */
  readonly lossScale?: LossScale;
  /** For early stopping: the value that the next one is held against, and the validations since. */
  readonly stopping?: { readonly best: number; readonly since: number };
}

/** A run before its first step. */
export function startOfRun(
  { seed, precision }: Pick<TrainSettings, 'seed' | 'precision'>,
  fingerprint: string,
): RunProgress {
  const nothing = { step: 0, skipped: 0, skippedInRow: 0 };
  const lossScale = startOfLossScale(precision);
  return {
    ...nothing,
    sampler: { epoch: 0, batch: 0 },
    random: { seed, dropout: 0 },
    fingerprint,
    ...(lossScale ? { lossScale } : {}),
  };
}

/**
 * What became of a step. One that `overflowed` was skipped, as its scaled gradient was more than float16 holds, and a smaller loss scale
 * is left to try: that is how the scale is found, and no fault.
 */
export type StepOutcome = 'taken' | 'skipped' | 'overflowed';

/** What became of a step whose loss scale was that of `progress`. */
export function outcomeOf(numbers: StepNumbers, { lossScale }: Pick<RunProgress, 'lossScale'>): StepOutcome {
  if (numbers.taken) return 'taken';
  const { loss, terms, gradientNorms } = numbers;
  const isLossFinite = [loss, ...terms, ...gradientNorms].every(Number.isFinite);
  return isLossFinite && lossScale !== undefined && lossScale.scale > 1 ? 'overflowed' : 'skipped';
}

/** After a batch, of which the step was taken or not. */
export function afterStep(progress: RunProgress, outcome: StepOutcome, stepsPerEpoch: number): RunProgress {
  const { sampler, random, step, skipped, skippedInRow, lossScale } = progress;
  const taken = outcome === 'taken';
  const scale = lossScale && outcome !== 'skipped' ? { lossScale: nextLossScale(lossScale, !taken) } : {};
  const last = sampler.batch + 1 === stepsPerEpoch;
  return {
    ...progress,
    step: step + 1,
    sampler: last ? { epoch: sampler.epoch + 1, batch: 0 } : { ...sampler, batch: sampler.batch + 1 },
    random: { ...random, dropout: random.dropout + 1 },
    skipped: taken ? skipped : skipped + 1,
    skippedInRow: taken ? 0 : skippedInRow + Number(outcome === 'skipped'),
    ...scale,
  };
}

/** After a validation of some value. */
export function afterValidation(
  progress: RunProgress,
  { value, isBest }: { readonly value: number; readonly isBest: boolean },
  early: EarlyStopping | false,
): RunProgress {
  const { step, stopping } = progress;
  const best = isBest ? { best: { value, step } } : {};
  if (!early) return { ...progress, validated: step, ...best };
  const improved = stopping === undefined || value > stopping.best + (early.minDelta ?? 0);
  if (!improved) return { ...progress, validated: step, ...best, stopping: { ...stopping, since: stopping.since + 1 } };
  // Better, but of weights that could not be saved: training goes on, and what is there is what counts.
  const next = isBest ? { best: value, since: 0 } : stopping && { ...stopping, since: 0 };
  return { ...progress, validated: step, ...best, ...(next ? { stopping: next } : {}) };
}

/** Whether early stopping ends the run here. */
export function isStoppedEarly({ stopping }: RunProgress, early: EarlyStopping | false): boolean {
  return early !== false && stopping !== undefined && stopping.since >= early.patience;
}
