import { UniecsError } from '@uniecs/tensor';
import type { BatchGroup } from './batch-plan.js';

/** What pairs are grouped by. */
export interface TitleGroupsOptions {
  /** Tokens of the longer title of each pair, at most `maxLength`. */
  readonly lengths: readonly number[];
  /** Tokens that the text encoder takes, L. */
  readonly maxLength: number;
  /** Tokens of an image, those of the class included. */
  readonly imageTokens: number;
  /** Most pairs of a batch. */
  readonly batchSize: number;
  /** Most tokens of a batch, padding included: `2 N (imageTokens + L)`. */
  readonly tokenBudget: number;
}

/** Lengths that titles are padded to, in parts of the longest: so many graphs are compiled at most. */
const parts = 4;

/**
 * Groups pairs by the length of their titles, each group with as many pairs a batch as the budget allows, at most `batchSize`. A group
 * that does not fill one batch goes to the next longer.
 *
 * @throws UniecsError `argument` for a budget too small for two pairs with the longest titles
 */
export function titleGroups(options: TitleGroupsOptions): BatchGroup[] {
  const { lengths, maxLength, imageTokens, batchSize, tokenBudget } = options;
  const pairsOf = (length: number) => Math.min(batchSize, Math.floor(tokenBudget / (2 * (imageTokens + length))));
  const least = 4 * (imageTokens + maxLength);
  if (tokenBudget < least) {
    throw new UniecsError({
      code: 'argument',
      where: 'train',
      expected: `a tokenBudget of at least ${least}, for two pairs with titles of ${maxLength} tokens`,
      got: `${tokenBudget}`,
      hint: 'raise batching.tokenBudget, or leave it out for batches of batchSize pairs',
    });
  }
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1);
  const groups: BatchGroup[] = [];
  let waiting: number[] = [];
  let from = 0;
  for (let part = 1; part <= parts; part++) {
    const length = Math.ceil((longest * part) / parts);
    const after = from;
    const members = [...waiting, ...indicesWhere(lengths, (tokens) => tokens > after && tokens <= length)];
    from = length;
    const shape = { pairs: pairsOf(length), length };
    if (members.length >= shape.pairs || (part === parts && members.length > 0)) {
      groups.push({ shape, members });
      waiting = [];
    } else waiting = members;
  }
  return groups;
}

function indicesWhere(values: readonly number[], holds: (value: number) => boolean): number[] {
  return values.flatMap((value, i) => (holds(value) ? [i] : []));
}
