import { stepFault } from '../training/step-fault.js';
import type { StepNumbers } from '../training/step-numbers.js';
import type { QueryProductTerm } from './query-product-terms.js';
import type { Stage } from './two-tower-config.js';

/** Where a step is in its stage, and how fast it was. */
export interface StagePlace {
  readonly stage: Stage;
  /** From 1, skipped ones included. */
  readonly step: number;
  readonly totalSteps: number;
  readonly learningRate: number;
  readonly pairsPerSecond: number;
}

/** What a stage tells of each step; also a line of its `metrics.jsonl`. */
export type StageEvent = StagePlace &
  (
    | {
        readonly type: 'step';
        readonly loss: number;
        /** By the terms' names. */
        readonly terms: Readonly<Record<string, number>>;
        readonly gradNorm: number;
        /** Products and queries left out of the denominators since they are relevant, over all terms. */
        readonly maskedNegatives: number;
      }
    /** A loss or gradient that is not finite: the state is as it was. */
    | { readonly type: 'skipped'; readonly reason: string }
  );

/** A step as an event. `ids` are the batch's queries, then its products. */
export function stageEvent(
  numbers: StepNumbers,
  terms: readonly QueryProductTerm[],
  place: StagePlace,
  ids: readonly (string | undefined)[],
): StageEvent {
  if (!numbers.taken) return { type: 'skipped', ...place, reason: stepFault(numbers, terms, ids).reason };
  return {
    type: 'step',
    ...place,
    loss: numbers.loss,
    terms: Object.fromEntries(terms.map(({ name }, i) => [name, numbers.terms[i] as number])),
    gradNorm: numbers.gradientNorm,
    maskedNegatives: numbers.maskedNegatives.reduce((sum, count) => sum + count, 0),
  };
}
