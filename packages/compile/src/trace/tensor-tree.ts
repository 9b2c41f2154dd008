import { Tensor } from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';

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

/** What a tree holds, and how to say so when it holds something else. */
export interface LeafKind<Leaf> {
  readonly isLeaf: (node: unknown) => node is Leaf;
  /** For errors: `inputs`, `outputs`. */
  readonly role: string;
  /** For errors: `host tensors`. */
  readonly plural: string;
  readonly hint: string;
}

/** The path of an entry: `batch.item1.pixels`. */
export function pathTo(parent: string, name: string | number): string {
  return parent === '' ? String(name) : `${parent}.${name}`;
}

/**
 * The leaves of a tree with their paths, in the order of the tree.
 *
 * @throws UniecsError `argument` for whatever is neither a leaf, nor an array or plain object, nor undefined
 */
export function leavesOf<Leaf>(tree: unknown, kind: LeafKind<Leaf>, where: string): [string, Leaf][] {
  const found = new Map<string, Leaf>();
  const visit = (node: unknown, path: string) => {
    if (node === undefined && path !== '') return;
    if (kind.isLeaf(node) && !found.has(path)) found.set(path, node);
    else if (isContainer(node)) for (const [name, child] of Object.entries(node)) visit(child, pathTo(path, name));
    else throw strangeNode(node, path, kind, where);
  };
  visit(tree, '');
  return [...found];
}

/** Rebuilds a tree that `leavesOf` accepts with each leaf replaced. */
export function mapLeaves<Leaf>(
  tree: unknown,
  isLeaf: (node: unknown) => node is Leaf,
  change: (leaf: Leaf, path: string) => unknown,
  path = '',
): unknown {
  if (tree === undefined) return tree;
  if (isLeaf(tree)) return change(tree, path);
  if (Array.isArray(tree)) return tree.map((child, i) => mapLeaves(child, isLeaf, change, pathTo(path, i)));
  const entries = Object.entries(tree as object);
  return Object.fromEntries(
    entries.map(([name, child]) => [name, mapLeaves(child, isLeaf, change, pathTo(path, name))]),
  );
}

/** Whether a node is an array or a plain object. */
export function isContainer(node: unknown): node is object {
  if (typeof node !== 'object' || node === null) return false;
  const prototype = Object.getPrototypeOf(node);
  return Array.isArray(node) || prototype === Object.prototype || prototype === null;
}

/** Whether a node of an input tree is an array of numbers. */
export function isHostTensor(node: unknown): node is HostTensor {
  return typeof node === 'object' && node !== null && ArrayBuffer.isView((node as HostTensor).data) && 'shape' in node;
}

/** Whether a node of an output tree is a tensor. */
export function isTensor(node: unknown): node is Tensor {
  return node instanceof Tensor;
}

function strangeNode<Leaf>(node: unknown, path: string, kind: LeafKind<Leaf>, where: string): UniecsError {
  const type = typeof node === 'object' && node !== null ? `a ${node.constructor?.name}` : String(node);
  const twice = kind.isLeaf(node) ? 'two entries' : type;
  return new UniecsError({
    code: 'argument',
    where,
    expected: `${kind.role} that are ${kind.plural} in plain objects and arrays`,
    got: `${twice} at '${path}'`,
    hint: kind.hint,
  });
}
