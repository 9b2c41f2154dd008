import * as tf from '@tensorflow/tfjs-core';
import { averageOfParts, infoNce, type LearnedTemperature, type TermValue, type View } from '@uniecs/losses';
import { UniecsError } from '@uniecs/tensor';
import type { TermOf } from '../training/loss-head.js';

/** Embeddings of a batch: row i is a query and one of its relevant products, [N, D] each, L2-normalised. */
export type QueryProductVectors = { readonly query: tf.Tensor } & { readonly [Name in View]?: tf.Tensor };

/** What is known of the rows of a batch of N queries, each with a product. */
export interface QueryLabels {
  /** float32 [N], 1 for a row of the data, 0 for padding of a short last batch. */
  readonly valid: tf.Tensor1D;
  /** float32 [N, N], 1 where product j is relevant to query i as well; 0 on the diagonal. */
  readonly alsoRelevant: tf.Tensor2D;
  /** float32 [N], 1 where the product has the modality; absent when all have. */
  readonly hasImage?: tf.Tensor1D | undefined;
  readonly hasText?: tf.Tensor1D | undefined;
}

/** A batch as the loss terms see it. */
export interface QueryProductBatch {
  readonly vectors: QueryProductVectors;
  readonly labels: QueryLabels;
}

/** A loss term between queries and a view of their products. */
export interface QueryProductTerm extends TermOf<QueryProductBatch> {
  readonly name: string;
  readonly module: LearnedTemperature;
  readonly view: View;
  compute(batch: QueryProductBatch): TermValue;
}

/** What a term compares, and how sharply. */
export interface QueryProductOptions {
  /** The product's title alone, its image alone, or both joined. */
  readonly view: View;
  /** tau, which terms may share. */
  readonly temperature: LearnedTemperature;
}

/** Names of the terms by what the query is compared with. */
const names: Readonly<Record<View, string>> = { text: 'Q2T', image: 'Q2V', fused: 'Q2F' };

/**
 * InfoNCE of queries against products with several relevant products a query, in both directions:
 * `-log(exp(S_ii / tau) / (exp(S_ii / tau) + sum over j of exp(S_ij / tau)))`, j the products of the batch that are not relevant to
 * query i; and the same from product i over the queries that it is not relevant to. The mean of both, averaged over the valid rows. So
 * another relevant product of a query is no negative, whether it came with the same query or with another one; nor is the same product
 * again. A product without the view is no candidate, and its row no anchor.
 *
 * "Beyond Text" (2026) does not print its loss; this is CLIP's, with that mask.
 */
export function queryToProduct({ view, temperature }: QueryProductOptions): QueryProductTerm {
  return {
    name: names[view],
    module: temperature,
    view,
    compute: ({ vectors, labels }) =>
      tf.tidy(() => {
        const { query, [view]: product } = vectors;
        if (!product) throw withoutView(view);
        const { valid, alsoRelevant, hasImage, hasText } = labels;
        const has = { image: hasImage, text: hasText, fused: undefined }[view];
        const part = infoNce({
          similarity: tf.matMul(query as tf.Tensor2D, product as tf.Tensor2D, false, true),
          temperature,
          queries: valid,
          candidates: has ? tf.mul(valid, has) : valid,
          falseNegatives: alsoRelevant,
          symmetric: true,
        });
        return averageOfParts([part]);
      }),
  };
}

function withoutView(view: View): UniecsError {
  return new UniecsError({
    code: 'argument',
    where: 'queryToProduct',
    expected: `vectors of the products' view '${view}'`,
    got: 'none',
    hint: 'pass the views that the terms compare',
  });
}
