import {
  add,
  floor,
  matMul,
  mul,
  reshape,
  scalar,
  slice,
  sub,
  type Tensor,
  tensor2d,
  tensor3d,
  tidy,
} from '@tensorflow/tfjs-core';
import { checkShape } from '../check-shape.js';
import { UniecsError } from '../errors.js';
import { inFloat32 } from '../in-float32.js';

/** Words of rows are residues modulo this prime: whole numbers under 2^10, whose products float32 holds exactly. */
const prime = 1021;

/** Words per row and per place. */
const words = 8;

/** Words of places are products of two whole numbers from -45 to 45, none of them 0. */
const largestFactor = 45;

/** Places in a row come in blocks of this many. */
const blockSize = 256;

/** The numbers are multiples of `1 / resolution`. */
const resolution = 65536;

/** Row ids, sites, places in a row and key words must stay below this (1,042,441). */
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
 * Uniform numbers in [0, 1) as a pure function of (key, row, site, place in the row), 16 bits each.
 *
 * A row at a site has eight words, mixed from its id, the key and the site by Feistel rounds `(l, r) -> (r, l + (r + k)^3)`
 * modulo 1,021; a place has eight constant words. The number is their inner product modulo 2^16, over 2^16: one matrix product
 * and two passes over the result, so that a draw costs little more than writing it.
 *
 * All arithmetic is on whole numbers under 2^23 in float32, so every backend gives the same bits, a traced graph draws anew
 * from its key input, and a pass replayed in other micro-batches draws the same.
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
    const products = inFloat32(() => matMul(rowWords(position), placeWords(rowSize)));
    return reshape(sub(products, floor(products)), [...shape]);
  });
}

/** Words of the rows at a site, [B, 8], from -510 to 510. */
function rowWords({ key, rows, site }: CounterPosition): Tensor {
  const [low, high] = rounds(digits(key), [scalar(331), scalar(877)], 4);
  const word = (x: Tensor, index: number) => slice(x, [index], [1]);
  const seeds = [word(low, 0), word(high, 0), word(low, 1), word(high, 1)];
  const [l, r] = rounds(digits(rows), seeds, 8);
  const columns = [0, 1, 2].map((stream) => residues(stream));
  const spread = (x: Tensor) => reshape(x, [x.size, 1]);
  // Only the last round knows the site: all before it is computed once for all sites of a graph.
  const [left, right] = rounds([spread(l), spread(r)], columns, 3);
  const [, mixed] = rounds([left, right], [residues(3 + site)], 1);
  return sub(mixed, scalar((prime - 1) / 2));
}

/** Words of the places 0, 1, ... as columns over 2^16, [8, places]: products of a word of the block and one of the place in it. */
function placeWords(places: number): Tensor {
  const factor = (stream: number, index: number, word: number) => {
    const bits = mixBits(stream, index, word);
    return (1 + ((bits >>> 1) % largestFactor)) * (bits & 1 ? 1 : -1);
  };
  const table = (stream: number, count: number, scale: number) =>
    Float32Array.from({ length: words * count }, (_, i) => scale * factor(stream, i % count, Math.floor(i / count)));
  const blocks = Math.ceil(places / blockSize);
  const inBlock = Math.min(places, blockSize);
  const products = mul(
    tensor3d(table(1, blocks, 1 / resolution), [words, blocks, 1]),
    tensor3d(table(2, inBlock, 1), [words, 1, inBlock]),
  );
  return slice(reshape(products, [words, blocks * inBlock]), [0, 0], [words, places]);
}

/** Eight constants below `prime`, [1, 8]. */
function residues(stream: number): Tensor {
  return tensor2d(
    Float32Array.from({ length: words }, (_, word) => mixBits(0, stream, word) % prime),
    [1, words],
  );
}

/** 32 well-mixed bits of three whole numbers. */
function mixBits(stream: number, index: number, word: number): number {
  let x = (Math.imul(index, 24) + stream * words + word) | 0;
  for (const factor of [0x7feb352d, 0x846ca68b, 0x9e3779b1]) {
    x ^= x >>> 16;
    x = Math.imul(x, factor);
  }
  return (x ^ (x >>> 15)) >>> 0;
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

/** `floor(x / prime)` for whole x below 2^21: half a unit away from whole quotients, farther than rounding reaches. */
function quotient(x: Tensor): Tensor {
  return floor(mul(add(x, scalar(0.5)), scalar(1 / prime)));
}

function modulo(x: Tensor): Tensor {
  return sub(x, mul(quotient(x), scalar(prime)));
}

function digits(x: Tensor): Words {
  const high = quotient(x);
  return [sub(x, mul(high, scalar(prime))), high];
}

function rounds(start: Words, keys: readonly Tensor[], count: number): Words {
  let [left, right] = start;
  for (let round = 0; round < count; round++) {
    const keyed = modulo(add(right, keys[round % keys.length] as Tensor));
    const squared = modulo(mul(keyed, keyed));
    [left, right] = [right, modulo(add(left, mul(squared, keyed)))];
  }
  return [left, right];
}
