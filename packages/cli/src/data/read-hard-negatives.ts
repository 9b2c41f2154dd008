import { type Pair, parseNegatives } from '@uniecs/mbeer';
import { readLines } from '@uniecs/mbeer/node';
import { type NegativePairs, negativePairs } from '@uniecs/retrieval';

/**
 * The hard negatives in a file of `uniecs mine`, for the pairs that they were mined from.
 *
 * @throws UniecsError `file` where it cannot be read, `data` where it is damaged or of other pairs
 */
export async function readHardNegatives(file: string, pairs: readonly Pair[]): Promise<NegativePairs> {
  return negativePairs(await parseNegatives(readLines(file, 'readHardNegatives'), file), pairs);
}
