import { add, mul, reshape, type Tensor, tidy, transpose, zeros } from '@tensorflow/tfjs-core';
import { checkShape } from '../check-shape.js';
import { UniecsError } from '../errors.js';
import type { Module } from '../module.js';
import { attention } from '../ops/attention.js';
import { standardize } from '../ops/standardize.js';
import type { Random } from '../random/seeded-random.js';
import { dropoutMask, type ForwardContext } from './dropout.js';
import { foldNorm } from './fold-norm.js';
import type { LayerNorm } from './layer-norm.js';
import { type Linear, linear } from './linear.js';

/** The inputs of one attention pass. */
export interface AttentionInput {
  /** [B, Lq, D]. */
  readonly query: Tensor;
  /** [B, Lk, D], keys and values; default the query (self-attention). */
  readonly key?: Tensor | undefined;
  /** float32 [B, Lk], 1 for a key that counts, 0 for padding; default all 1. */
  readonly keyMask?: Tensor | undefined;
  /** Applied to the query first, in self-attention alone; its scale and shift are folded into the projections. */
  readonly norm?: LayerNorm | undefined;
}

/** Multi-head attention with its projections. */
export interface MultiHeadAttention extends Module {
  readonly tree: {
    readonly q_proj: Linear;
    readonly k_proj: Linear;
    readonly v_proj: Linear;
    readonly out_proj: Linear;
  };
  /** To [B, Lq, D]. A row whose keys are all masked attends to nothing (zeros before `out_proj`). */
  forward(input: AttentionInput, context?: ForwardContext): Tensor;
}

/** Sizes of a `multiHeadAttention`; dropout (default 0) acts on the probabilities. */
export interface MultiHeadAttentionOptions {
  readonly width: number;
  readonly heads: number;
  readonly dropout?: number;
  readonly random: Random;
}

/**
 * Multi-head attention, `width / heads` per head, with the projections named as in CLIP's checkpoints.
 *
 * Over a single unmasked key the softmax is 1 whatever the query, so only the value is computed: the same result and the same
 * (zero) gradient of the query and key projections, without the work. Dropout then acts on that one probability.
 *
 * @throws UniecsError `argument` when heads does not divide width
 */
export function multiHeadAttention({
  width,
  heads,
  dropout = 0,
  random,
}: MultiHeadAttentionOptions): MultiHeadAttention {
  if (width % heads !== 0) {
    throw new UniecsError({
      code: 'argument',
      where: 'multiHeadAttention',
      expected: 'a width that is a multiple of heads',
      got: `width ${width} and ${heads} heads`,
      hint: 'choose heads that divides width',
    });
  }
  const projection = (name: string) => linear({ inputSize: width, outputSize: width, random: random.fork(name) });
  const tree = {
    q_proj: projection('q_proj'),
    k_proj: projection('k_proj'),
    v_proj: projection('v_proj'),
    out_proj: projection('out_proj'),
  };
  const split = (x: Tensor) =>
    transpose(reshape(x, [x.shape[0] as number, x.shape[1] as number, heads, width / heads]), [0, 2, 1, 3]);
  const joined = (x: Tensor, B: number, Lq: number) => reshape(transpose(x, [0, 2, 1, 3]), [B, Lq, width]);

  function forward({ query, key = query, keyMask, norm }: AttentionInput, context?: ForwardContext): Tensor {
    const dims = checkShape(query, 'query', ['B', 'Lq', width], 'multiHeadAttention');
    const { B, Lq, Lk } = checkShape(key, 'key', ['B', 'Lk', width], 'multiHeadAttention', dims);
    if (keyMask)
      checkShape(keyMask, 'keyMask', ['B', 'Lk'], 'multiHeadAttention', { B: B as number, Lk: Lk as number });
    return tidy(() => {
      const factors = dropoutMask([B as number, heads, Lq as number, Lk as number], dropout, context);
      const tokens = norm ? standardize(query, norm.epsilon) : undefined;
      const project = (map: Linear, x: Tensor) => (tokens && norm ? foldNorm(tokens, norm, map) : map.forward(x));
      const value = project(tree.v_proj, key);
      if (Lk === 1) {
        const attended = keyMask ? mul(value, reshape(keyMask, [B as number, 1, 1])) : value;
        // A broadcast, whose gradient is one sum; tile's is a slice per repeat.
        if (!factors) return add(tree.out_proj.forward(attended), zeros([1, Lq as number, 1]));
        return tree.out_proj.forward(joined(mul(split(attended), factors), B as number, Lq as number));
      }
      const mixed = attention(split(project(tree.q_proj, query)), split(project(tree.k_proj, key)), split(value), {
        keyMask,
        dropoutMask: factors,
      });
      return tree.out_proj.forward(joined(mixed, B as number, Lq as number));
    });
  }
  return { tree, forward };
}
