import type { LossTerm } from '@uniecs/losses';
import type { StepNumbers } from './step-numbers.js';
import type { StepEvent } from './train-events.js';

/** Where a step is in the run, and how long it took. */
export type StepPlace = Pick<
  StepEvent,
  | 'step'
  | 'epoch'
  | 'totalSteps'
  | 'learningRate'
  | 'lossScale'
  | 'pairsPerSecond'
  | 'dataWait'
  | 'rssBytes'
  | 'secondsLeft'
>;

/** A step as an event: the numbers by the names of their terms. */
export function stepEvent(numbers: StepNumbers, terms: readonly LossTerm[], place: StepPlace): StepEvent {
  const named = (values: ArrayLike<number>) =>
    Object.fromEntries(terms.map(({ name }, i) => [name, values[i] as number]));
  const masked = Object.entries(named(numbers.maskedNegatives)).filter(([, count]) => count > 0);
  const { step, epoch, totalSteps, ...pace } = place;
  return {
    type: 'step',
    step,
    epoch,
    totalSteps,
    loss: numbers.loss,
    terms: named(numbers.terms),
    lambdas: named(numbers.lambdas),
    gradNorms: named(numbers.gradientNorms),
    gradNorm: numbers.gradientNorm,
    ...(masked.length > 0 ? { maskedNegatives: Object.fromEntries(masked) } : {}),
    entropy: entropyOf(numbers.lambdas),
    ...pace,
  };
}

function entropyOf(weights: Float32Array): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.reduce((sum, weight) => (weight > 0 ? sum - (weight / total) * Math.log(weight / total) : sum), 0);
}
