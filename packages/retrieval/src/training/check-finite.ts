import type { LossTerm } from '@uniecs/losses';
import { UniecsError } from '@uniecs/tensor';
import type { StepNumbers } from './step-runner.js';

/**
 * Stops a run whose losses or gradients are no longer numbers.
 *
 * @throws UniecsError `numeric` naming the term and the step
 */
export function checkFinite(
  { loss, terms, gradientNorms }: StepNumbers,
  named: readonly LossTerm[],
  step: number,
): void {
  const bad = named.findIndex((_, i) => !Number.isFinite(terms[i]) || !Number.isFinite(gradientNorms[i]));
  if (bad < 0 && Number.isFinite(loss)) return;
  const name = named[bad]?.name;
  throw new UniecsError({
    code: 'numeric',
    where: 'train',
    expected: `finite losses and gradients in step ${step}`,
    got: name
      ? `loss ${terms[bad]} with gradient norm ${gradientNorms[bad]} in the term ${name}`
      : `a weighted loss of ${loss}`,
    hint: 'the last checkpoint is intact; lower the learning rate, or drop that term to see whether it is the cause',
    details: { step, term: name },
  });
}
