import * as tf from '@tensorflow/tfjs-core';
import {
  embedding,
  l2Normalize,
  maskedMean,
  parameters,
  seededRandom,
  softmaxCrossEntropy,
  stopGradient,
  transformerBlock,
} from '@uniecs/tensor';
import type { HostTensor } from '../trace/tensor-tree.js';

/** A training step to try a device with: what it reads and assigns, and the inputs of each step. */
export interface TrialStep {
  readonly state: readonly tf.Variable[];
  readonly inputs: { readonly ids: HostTensor; readonly mask: HostTensor };
  /** Assigns the state one step of gradient descent. */
  readonly fn: (inputs: { readonly ids: tf.Tensor; readonly mask: tf.Tensor }) => { readonly loss: tf.Tensor };
}

/** How large a trial step is. */
export interface TrialSize {
  readonly pairs: number;
  /** Words of a list. */
  readonly length: number;
  readonly width: number;
}

const [words, heads, hardest, rate, sharpness] = [64, 4, 4, 0.1, 10] as const;

/**
 * Gradient descent on a contrastive loss over pairs of word lists: a learned embedding, a transformer block with masked attention,
 * and the loss of each pair against the others and against its hardest: the operators of a training step of UniECS.
 */
export function trialStep({ pairs, length, width }: TrialSize): TrialStep {
  const random = seededRandom('trial');
  const table = embedding({ count: words, size: width, random: random.fork('words'), std: 1 });
  const block = transformerBlock({ width, heads, random: random.fork('block') });
  const state = [...parameters(table), ...parameters(block)];

  function loss(ids: tf.Tensor, mask: tf.Tensor): tf.Tensor {
    const vectors = l2Normalize(maskedMean(block.forward(table.forward(ids), mask), mask));
    const [queries, candidates] = tf.split(vectors, 2) as [tf.Tensor2D, tf.Tensor2D];
    const scores = tf.mul(tf.matMul(queries, candidates, false, true), sharpness) as tf.Tensor2D;
    const own = tf.range(0, pairs, 1, 'int32');
    const others = tf.where(tf.cast(tf.oneHot(own, pairs), 'bool'), tf.fill([pairs, pairs], -100), scores);
    const bar = stopGradient(tf.mean(tf.topk(others, hardest).values, 1, true));
    return tf.add(tf.mean(softmaxCrossEntropy(scores, own)), tf.mean(tf.softplus(tf.sub(others, bar))));
  }

  function fn({ ids, mask }: { readonly ids: tf.Tensor; readonly mask: tf.Tensor }): { loss: tf.Tensor } {
    const { value, grads } = tf.variableGrads(() => loss(ids, mask) as tf.Scalar, state as tf.Variable[]);
    for (const variable of state) {
      variable.assign(tf.sub(variable, tf.mul(grads[variable.name] as tf.Tensor, rate)));
    }
    return { loss: value };
  }

  const draw = random.fork('inputs');
  const shape = [2 * pairs, length];
  // Lists of every length, so that the mask matters.
  const used = Array.from({ length: 2 * pairs }, (_, row) => 1 + (row % length));
  const filled = (value: () => number) =>
    used.flatMap((n) => Array.from({ length }, (_, at) => (at < n ? value() : 0)));
  const ids: HostTensor = { dtype: 'int32', shape, data: Int32Array.from(filled(() => draw.integer(words))) };
  const mask: HostTensor = { dtype: 'float32', shape, data: Float32Array.from(filled(() => 1)) };
  return { state, inputs: { ids, mask }, fn };
}
