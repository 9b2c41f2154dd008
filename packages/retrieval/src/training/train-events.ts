import type { EvaluationReport } from '@uniecs/mbeer';

/** What a run tells while it goes on; `step`, `skipped`, `validation` and `saveFailed` are also the lines of `metrics.jsonl`. */
export type TrainEvent =
  | {
      readonly type: 'start';
      readonly parameters: number;
      readonly pairs: number;
      readonly totalSteps: number;
      readonly stepsPerEpoch: number;
      readonly resumedFrom?: number;
    }
  | { readonly type: 'note'; readonly text: string }
  | FeaturesEvent
  | StepEvent
  | SkippedEvent
  | {
      readonly type: 'validation';
      readonly step: number;
      readonly epoch: number;
      readonly report: EvaluationReport;
      readonly isBest: boolean;
      readonly seconds: number;
    }
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string }
  | SaveFailedEvent;

/** Frozen encoders encode what the feature cache does not hold. */
export interface FeaturesEvent {
  readonly type: 'features';
  /** Pictures and titles encoded so far, of those that were missing. */
  readonly done: number;
  readonly total: number;
  readonly itemsPerSecond: number;
}

/** The system refused a save, and the run goes on: the checkpoint or weights before are intact. */
export interface SaveFailedEvent {
  readonly type: 'saveFailed';
  readonly step: number;
  readonly what: 'checkpoint' | 'weights' | 'card' | 'metrics';
  /** The error's message. */
  readonly reason: string;
}

/** A step that was not taken, since a loss or gradient is not finite: the state is as it was, and the run goes on with the next batch. */
export interface SkippedEvent {
  readonly type: 'skipped';
  /** Counted as a step, though none was taken. */
  readonly step: number;
  readonly epoch: number;
  readonly totalSteps: number;
  /** The cause, in words. */
  readonly reason: string;
  /** The loss term whose value or gradient is not finite, where it is one. */
  readonly term?: string;
  /** Ids of the batch's items whose representations are not finite. */
  readonly items: readonly string[];
  /** Skipped steps in a row, this one included. */
  readonly inRow: number;
}

/** One step. */
export interface StepEvent {
  readonly type: 'step';
  /** Steps, from 1, skipped ones included. */
  readonly step: number;
  /** The epoch of the step, from 1. */
  readonly epoch: number;
  readonly totalSteps: number;
  /** Weighted sum of the terms. */
  readonly loss: number;
  /** Unweighted, by name. */
  readonly terms: Readonly<Record<string, number>>;
  readonly lambdas: Readonly<Record<string, number>>;
  readonly gradNorms: Readonly<Record<string, number>>;
  /** Norm of the gradient over all trained parameters, before clipping. */
  readonly gradNorm: number;
  /** In-batch negatives left out as false, by term; terms without any are left out. */
  readonly maskedNegatives?: Readonly<Record<string, number>>;
  /** `-sum p log p` of the weights' shares, in nats. */
  readonly entropy: number;
  readonly learningRate: number;
  /** What the gradients were scaled by; of runs with the precision float16 alone. */
  readonly lossScale?: number;
  /** Pairs of the data over the time since the step before, waiting for data included. */
  readonly pairsPerSecond: number;
  /** Share of that time spent waiting for data, 0 to 1. */
  readonly dataWait: number;
  /** Resident memory of the process after the step, bytes. */
  readonly rssBytes: number;
  readonly secondsLeft: number;
}

/** How a run ended. */
export interface TrainSummary {
  /** Skipped ones included. */
  readonly steps: number;
  readonly skipped: number;
  readonly seconds: number;
  /** Mean Recall@10 over the nine tasks on the validation pairs, and the step it was reached at. */
  readonly best?: { readonly value: number; readonly step: number };
  /** Whether the signal stopped it; the last checkpoint is its state. */
  readonly interrupted: boolean;
  /** Whether it ended before the last step for want of a better validation. */
  readonly stoppedEarly: boolean;
  /** Share of the time of the steps after the first epoch spent waiting for data, 0 to 1; absent where none was taken. */
  readonly dataWait?: number;
  /** Over the whole run, validation and checkpoints included. */
  readonly pairsPerSecond: number;
}
