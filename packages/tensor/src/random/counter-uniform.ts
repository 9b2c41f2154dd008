import {
  add,
  div,
  floor,
  mul,
  range,
  reshape,
  scalar,
  slice,
  sub,
  type Tensor,
  tensor1d,
  tidy,
} from '@tensorflow/tfjs-core';
import { checkShape } from '../check-shape.js';
import { UniecsError } from '../errors.js';

/**
 * Residues modulo this prime are whole numbers under 2^10. Their products stay under 2^20, so float32 arithmetic on them is
 * exact, and `(x + 0.5) / prime` stays 5e-4 away from whole numbers, farther than the error of WebGPU's loose division.
 */
const prime = 1021;

/** Row ids, places in a row and key words must stay below this (1,042,441). */
export const counterLimit = prime * prime;

/** Where a draw is: a key (the seed and the step), the global row ids of the batch, and the number of the draw's site. */
export interface CounterPosition {
  /** float32 [2], whole numbers from 0 below `counterLimit`. */
  readonly key: Tensor;
  /** float32 [B], whole numbers from 0 below `counterLimit`: a row keeps its numbers whichever batch it is in. */
  readonly rows: Tensor;
  /** A whole number from 0 below `counterLimit`. */
  readonly site: number;
}

/** Two residues, `low + prime * high` together. */
type Words = readonly [Tensor, Tensor];

/**
 * Uniform numbers in [0, 1) as a pure function of (key, site, row, place in the row), 20 bits each.
 *
 * All arithmetic is on whole numbers under 2^20 in float32, so every backend gives the same bits, a traced graph draws anew
 * from its key input, and a pass replayed in other micro-batches draws the same. The words of row and place are mixed by
 * Feistel rounds `(l, r) -> (r, l + (r + k)^3)` modulo 1,021, which keep distinct inputs distinct.
 *
 * @param shape [B, ...]; B is the number of rows
 * @throws UniecsError `shape` for a key or rows of another shape, `argument` for a site or a row size beyond `counterLimit`
 */
export function counterUniform(position: CounterPosition, shape: readonly number[]): Tensor {
  const rowCount = shape[0] as number;
  const rowSize = shape.slice(1).reduce((product, n) => product * n, 1);
  checkShape(position.key, 'key', [2], 'counterUniform');
  checkShape(position.rows, 'rows', [rowCount], 'counterUniform');
  checkCounter('a site', position.site, counterLimit - 1);
  checkCounter('a row size', rowSize, counterLimit);
  return tidy(() => {
    const site = tensor1d([position.site]);
    const [low, high] = rounds(rounds(digits(position.key), digits(site), 3), [scalar(331), scalar(877)], 3);
    const word = (x: Tensor, index: number) => slice(x, [index], [1]);
    const seed: Words = [word(low, 0), word(high, 0)];
    const otherSeed: Words = [word(low, 1), word(high, 1)];
    const rows = rounds(rounds(digits(position.rows), seed, 4), otherSeed, 4);
    const places = rounds(rounds(digits(range(0, rowSize)), otherSeed, 4), seed, 4);
    const row: Words = [reshape(rows[0], [rowCount, 1]), reshape(rows[1], [rowCount, 1])];
    const place: Words = [reshape(places[0], [1, rowSize]), reshape(places[1], [1, rowSize])];
    const start: Words = [modulo(add(row[0], place[0])), modulo(add(row[1], place[1]))];
    const [left, right] = rounds(start, [row[1], place[0]], 3);
    return reshape(mul(add(mul(left, scalar(prime)), right), scalar(1 / counterLimit)), [...shape]);
  });
}

function checkCounter(what: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= most) return;
  throw new UniecsError({
    code: 'argument',
    where: 'counterUniform',
    expected: `${what} from 0 to ${most}`,
    got: String(value),
    hint: 'draw in smaller parts, each at a site of its own',
  });
}

function quotient(x: Tensor): Tensor {
  return floor(div(add(x, scalar(0.5)), scalar(prime)));
}

function modulo(x: Tensor): Tensor {
  return sub(x, mul(quotient(x), scalar(prime)));
}

function digits(x: Tensor): Words {
  const high = quotient(x);
  return [sub(x, mul(high, scalar(prime))), high];
}

function rounds(words: Words, keys: Words, count: number): Words {
  let [left, right] = words;
  for (let round = 0; round < count; round++) {
    const keyed = modulo(add(right, keys[round % 2] as Tensor));
    const squared = modulo(mul(keyed, keyed));
    [left, right] = [right, modulo(add(left, mul(squared, keyed)))];
  }
  return [left, right];
}
