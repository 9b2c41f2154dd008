import { cast, greaterEqual, mul, scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { UniecsError } from '../errors.js';
import { counterUniform } from '../random/counter-uniform.js';

/** Where dropout draws from; each call takes the next site, so a replayed pass with a fresh source draws the same. */
export interface DropoutSource {
  readonly key: Tensor;
  readonly rows: Tensor;
  nextSite(): number;
}

/** What a forward pass needs beside its inputs. Without `dropout` it is an inference pass. */
export interface ForwardContext {
  readonly dropout?: DropoutSource | undefined;
}

/**
 * A source of dropout masks that are a pure function of (key, row id, site, place): replayed passes and other micro-batches
 * repeat them exactly.
 *
 * @param key float32 [2], whole numbers below `counterLimit`: the run's seed and the step
 * @param rows float32 [B], the rows' ids in the whole batch, below `counterLimit`
 * @param firstSite number of the first site; default 0
 */
export function dropoutSource({
  key,
  rows,
  firstSite = 0,
}: {
  readonly key: Tensor;
  readonly rows: Tensor;
  readonly firstSite?: number;
}): DropoutSource {
  let site = firstSite;
  return { key, rows, nextSite: () => site++ };
}

/**
 * The factors of one dropout site: 0 with probability `rate`, else `1 / (1 - rate)`; undefined where nothing is dropped.
 *
 * @param shape [B, ...] with the source's rows first
 * @param rate share that is dropped, in [0, 1)
 * @throws UniecsError `argument` for another rate
 */
export function dropoutMask(shape: readonly number[], rate: number, context?: ForwardContext): Tensor | undefined {
  if (!(rate >= 0 && rate < 1)) {
    throw new UniecsError({
      code: 'argument',
      where: 'dropout',
      expected: 'a rate in [0, 1)',
      got: String(rate),
      hint: 'use 0 for no dropout',
    });
  }
  const source = context?.dropout;
  if (!source || rate === 0) return undefined;
  const position = { key: source.key, rows: source.rows, site: source.nextSite() };
  return tidy(() =>
    mul(cast(greaterEqual(counterUniform(position, shape), scalar(rate)), 'float32'), scalar(1 / (1 - rate))),
  );
}

/** Inverted dropout on x [B, ...]; the identity without a dropout source or at rate 0. Srivastava et al. 2014. */
export function dropout<T extends Tensor>(x: T, rate: number, context?: ForwardContext): T {
  return tidy(() => {
    const mask = dropoutMask(x.shape, rate, context);
    return mask ? (mul(x, mask) as T) : x;
  });
}
