import { add, matMul, reshape, type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core';
import { UniecsError } from '../errors.js';
import type { Module } from '../module.js';
import { parameter } from '../parameter.js';
import type { Random } from '../random/seeded-random.js';

/** An affine map of the last axis: `y = x Wᵀ + b`. */
export interface Linear extends Module {
  readonly tree: { readonly weight: Variable } & { readonly bias?: Variable } & Record<string, Variable>;
  /** [..., inputSize] to [..., outputSize]. */
  forward(x: Tensor): Tensor;
}

/** Sizes and initial values of a `linear` layer. */
export interface LinearOptions {
  readonly inputSize: number;
  readonly outputSize: number;
  /** Whether a bias is added; default true, starting at 0. */
  readonly bias?: boolean;
  /** Source of the initial weights, normal with deviation `std`. */
  readonly random: Random;
  /** Default 0.02, BERT's and CLIP's initializer range. */
  readonly std?: number;
}

/** A linear layer with PyTorch's layout: `weight` [outputSize, inputSize], `bias` [outputSize]. */
export function linear({ inputSize, outputSize, bias = true, random, std = 0.02 }: LinearOptions): Linear {
  const weight = parameter([outputSize, inputSize], () => random.normal() * std);
  const tree = bias ? { weight, bias: parameter([outputSize], 0) } : { weight };
  return { tree, forward: (x) => affine(x, weight, bias ? (tree as { bias: Variable }).bias : undefined) };
}

/**
 * `x Wᵀ + b` over the last axis.
 *
 * @param x [..., I]
 * @param weight [O, I]
 * @param bias [O]
 * @throws UniecsError `shape` when the last axis is not I
 */
export function affine(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const [outputSize, inputSize] = weight.shape as [number, number];
  if (x.shape.at(-1) !== inputSize) {
    throw new UniecsError({
      code: 'shape',
      where: 'linear',
      expected: `x of shape [..., ${inputSize}]`,
      got: `[${x.shape.join(', ')}]`,
      hint: 'pass features of the width that the layer was made for',
    });
  }
  return tidy(() => {
    const product = matMul(reshape(x, [-1, inputSize]), weight as never, false, true);
    const y = bias ? add(product, bias) : product;
    return reshape(y, [...x.shape.slice(0, -1), outputSize]);
  });
}
