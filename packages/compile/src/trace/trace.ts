import * as tf from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';
import { type ElementType, Graph, type Value } from '../graph/graph.js';
import { isTensor, leavesOf, mapLeaves } from './tensor-tree.js';
import { traceBackend, traceBackendName } from './trace-backend.js';

/** Type and shape of one input. */
export interface InputType {
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly shape: readonly number[];
}

/** A traced function: the graph, and which values are what. */
export interface Trace {
  readonly graph: Graph;
  /** Graph inputs by path in the input tree. */
  readonly inputs: ReadonlyMap<string, Value>;
  /** Graph inputs by index of the state variable; only those that the function reads or changes. */
  readonly stateInputs: ReadonlyMap<number, Value>;
  /** What each changed variable is assigned, by index. */
  readonly stateOutputs: ReadonlyMap<number, Value>;
  /** Outputs by path in the output tree. */
  readonly outputs: ReadonlyMap<string, Value>;
  /** The output tree with paths for tensors. */
  readonly outputTree: unknown;
}

/**
 * Runs a function once on the tracing backend and records it.
 *
 * Variables of the state are inputs; assignments to them are outputs. The variables keep their values, the active backend is
 * restored, and no tensor is left behind.
 */
export function trace(
  fn: (inputs: never) => unknown,
  inputTree: unknown,
  isInput: (node: unknown) => node is InputType,
  state: readonly tf.Variable[],
): Trace {
  const backend = traceBackend();
  const previous = tf.getBackend();
  if (!previous) {
    throw new UniecsError({
      code: 'unavailable',
      where: 'compile',
      expected: 'a tfjs backend that holds the variables',
      got: 'none',
      hint: "import one first, for example '@tensorflow/tfjs-backend-cpu'",
    });
  }
  const graph = new Graph();
  const originals = state.map((variable) => tf.clone(variable as tf.Tensor));
  const engine = tf.engine();
  backend.begin(graph);
  // Both calls take effect at once: neither backend starts asynchronously.
  void tf.setBackend(traceBackendName);
  engine.startScope('trace');
  try {
    const inputs = new Map<string, Value>();
    const placeholders = mapLeaves(inputTree, isInput, ({ dtype, shape }, path) => {
      const value = graph.input(path || 'input', dtype, shape);
      inputs.set(path, value);
      return engine.makeTensorFromTensorInfo(backend.handle(value), backend);
    });
    const stateValues = state.map((variable, i) => {
      const value = graph.input(`state.${i}`, variable.dtype as ElementType, variable.shape);
      backend.bind(variable.dataId, value);
      return value;
    });
    const outputTree = fn(placeholders as never);
    const outputs = new Map<string, Value>();
    for (const [path, tensor] of leavesOf(outputTree, isTensor)) outputs.set(path, backend.lookup(tensor));
    const stateOutputs = new Map<number, Value>();
    state.forEach((variable, i) => {
      const value = backend.lookup(variable);
      if (value !== stateValues[i]) stateOutputs.set(i, value);
    });
    const stateInputs = new Map(stateValues.map((value, i) => [i, value]));
    const paths = mapLeaves(outputTree, isTensor, (_, path) => path);
    return { graph, inputs, stateInputs, stateOutputs, outputs, outputTree: paths };
  } finally {
    engine.endScope();
    backend.end();
    // Before the variables get their data back: tfjs counts references on the active backend.
    void tf.setBackend(previous);
    state.forEach((variable, i) => {
      const original = originals[i] as tf.Tensor;
      if (variable.dataId !== original.dataId) variable.assign(original);
    });
    tf.dispose(originals);
  }
}
