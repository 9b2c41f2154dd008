import * as tf from '@tensorflow/tfjs-core';
import { type GradientScope, gradientNorm } from '@uniecs/adaptive-weighting';
import { inChunks } from '@uniecs/compile';
import type { LossTerm } from '@uniecs/losses';
import { dropoutSource, type ForwardContext, inFloat32, parameters } from '@uniecs/tensor';
import type { FeatureTensors, ItemTensors } from '../model/item-tensors.js';
import type { RetrievalModel } from '../model/retrieval-model.js';
import { scoped } from '../scoped.js';
import { applyGradients, type UpdateParts } from './apply-gradients.js';
import { lossHead, weightedSum } from './loss-head.js';
import { type ItemVectors, joinItems, type PairLabels, pairRepresentations } from './pair-vectors.js';

/** Where a step's dropout is: its key and the rows' ids in the whole batch. Absent when nothing is dropped. */
export interface DropoutPosition {
  /** float32 [2]. */
  readonly key: tf.Tensor;
  /** float32 [B]. */
  readonly rows: tf.Tensor;
}

/** The items of a step: what the encoders take, or what frozen ones gave. */
export type StepItems = ItemTensors | FeatureTensors;

/** What a step knows before the encoders' backward pass. */
export interface LossReport {
  /** `sum_i lambda_i L_i`, the loss that the step descends. */
  readonly loss: tf.Tensor;
  /** [T], each term unweighted. */
  readonly terms: tf.Tensor;
  /** [T], the weights that the step was taken with. */
  readonly lambdas: tf.Tensor;
  /** [T], gradient norm of each unweighted term in the weighting's scope. */
  readonly gradientNorms: tf.Tensor;
  /** [T], in-batch negatives left out as false. */
  readonly maskedNegatives: tf.Tensor;
  /** [2N], sum of each item's three vectors, items 1 first: NaN or infinite where one of them is. */
  readonly rowSums: tf.Tensor;
}

/** What a step reports. */
export interface StepReport extends LossReport {
  /** Scalar: norm of the gradient that the step descends, over all trained parameters, before clipping. */
  readonly gradientNorm: tf.Tensor;
}

/** What a training step is made of. */
export interface StepParts extends UpdateParts {
  readonly model: RetrievalModel;
  readonly terms: readonly LossTerm[];
  readonly scope: GradientScope;
  /** Items that the encoders take at a time inside the one graph of `whole`; default 32. Results do not depend on it. */
  readonly chunkRows?: number;
  /** Whether the way back of `whole` computes blocks again instead of keeping what they made; default false. */
  readonly recompute?: boolean;
}

/**
 * The stages of a training step, as functions of tensors over the variables of the state. `whole` is one step in one graph.
 * The others are the same step in micro-batches: `encode` each, `head` once over the whole batch, `backward` each into the
 * accumulators, `apply` once. The gradients are those of the whole batch either way.
 *
 * `lossScale` is for encoders whose matrix products are of 16 bits: the gradients of the representations are multiplied by it, so that
 * what follows from them does not vanish in float16, and those of the parameters are divided by it. The losses stay float32.
 */
export interface TrainStages {
  /** Sums of gradients over micro-batches: one list, or with the scope `parameters` one per term. Made when first read. */
  readonly accumulators: readonly (readonly tf.Variable[])[];
  whole(inputs: {
    items: StepItems;
    labels: PairLabels;
    learningRate: tf.Scalar;
    dropout?: DropoutPosition;
    lossScale?: tf.Scalar;
  }): StepReport;
  encode(inputs: { items: StepItems; dropout?: DropoutPosition }): ItemVectors;
  /** From the vectors of all 2N items (items 1 first) to what `backward` needs, [2N, D] each, per gradient list. */
  head(inputs: { vectors: ItemVectors; labels: PairLabels; lossScale?: tf.Scalar }): {
    readonly report: LossReport;
    readonly directions: readonly ItemVectors[];
    readonly termGradients: readonly (readonly tf.Tensor[])[];
  };
  backward(inputs: { items: StepItems; directions: readonly ItemVectors[]; dropout?: DropoutPosition }): {
    done: tf.Tensor;
  };
  apply(inputs: {
    report: LossReport;
    termGradients: readonly (readonly tf.Tensor[])[];
    learningRate: tf.Scalar;
    lossScale?: tf.Scalar;
  }): StepReport;
  /** Empties the accumulators, after a step whose `apply` does not count. */
  clear(): { done: tf.Tensor };
}

/** Builds the stages of a training step. All of them run eagerly as well as compiled. */
export function trainStages(parts: StepParts): TrainStages {
  const { model, terms, weighting, scope, state, chunkRows = 32, recompute = false } = parts;
  const all = [...state.trained.values()];
  const own = all.slice(0, state.trainedOfModel);
  const isTrained = (variable: tf.Variable) => all.includes(variable);
  const perTerm = scope === 'parameters';
  const lists = perTerm ? terms.length : 1;
  const ofTerms = terms.map(({ module }) => (module ? parameters(module).filter(isTrained) : []));
  let sums: tf.Variable[][] | undefined;
  const accumulators = (): tf.Variable[][] => {
    sums ??= tf.tidy(() => Array.from({ length: lists }, () => own.map((x) => tf.variable(tf.zerosLike(x), false))));
    return sums;
  };

  const context = (dropout: DropoutPosition | undefined): ForwardContext =>
    dropout ? { dropout: dropoutSource({ key: dropout.key, rows: dropout.rows }) } : {};

  const represent = (items: StepItems, dropout?: DropoutPosition): ItemVectors =>
    model.represent(items, context(dropout));

  /** Gradients of the model's parameters for given gradients of the vectors: stage 3. */
  function pullBack(items: StepItems, direction: ItemVectors, dropout?: DropoutPosition): tf.Tensor[] {
    if (own.length === 0) return [];
    const { grads } = tf.variableGrads(() => {
      const vectors = represent(items, dropout);
      const views = ['fused', 'image', 'text'] as const;
      const products = views.map((view) => tf.sum(tf.mul(vectors[view], direction[view])));
      return tf.addN(products) as tf.Scalar;
    }, own);
    return own.map((variable) => grads[variable.name] ?? tf.zerosLike(variable));
  }

  function differentiate(vectors: ItemVectors, labels: PairLabels) {
    const gradients = lossHead(terms, pairRepresentations(vectors, labels), isTrained);
    const lambdas = weighting.weights({ logLambda: state.logLambda as tf.Tensor1D });
    const losses = tf.stack(gradients.map(({ loss }) => loss)) as tf.Tensor1D;
    const maskedNegatives = tf.stack(gradients.map((gradient) => gradient.maskedNegatives));
    return { gradients, lambdas, losses, maskedNegatives, loss: tf.sum(tf.mul(losses, lambdas)) };
  }

  /** Descends per-term gradients of the parameters (scope `parameters`), or one weighted list. */
  function descend(
    lists: readonly (readonly tf.Tensor[])[],
    termGradients: readonly (readonly tf.Tensor[])[],
    report: LossReport,
    learningRate: tf.Scalar,
  ): StepReport {
    const lambdas = report.lambdas as tf.Tensor1D;
    const ofModel = perTerm ? weightedSum(lambdas, lists) : (lists[0] ?? []);
    const gradients = withTermGradients(ofModel, termGradients, tf.unstack(lambdas));
    const normOf = (arrays: readonly tf.Tensor[], t: number) => gradientNorm([...arrays, ...(termGradients[t] ?? [])]);
    const termNorms = (perTerm ? tf.stack(lists.map(normOf)) : report.gradientNorms) as tf.Tensor1D;
    const norm = gradientNorm(gradients);
    applyGradients(parts, { gradients, norm, termNorms, learningRate });
    return { ...report, gradientNorms: termNorms, gradientNorm: norm };
  }

  /** Adds what the terms learn themselves; a variable gets the sum over the terms that share it. */
  function withTermGradients(
    ofModel: readonly tf.Tensor[],
    termGradients: readonly (readonly tf.Tensor[])[],
    lambdas: readonly tf.Tensor[],
  ): tf.Tensor[] {
    return all.map((variable, i) => {
      const parts = termGradients.flatMap((arrays, t) =>
        arrays.filter((_, k) => ofTerms[t]?.[k] === variable).map((x) => tf.mul(x, lambdas[t] as tf.Tensor)),
      );
      const base = ofModel[i];
      return (base ? [base, ...parts] : parts).reduce((sum, part) => tf.add(sum, part));
    });
  }

  function head({
    vectors,
    labels,
    lossScale,
  }: {
    vectors: ItemVectors;
    labels: PairLabels;
    lossScale?: tf.Scalar | undefined;
  }) {
    const { gradients, lambdas, losses, maskedNegatives, loss } = differentiate(vectors, labels);
    const ofVectors = gradients.map(({ representations }) => representations);
    const gradientNorms = tf.stack(ofVectors.map((arrays) => gradientNorm([...arrays])));
    const chosen = perTerm ? ofVectors : [weightedSum(lambdas, ofVectors)];
    return {
      report: { loss, terms: losses, lambdas, gradientNorms, maskedNegatives, rowSums: rowSumsOf(vectors) },
      directions: chosen.map(joinItems).map((direction) => scaled(direction, lossScale)),
      termGradients: gradients.map(({ parameters }) => parameters),
    };
  }

  return {
    get accumulators() {
      return accumulators();
    },
    encode: ({ items, dropout }) => represent(items, dropout),
    head: (inputs) => inFloat32(() => head(inputs)),
    backward: ({ items, directions, dropout }) =>
      scoped(() => {
        directions.forEach((direction, list) => {
          pullBack(items, direction, dropout).forEach((gradient, i) => {
            const accumulator = (accumulators()[list] as tf.Variable[])[i] as tf.Variable;
            accumulator.assign(tf.add(accumulator, gradient));
          });
        });
        return { done: tf.scalar(1) };
      }),
    apply: ({ report, termGradients, learningRate, lossScale }) =>
      scoped(() => {
        const result = descend(unscaled(accumulators(), lossScale), termGradients, report, learningRate);
        empty(accumulators().flat());
        return result;
      }),
    clear: () =>
      scoped(() => {
        empty(accumulators().flat());
        return { done: tf.scalar(1) };
      }),
    whole: ({ items, labels, learningRate, dropout, lossScale }) =>
      scoped(() => {
        const pass = inChunks(
          ({ items, rows }: { items: StepItems; rows?: tf.Tensor }) =>
            represent(items, dropout && rows && { key: dropout.key, rows }),
          { items, ...(dropout ? { rows: dropout.rows } : {}) },
          { variables: own, rows: chunkRows, recompute },
        );
        const { report, directions, termGradients } = inFloat32(() =>
          head({ vectors: pass.outputs, labels, lossScale }),
        );
        const lists = directions.map(pass.pullBack);
        return descend(unscaled(lists, lossScale), termGradients, report, learningRate);
      }),
  };
}

/** Gradients of the representations times the loss scale. */
function scaled({ fused, image, text }: ItemVectors, lossScale: tf.Scalar | undefined): ItemVectors {
  const times = (x: tf.Tensor) => (lossScale ? tf.mul(x, lossScale) : x) as tf.Tensor2D;
  return { fused: times(fused), image: times(image), text: times(text) };
}

/** Gradients of the parameters over the loss scale. */
function unscaled(
  lists: readonly (readonly tf.Tensor[])[],
  lossScale: tf.Scalar | undefined,
): readonly (readonly tf.Tensor[])[] {
  return lossScale ? lists.map((list) => list.map((gradient) => tf.div(gradient, lossScale))) : lists;
}

function empty(variables: readonly tf.Variable[]): void {
  for (const variable of variables) variable.assign(tf.zerosLike(variable));
}

function rowSumsOf({ fused, image, text }: ItemVectors): tf.Tensor {
  return tf.addN([fused, image, text].map((vectors) => tf.sum(vectors, 1)));
}
