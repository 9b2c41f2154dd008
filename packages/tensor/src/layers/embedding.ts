import { gather, reshape, type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core';
import { UniecsError } from '../errors.js';
import type { Module } from '../module.js';
import { parameter } from '../parameter.js';
import type { Random } from '../random/seeded-random.js';

/** A table of learned vectors, looked up by id. */
export interface Embedding extends Module {
  readonly tree: { readonly weight: Variable };
  /** int32 ids [...], 0 to count - 1, to [..., size]. */
  forward(ids: Tensor): Tensor;
}

/** Sizes and initial values of an `embedding`. */
export interface EmbeddingOptions {
  readonly count: number;
  readonly size: number;
  readonly random: Random;
  /** Deviation of the initial values; default 0.02, BERT's and CLIP's initializer range. */
  readonly std?: number;
}

/**
 * An embedding table: `weight` [count, size]. An id outside 0 to count - 1 is the backend's to refuse (tfjs's cpu backend does).
 *
 * @throws UniecsError `argument` from `forward` for ids of another dtype than int32
 */
export function embedding({ count, size, random, std = 0.02 }: EmbeddingOptions): Embedding {
  const tree = { weight: parameter([count, size], () => random.normal() * std) };
  function forward(ids: Tensor): Tensor {
    if (ids.dtype !== 'int32') {
      throw new UniecsError({
        code: 'argument',
        where: 'embedding',
        expected: 'ids of dtype int32',
        got: ids.dtype,
        hint: "make them with tf.tensor(values, shape, 'int32')",
      });
    }
    return tidy(() => reshape(gather(tree.weight, reshape(ids, [-1]) as never), [...ids.shape, size]));
  }
  return { tree, forward };
}
