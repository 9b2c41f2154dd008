import { Tensor } from '@tensorflow/tfjs-core';

/** An array outside of tfjs: what a compiled function takes and returns. */
export interface HostTensor {
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** The same tree with host tensors for tensors. */
export type HostTree<T> = T extends Tensor
  ? HostTensor
  : T extends object
    ? { readonly [K in keyof T]: HostTree<T[K]> }
    : T;

/** The leaves of a tree with their paths (`batch.item1.pixels`), in the order of the tree. */
export function leavesOf<Leaf>(tree: unknown, isLeaf: (node: unknown) => node is Leaf, path = ''): [string, Leaf][] {
  if (tree === undefined || tree === null) return [];
  if (isLeaf(tree)) return [[path, tree]];
  return Object.entries(tree as object).flatMap(([name, child]) =>
    leavesOf(child, isLeaf, path === '' ? name : `${path}.${name}`),
  );
}

/** Rebuilds a tree with each leaf replaced. */
export function mapLeaves<Leaf>(
  tree: unknown,
  isLeaf: (node: unknown) => node is Leaf,
  change: (leaf: Leaf, path: string) => unknown,
  path = '',
): unknown {
  if (tree === undefined || tree === null) return tree;
  if (isLeaf(tree)) return change(tree, path);
  const at = (name: string | number) => (path === '' ? String(name) : `${path}.${name}`);
  if (Array.isArray(tree)) return tree.map((child, i) => mapLeaves(child, isLeaf, change, at(i)));
  const entries = Object.entries(tree as object);
  return Object.fromEntries(entries.map(([name, child]) => [name, mapLeaves(child, isLeaf, change, at(name))]));
}

/** Whether a node of an input tree is an array of numbers. */
export function isHostTensor(node: unknown): node is HostTensor {
  return typeof node === 'object' && node !== null && ArrayBuffer.isView((node as HostTensor).data) && 'shape' in node;
}

/** Whether a node of an output tree is a tensor. */
export function isTensor(node: unknown): node is Tensor {
  return node instanceof Tensor;
}
