import * as tf from '@tensorflow/tfjs-core';
import { gradientNorm } from '@uniecs/adaptive-weighting';
import { inChunks } from '@uniecs/compile';
import { dropoutSource, type ForwardContext, inFloat32, parameters } from '@uniecs/tensor';
import { scoped } from '../scoped.js';
import { applyGradients, type UpdateParts } from '../training/apply-gradients.js';
import { differentiateTerms, weightedSum } from '../training/loss-head.js';
import type { DropoutPosition, StepReport } from '../training/train-step.js';
import type { QueryLabels, QueryProductTerm, QueryProductVectors } from './query-product-terms.js';
import type { ProductTensors, QueryTensors, TwoTower } from './two-tower-model.js';

/** What a step is made of. */
export interface TwoTowerStepParts extends UpdateParts {
  readonly model: TwoTower;
  readonly terms: readonly QueryProductTerm[];
  /** Rows that the encoders take at a time inside the one graph; default 32. Results do not depend on it. */
  readonly chunkRows?: number;
}

/** What a step takes. */
export interface TwoTowerInputs {
  readonly queries: QueryTensors;
  /** Row i is the product of row i of the queries. */
  readonly products: ProductTensors;
  readonly labels: QueryLabels;
  readonly learningRate: tf.Scalar;
  readonly dropout?: DropoutPosition;
}

/**
 * A training step of both towers as a function of tensors over the variables of the state: embeddings, the terms and their gradients at
 * the embeddings, back through the encoders that are trained, update. Runs eagerly as well as compiled.
 *
 * `rowSums` of its report is of the query rows, then of the product rows.
 */
export function twoTowerStep(parts: TwoTowerStepParts): (inputs: TwoTowerInputs) => StepReport {
  const { model, terms, state, weighting, chunkRows = 32 } = parts;
  const all = [...state.trained.values()];
  const own = all.slice(0, state.trainedOfModel);
  const isTrained = (variable: tf.Variable) => all.includes(variable);
  const views = [...new Set(terms.map(({ view }) => view))];

  function embed(queries: QueryTensors, products: ProductTensors, context: ForwardContext): QueryProductVectors {
    const query = model.embedQueries(queries, context);
    if (views.every((view) => view === 'fused')) return { query, fused: model.embedProducts(products, context) };
    const represented = model.represent(products, context);
    return { query, ...Object.fromEntries(views.map((view) => [view, represented[view]])) };
  }

  function head(vectors: QueryProductVectors, labels: QueryLabels) {
    const leaves = [vectors.query, ...views.map((view) => vectors[view] as tf.Tensor)];
    const found = differentiateTerms(terms, { vectors, labels }, leaves, isTrained);
    const losses = tf.stack(found.map(({ loss }) => loss)) as tf.Tensor1D;
    const lambdas = weighting.weights({ logLambda: state.logLambda as tf.Tensor1D });
    const ofLeaves = found.map(({ representations }) => representations);
    const [query, ...products] = weightedSum(lambdas, ofLeaves) as [tf.Tensor, ...tf.Tensor[]];
    const report = {
      loss: tf.sum(tf.mul(losses, lambdas)),
      terms: losses,
      lambdas,
      gradientNorms: tf.stack(ofLeaves.map((arrays) => gradientNorm([...arrays]))) as tf.Tensor1D,
      maskedNegatives: tf.stack(found.map(({ maskedNegatives }) => maskedNegatives)),
      rowSums: tf.concat([tf.sum(vectors.query, 1), tf.addN(leaves.slice(1).map((product) => tf.sum(product, 1)))]),
    };
    const direction = { query, ...Object.fromEntries(views.map((view, i) => [view, products[i] as tf.Tensor])) };
    return { report, direction, ofTerms: found.map((term) => term.parameters) };
  }

  /** Gradients of what the terms learn themselves: a temperature that several share has the sum of theirs. */
  function termGradients(lambdas: tf.Tensor1D, ofTerms: readonly (readonly tf.Tensor[])[]): tf.Tensor[] {
    const scalars = tf.unstack(lambdas);
    const variables = terms.map(({ module }) => parameters(module).filter(isTrained));
    return all.slice(state.trainedOfModel).map((variable) => {
      const shares = variables.flatMap((learned, t) =>
        learned.flatMap((one, i) =>
          one === variable ? [tf.mul(ofTerms[t]?.[i] as tf.Tensor, scalars[t] as tf.Tensor)] : [],
        ),
      );
      return tf.addN(shares);
    });
  }

  return ({ queries, products, labels, learningRate, dropout }) =>
    scoped(() => {
      const pass = inChunks(
        (chunk: { queries: QueryTensors; products: ProductTensors; rows?: tf.Tensor }): QueryProductVectors => {
          const { rows } = chunk;
          const context = dropout && rows ? { dropout: dropoutSource({ key: dropout.key, rows }) } : {};
          return embed(chunk.queries, chunk.products, context);
        },
        { queries, products, ...(dropout ? { rows: dropout.rows } : {}) },
        { variables: own, rows: chunkRows },
      );
      const { report, direction, ofTerms } = inFloat32(() => head(pass.outputs, labels));
      const ofModel = own.length === 0 ? [] : pass.pullBack(direction);
      const gradients = [...ofModel, ...termGradients(report.lambdas, ofTerms)];
      const norm = gradientNorm(gradients);
      applyGradients(parts, { gradients, norm, termNorms: report.gradientNorms, learningRate });
      return { ...report, gradientNorm: norm };
    });
}
