import * as tf from '@tensorflow/tfjs-core';
import type { LossTerm, PairRepresentations, TermValue } from '@uniecs/losses';
import { type Module, parameters } from '@uniecs/tensor';

/** One term at the representations of a batch. */
export interface TermGradient {
  readonly loss: tf.Scalar;
  /** d loss / d representation, in the order of the representations given (`representationList`). */
  readonly representations: readonly tf.Tensor[];
  /** d loss / d parameter of the term itself (a learned temperature), for those that are trained. */
  readonly parameters: readonly tf.Tensor[];
  readonly maskedNegatives: tf.Scalar;
}

/** The six [N, D] of a batch in a fixed order: f, v, t of item 1, then of item 2. */
export function representationList({ item1, item2 }: PairRepresentations): tf.Tensor2D[] {
  return [item1.fused, item1.image, item1.text, item2.fused, item2.image, item2.text];
}

/**
 * Differentiates each loss term by itself with respect to the representations: stage 2 of a training step. Cheap beside the
 * encoders, and it gives every term's gradient norm.
 */
export function lossHead(
  terms: readonly LossTerm[],
  reps: PairRepresentations,
  isTrained: (variable: tf.Variable) => boolean = () => true,
): TermGradient[] {
  return differentiateTerms(terms, reps, representationList(reps), isTrained);
}

/** A loss term of whatever representations. */
export interface TermOf<Representations> {
  readonly module?: Module;
  compute(representations: Representations): Pick<TermValue, 'loss' | 'maskedNegatives'>;
}

/** `lossHead` for terms of any representations, with respect to those of their tensors that `leaves` lists. */
export function differentiateTerms<Representations>(
  terms: readonly TermOf<Representations>[],
  reps: Representations,
  leaves: readonly tf.Tensor[],
  isTrained: (variable: tf.Variable) => boolean,
): TermGradient[] {
  return terms.map((term) => {
    const own = term.module ? parameters(term.module).filter(isTrained) : [];
    const { maskedNegatives } = term.compute(reps);
    // The public tf.grads demands that every array has a gradient; a term reads only some of the representations.
    const { value, grads } = tf.engine().gradients(() => term.compute(reps).loss, [...leaves, ...own], undefined, true);
    const filled = [...leaves, ...own].map((x, i) => grads[i] ?? tf.zerosLike(x));
    return {
      loss: value,
      representations: filled.slice(0, leaves.length),
      parameters: filled.slice(leaves.length),
      maskedNegatives,
    };
  });
}

/** `sum_t weights[t] gradients[t]`, array by array. */
export function weightedSum(weights: tf.Tensor1D, gradients: readonly (readonly tf.Tensor[])[]): tf.Tensor[] {
  const scalars = gradients.length > 0 ? tf.unstack(weights) : [];
  const first = gradients[0] ?? [];
  return first.map((_, i) =>
    gradients
      .map((arrays, t) => tf.mul(arrays[i] as tf.Tensor, scalars[t] as tf.Tensor))
      .reduce((sum, part) => tf.add(sum, part)),
  );
}
