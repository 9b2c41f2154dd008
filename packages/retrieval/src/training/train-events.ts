import type { EvaluationReport } from '@uniecs/mbeer';

/** What a run tells while it goes on; `step` and `validation` are also the lines of `metrics.jsonl`. */
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
  | StepEvent
  | {
      readonly type: 'validation';
      readonly step: number;
      readonly epoch: number;
      readonly report: EvaluationReport;
      readonly isBest: boolean;
      readonly seconds: number;
    }
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string };

/** One step. */
export interface StepEvent {
  readonly type: 'step';
  /** Steps taken, from 1. */
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
  /** In-batch negatives left out as false, by term; terms without any are left out. */
  readonly maskedNegatives?: Readonly<Record<string, number>>;
  /** `-sum p log p` of the weights' shares, in nats. */
  readonly entropy: number;
  readonly learningRate: number;
  /** Pairs of the data over the time since the step before, waiting for data included. */
  readonly pairsPerSecond: number;
  /** Share of that time spent waiting for data, 0 to 1. */
  readonly dataWait: number;
  readonly secondsLeft: number;
}

/** How a run ended. */
export interface TrainSummary {
  readonly steps: number;
  readonly seconds: number;
  /** Mean Recall@10 over the nine tasks on the validation pairs, and the step it was reached at. */
  readonly best?: { readonly value: number; readonly step: number };
  /** Whether the signal stopped it; the last checkpoint is its state. */
  readonly interrupted: boolean;
  /** Over the whole run, validation and checkpoints included. */
  readonly pairsPerSecond: number;
}
