import * as tf from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';
import { type ElementType, Graph, type GraphOptions, type Node, type Value } from '../graph/graph.js';
import { guardVariables } from './guard-variables.js';
import { type HostTensor, isHostTensor, isTensor, leavesOf, mapLeaves } from './tensor-tree.js';
import { type TraceBackend, traceBackend, traceBackendName } from './trace-backend.js';
import { type WatchedInputs, watchInputs } from './watched-inputs.js';

/** A traced function: its nodes, and which values are what. */
export interface Trace {
  /** Where nodes were recorded, and others may be added for a device. */
  readonly graph: Graph;
  /** All nodes recorded, in order; some may not be needed. */
  readonly nodes: readonly Node[];
  /** Graph inputs by path in the input tree. */
  readonly inputs: ReadonlyMap<string, Value>;
  /** Graph inputs by index of the state variable. */
  readonly stateInputs: ReadonlyMap<number, Value>;
  /** What each changed variable is assigned, by index. */
  readonly stateOutputs: ReadonlyMap<number, Value>;
  /** Outputs by path in the output tree. */
  readonly outputs: ReadonlyMap<string, Value>;
  /** The output tree with paths for tensors. */
  readonly outputTree: unknown;
}

/** What is traced. */
export interface Traceable extends GraphOptions {
  /** For errors. */
  readonly name: string;
  readonly fn: (inputs: never) => unknown;
  readonly state: readonly tf.Variable[];
  /** Whether the graph may hold loops; default true. WebGPU has no kernel for one. */
  readonly loops?: boolean;
}

/** The leaves of an output tree. */
export const tracedOutputs = {
  isLeaf: isTensor,
  role: 'outputs',
  plural: 'tensors',
  hint: 'return tensors, at once (no async function) and nothing beside them',
};

/**
 * Runs a function once on the tracing backend and records it.
 *
 * Variables of the state are inputs; assignments to them are outputs. All variables keep their values, the active backend is
 * restored, and no tensor is left behind, also where the function throws.
 *
 * @param inputTree host tensors, of which only dtype and shape count
 */
export function trace(traceable: Traceable, inputTree: unknown): Trace {
  const { name, fn, state, loops = true } = traceable;
  const previous = activeBackend();
  const backend = traceBackend();
  const engine = tf.engine();
  const graph = new Graph(traceable);
  const variables = guardVariables(state);
  const tape = engine.state.activeTape;
  const placeholder = (inputName: string, dtype: ElementType, shape: readonly number[]) => {
    const value = graph.input(inputName, dtype, shape);
    return [value, engine.makeTensorFromTensorInfo(backend.handle(value), backend)] as const;
  };
  backend.begin(graph, loops);
  // Both switches take effect at once: neither backend starts asynchronously.
  void tf.setBackend(traceBackendName);
  engine.startScope('trace');
  try {
    const inputs = new Map<string, Value>();
    const placeholders = mapLeaves(inputTree, isHostTensor, ({ dtype, shape }: HostTensor, path) => {
      const [value, tensor] = placeholder(path || 'input', dtype, shape);
      inputs.set(path, value);
      return tensor;
    });
    const stateInputs = new Map<number, Value>();
    state.forEach((variable, index) => {
      const [value, tensor] = placeholder(`state.${index}`, variable.dtype as ElementType, variable.shape);
      // Under data of its own, so that an older copy of the variable, which shares its data, does not pass for it.
      variable.assign(tensor);
      stateInputs.set(index, value);
    });
    const watched = watchInputs(placeholders);
    const outputTree = call(fn, watched, name);
    refuseUnread(watched, [...inputs.keys()], name);
    variables.check(name);
    const found = results(backend, outputTree, state, stateInputs, name);
    if (found.outputs.size + found.stateOutputs.size === 0) throw nothingDone(name);
    return { graph, nodes: graph.nodes, inputs, stateInputs, ...found };
  } finally {
    dropTape(tape);
    // Before the variables get their data back: tfjs counts references on the active backend.
    void tf.setBackend(previous);
    variables.restore();
    engine.endScope();
    backend.end();
  }
}

function results(
  backend: TraceBackend,
  outputTree: unknown,
  state: readonly tf.Variable[],
  stateInputs: ReadonlyMap<number, Value>,
  name: string,
): Pick<Trace, 'stateOutputs' | 'outputs' | 'outputTree'> {
  const values = leavesOf(outputTree, tracedOutputs, name).map(
    ([path, tensor]) => [path, backend.lookup(tensor)] as const,
  );
  const stateOutputs = new Map<number, Value>();
  state.forEach((variable, index) => {
    const value = backend.lookup(variable);
    if (value !== stateInputs.get(index)) stateOutputs.set(index, value);
  });
  const paths = mapLeaves(outputTree, isTensor, (_, path) => path);
  return { stateOutputs, outputs: new Map(values), outputTree: paths };
}

/** A function that meets `undefined` where it wants an input is told which. */
function call(fn: Traceable['fn'], watched: WatchedInputs, name: string): unknown {
  try {
    return fn(watched.tree as never);
  } catch (error) {
    const absent = watched.absent();
    const stumbled = error instanceof Error && !UniecsError.isInstance(error) && /undefined|'null'/.test(error.message);
    if (!stumbled || absent.length === 0) throw error;
    throw new UniecsError({
      code: 'argument',
      where: name,
      expected: `the input ${absent.map((path) => `'${path}'`).join(' or ')}, which the function reads`,
      got: `none, and so: ${error.message}`,
      hint: 'pass it, or let the function do without',
      cause: error,
    });
  }
}

function refuseUnread(watched: WatchedInputs, paths: readonly string[], name: string): void {
  const extra = paths.filter((path) => !watched.wasRead(path));
  if (extra.length === 0) return;
  throw new UniecsError({
    code: 'argument',
    where: name,
    expected: `only inputs that the function reads (${paths.filter((path) => watched.wasRead(path)).join(', ') || 'none'})`,
    got: `also ${extra.map((path) => `'${path}'`).join(', ')}`,
    hint: 'leave it out, or check its spelling',
  });
}

function nothingDone(name: string): UniecsError {
  return new UniecsError({
    code: 'argument',
    where: name,
    expected: 'a function that returns tensors or changes its state',
    got: 'neither',
    hint: 'return what it computes, or name the variables that it assigns in the option state',
  });
}

/** tfjs frees what a gradient keeps only when the gradient is done; a function that throws inside leaves it behind. */
function dropTape(before: unknown): void {
  const { state } = tf.engine();
  if (!state.activeTape || state.activeTape === before || state.gradientDepth > 0) return;
  for (const node of state.activeTape) tf.dispose(node.saved ?? []);
  (state as { activeTape: unknown }).activeTape = null;
}

/** The backend that holds the variables, started if it is not. */
function activeBackend(): string {
  try {
    tf.backend();
  } catch {
    // Said below.
  }
  const name = tf.getBackend();
  if (name && name !== traceBackendName) return name;
  throw new UniecsError({
    code: 'unavailable',
    where: 'compile',
    expected: 'a tfjs backend that holds the variables',
    got: 'none',
    hint: "import one first, for example '@tensorflow/tfjs-backend-cpu'",
  });
}
