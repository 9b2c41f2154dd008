import * as tf from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';
import type { Value } from '../graph/graph.js';
import { phases } from '../graph/phases.js';
import { type Scanned, scan } from '../graph/scan.js';
import { liveNodes } from '../graph/schedule.js';
import { binary } from '../kernels/tools.js';
import { isTensor, leavesOf, mapLeaves } from './tensor-tree.js';
import { type TraceBackend, traceBackend, traceBackendName } from './trace-backend.js';

/** A function's results on a batch, and the way back. */
export interface ChunkedPass<Outputs> {
  readonly outputs: Outputs;
  /**
   * Gradients of the variables for given gradients of the outputs (a tree like `outputs`): `sum over outputs of
   * (d output / d variable)ᵀ direction`, in the order of the variables; zeros where a variable has none.
   */
  pullBack(directions: Outputs): tf.Tensor[];
}

/** What `inChunks` is told beside the function and its inputs. */
export interface ChunkOptions {
  readonly variables: readonly tf.Variable[];
  /** Rows of a chunk. */
  readonly rows: number;
  /**
   * Whether the way back computes each block again from what its first normalization reads, instead of keeping what it made: a
   * fraction of the memory for about a third more work; default false.
   */
  readonly recompute?: boolean;
}

/**
 * A function of the rows of a batch and its vector-Jacobian product. Compiled for the CPU, both run in chunks of `rows` rows, one after the
 * other, so that what one operator writes is in the cache when the next one reads it; each row's results must not depend on the
 * other rows. The rows of all inputs and outputs are their first axis, of one length R; where `rows` does not divide R, the last
 * chunk is filled with the first rows again, which count for nothing. Eagerly and on other devices both run on the whole batch.
 *
 * @throws UniecsError `shape` for inputs of different numbers of rows or outputs without rows
 */
export function inChunks<Inputs extends object, Outputs extends object>(
  fn: (inputs: Inputs) => Outputs,
  inputs: Inputs,
  options: ChunkOptions,
): ChunkedPass<Outputs> {
  const backend = tf.getBackend() === traceBackendName ? traceBackend() : undefined;
  return backend?.loops ? inLoops(backend, fn, inputs, options) : atOnce(fn, inputs, options.variables);
}

function inLoops<Inputs extends object, Outputs extends object>(
  backend: TraceBackend,
  fn: (inputs: Inputs) => Outputs,
  inputs: Inputs,
  { variables, rows, recompute = false }: ChunkOptions,
): ChunkedPass<Outputs> {
  const { graph } = backend;
  const leaves = leavesOf(inputs, tensorLeaves('inputs'), 'inChunks');
  const count = rowsOf(leaves);
  const size = Math.min(rows, count);
  const rounds = Math.ceil(count / size);
  const first = graph.nodes.length;

  const scannedInputs: Scanned[] = [];
  const tensors = new Map<string, tf.Tensor>();
  for (const [path, tensor] of leaves) {
    const scanned = { outside: backend.lookup(cutRows(tensor, rounds, size)), inside: local(backend, tensor, size) };
    scannedInputs.push(scanned);
    tensors.set(path, tensorOf(backend, scanned.inside));
  }
  const chunk = mapLeaves(inputs, isTensor, (_, path) => tensors.get(path)) as Inputs;
  const outputTree = fn(chunk);
  const outputs = leavesOf(outputTree, tensorLeaves('outputs'), 'inChunks');
  const outputValues = outputs.map(([, tensor]) => backend.lookup(tensor));
  const directions = outputs.map(([, tensor]) => local(backend, tensor, size));
  checkRows(outputs, size);
  const grads = gradientsOf(variables, () => {
    const again = leavesOf(fn(chunk), tensorLeaves('outputs'), 'inChunks');
    return again.map(([, tensor], i) => tf.sum(tf.mul(tensor, tensorOf(backend, directions[i] as Value))));
  });
  const sums = variables.flatMap((variable) => {
    const gradient = grads.get(variable);
    if (!gradient) return [];
    const inside = graph.local('float32', variable.shape);
    return [{ variable, inside, next: binary(graph, 'Add', backend.lookup(gradient), inside) }];
  });

  const wanted = [...outputValues, ...sums.map(({ next }) => next)];
  const lateInputs = new Set([...directions, ...sums.map(({ inside }) => inside)]);
  const cut = phases(liveNodes(graph.nodes.slice(first), wanted), {
    early: new Set(scannedInputs.map(({ inside }) => inside)),
    late: lateInputs,
    recompute,
  });
  const forward = scan(graph, {
    nodes: cut.early,
    rounds,
    carried: [],
    scanned: scannedInputs,
    collected: [...outputValues, ...cut.kept],
  });
  const kept: Scanned[] = cut.kept.map((inside, i) => ({
    inside,
    outside: forward.collected[outputValues.length + i] as Value,
  }));
  const results = outputs.map(([path, tensor], i) => {
    const stacked = tensorOf(backend, forward.collected[i] as Value);
    return [path, joinRows(stacked, tensor.shape, rounds, size, count)] as const;
  });
  const byPath = new Map(results);

  function pullBack(given: Outputs): tf.Tensor[] {
    const scannedDirections = leavesOf(given, tensorLeaves('directions'), 'inChunks').map(([, tensor], i): Scanned => {
      const padding = rounds * size - count;
      const padded = padding === 0 ? tensor : tf.concat([tensor, tf.zeros([padding, ...tensor.shape.slice(1)])], 0);
      return { outside: backend.lookup(cutRows(padded, rounds, size)), inside: directions[i] as Value };
    });
    const backward = scan(graph, {
      nodes: cut.late,
      rounds,
      carried: sums.map(({ variable, inside, next }) => ({ start: zeros(backend, variable.shape), inside, next })),
      scanned: [...kept, ...scannedDirections, ...scannedInputs],
      collected: [],
    });
    const gradients = new Map(sums.map(({ variable }, i) => [variable, backward.carried[i] as Value]));
    return variables.map((variable) => {
      const value = gradients.get(variable);
      return value ? tensorOf(backend, value) : tf.zerosLike(variable);
    });
  }

  return { outputs: mapLeaves(outputTree, isTensor, (_, path) => byPath.get(path)) as Outputs, pullBack };
}

function atOnce<Inputs, Outputs extends object>(
  fn: (inputs: Inputs) => Outputs,
  inputs: Inputs,
  variables: readonly tf.Variable[],
): ChunkedPass<Outputs> {
  const values = (tree: Outputs) => leavesOf(tree, tensorLeaves('outputs'), 'inChunks').map(([, tensor]) => tensor);
  return {
    outputs: fn(inputs),
    pullBack: (directions) => {
      const given = values(directions);
      const grads = gradientsOf(variables, () =>
        values(fn(inputs)).map((x, i) => tf.sum(tf.mul(x, given[i] as tf.Tensor))),
      );
      return variables.map((variable) => grads.get(variable) ?? tf.zerosLike(variable));
    },
  };
}

/** Gradients of the sum of some scalars; none for a variable that they do not depend on. */
function gradientsOf(variables: readonly tf.Variable[], scalars: () => tf.Tensor[]): Map<tf.Variable, tf.Tensor> {
  if (variables.length === 0) return new Map();
  const { grads } = tf.variableGrads(() => tf.addN(scalars()) as tf.Scalar, [...variables]);
  return new Map(
    variables.flatMap((variable) => {
      const gradient = grads[variable.name];
      return gradient ? [[variable, gradient] as const] : [];
    }),
  );
}

const tensorLeaves = (role: string) => ({
  isLeaf: isTensor,
  role,
  plural: 'tensors',
  hint: 'pass and return tensors in plain objects and arrays',
});

function rowsOf(leaves: readonly (readonly [string, tf.Tensor])[]): number {
  const [count] = leaves[0]?.[1].shape ?? [];
  const odd = leaves.find(([, { shape }]) => shape[0] !== count);
  if (count !== undefined && !odd) return count;
  throw new UniecsError({
    code: 'shape',
    where: 'inChunks',
    expected: `inputs of ${count ?? 'one or more'} rows each`,
    got: odd ? `shape [${odd[1].shape.join(', ')}] at '${odd[0]}'` : 'none',
    hint: 'put the rows first; what is the same for all rows is no input: let the function read it from outside',
  });
}

function checkRows(outputs: readonly (readonly [string, tf.Tensor])[], size: number): void {
  const [, odd] = outputs.find(([, { shape }]) => shape[0] !== size) ?? [];
  if (!odd) return;
  throw new UniecsError({
    code: 'shape',
    where: 'inChunks',
    expected: `outputs of ${size} rows for ${size} rows`,
    got: `[${odd.shape.join(', ')}]`,
    hint: 'return one row for each row of the inputs',
  });
}

/** [R, ...] as [C, size, ...], filled up with the first rows again. */
function cutRows(tensor: tf.Tensor, rounds: number, size: number): tf.Tensor {
  const [count, ...rest] = tensor.shape as [number, ...number[]];
  const missing = rounds * size - count;
  const begin = tensor.shape.map(() => 0);
  const filled = missing <= 0 ? tensor : tf.concat([tensor, tf.slice(tensor, begin, [missing, ...rest])], 0);
  return tf.reshape(filled, [rounds, size, ...rest]);
}

/** [C, size, ...] as [R, ...]. */
function joinRows(
  stacked: tf.Tensor,
  shape: readonly number[],
  rounds: number,
  size: number,
  count: number,
): tf.Tensor {
  const flat = tf.reshape(stacked, [rounds * size, ...shape.slice(1)]);
  if (rounds * size === count) return flat;
  return tf.slice(
    flat,
    flat.shape.map(() => 0),
    [count, ...shape.slice(1)],
  );
}

function local(backend: TraceBackend, { dtype, shape }: tf.Tensor, size: number): Value {
  return backend.graph.local(dtype as 'float32', [size, ...shape.slice(1)]);
}

function tensorOf(backend: TraceBackend, value: Value): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo(backend.handle(value), backend);
}

/** Zeros as a node: as a constant they would fill the file. */
function zeros({ graph }: TraceBackend, shape: readonly number[]): Value {
  return graph.one('ConstantOfShape', [graph.integers(shape)], 'float32', shape);
}
