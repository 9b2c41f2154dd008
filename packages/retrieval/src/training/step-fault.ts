import type { LossTerm } from '@uniecs/losses';
import { UniecsError } from '@uniecs/tensor';
import type { RunProgress } from './run-progress.js';
import type { StepNumbers } from './step-numbers.js';

/** Why a step was not taken. */
export interface StepFault {
  /** In words, without the step. */
  readonly reason: string;
  /** The first term whose loss or gradient is not finite; absent where all are and only their sum or the parameters' gradient is not. */
  readonly term?: string;
  /** Ids of the batch's items whose representations are not finite. */
  readonly items: readonly string[];
}

/** Items that a reason names. */
const shown = 8;

/**
 * Names the cause of a step that was not taken: the loss term, and the items whose representations are NaN or infinite.
 * `itemIds` has the batch's rows, undefined for padding.
 */
export function stepFault(
  numbers: StepNumbers,
  named: readonly Pick<LossTerm, 'name'>[],
  itemIds: readonly (string | undefined)[],
): StepFault {
  const { loss, terms, gradientNorms, rowSums, gradientNorm } = numbers;
  const bad = named.findIndex((_, i) => !Number.isFinite(terms[i]) || !Number.isFinite(gradientNorms[i]));
  const term = named[bad]?.name;
  const rows = itemIds.flatMap((id, row) => (id !== undefined && !Number.isFinite(rowSums[row]) ? [id] : []));
  const items = [...new Set(rows)];
  const all = new Set(itemIds.filter((id) => id !== undefined)).size;
  const place = items.length === 0 ? '' : `, with representations that are not finite of ${listed(items, all)}`;
  if (term !== undefined) {
    const reason = `the term ${term} has the loss ${terms[bad]} and a gradient of norm ${gradientNorms[bad]}${place}`;
    return { reason, term, items };
  }
  const what = Number.isFinite(loss)
    ? `the gradient of the parameters has the norm ${gradientNorm}`
    : `the weighted loss is ${loss}`;
  return { reason: `${what}${place}`, items };
}

/** What is said of a step that overflowed float16 at one loss scale, when the next one is tried. */
export function overflow(scale: number | undefined, next: number | undefined): StepFault {
  return {
    reason: `the gradient overflows float16 at the loss scale ${scale}, which is ${next} from now on`,
    items: [],
  };
}

/** The error of a run that skipped its last steps in a row. */
export function tooManySkipped({ step, skippedInRow }: RunProgress, { reason, term, items }: StepFault): UniecsError {
  return new UniecsError({
    code: 'numeric',
    where: 'train',
    expected: `finite losses and gradients in step ${step}`,
    got: `${reason}${skippedInRow > 1 ? `, after ${skippedInRow - 1} skipped steps before it` : ''}`,
    hint: 'the last checkpoint is intact; lower the learning rate, clip gradients, or drop that term to see whether it is the cause',
    details: { step, term, items },
  });
}

function listed(items: readonly string[], all: number): string {
  if (items.length === all) return `all ${all} items of the batch`;
  const names = items.slice(0, shown).join(', ');
  const more = items.length > shown ? ` and ${items.length - shown} more` : '';
  return `${items.length === 1 ? 'the item' : 'the items'} ${names}${more}`;
}
