import type { Elements, Graph, Node, Value } from '../graph/graph.js';
import { elementsOf } from '../kernels/tools.js';
import { modelOfTrace } from '../onnx/model-of-trace.js';
import { createSession, hostOf } from '../runtime/session.js';
import { reachable } from './any-batch.js';

/** A graph with its outputs by path. */
export interface OpenGraph {
  readonly nodes: readonly Node[];
  readonly outputs: ReadonlyMap<string, Value>;
}

/** Rebuilds a graph with some values replaced. */
export function replaceValues(graph: Graph, open: OpenGraph, replaced: Map<Value, Value>): OpenGraph {
  const now = (value: Value) => replaced.get(value) ?? value;
  for (const node of open.nodes) {
    if (node.outputs.every((output) => replaced.has(output))) continue;
    const inputs = node.inputs.map((input) => input && now(input));
    if (inputs.every((input, i) => input === node.inputs[i])) continue;
    const made = graph.node(node.op, inputs, node.outputs, node.attributes, node.domain);
    node.outputs.forEach((output, i) => void replaced.set(output, made[i] as Value));
  }
  const outputs = new Map([...open.outputs].map(([path, value]) => [path, now(value)]));
  return { nodes: reachable([...outputs.values()]), outputs };
}

/**
 * The graph with the state's values inside, as constants, and whatever depends on no input computed: transposed weights, norms folded into
 * the maps behind them. ONNX Runtime computes each such value, so the numbers are those that the graph would give.
 *
 * @param values the elements of a state input
 */
export async function foldConstants(
  graph: Graph,
  open: OpenGraph,
  stateInputs: ReadonlyMap<number, Value>,
  values: (index: number) => Elements,
): Promise<OpenGraph> {
  const states = new Map([...stateInputs].map(([index, value]) => [value, index]));
  const fixed = (value: Value) => states.has(value) || value.constant !== undefined || value.splat !== undefined;
  const known = new Set<Value>();
  const isKnown = (value: Value) => fixed(value) || known.has(value);
  for (const { inputs, outputs } of open.nodes) {
    if (inputs.every((input) => !input || isKnown(input))) for (const output of outputs) known.add(output);
  }
  const wanted = new Set<Value>();
  for (const node of open.nodes) {
    if (node.outputs.every((output) => known.has(output))) continue;
    for (const input of node.inputs) if (input && isKnown(input)) wanted.add(input);
  }
  for (const value of open.outputs.values()) if (isKnown(value)) wanted.add(value);

  const replaced = new Map<Value, Value>();
  for (const value of wanted) {
    const index = states.get(value);
    if (index === undefined && !known.has(value)) continue;
    const elements = index === undefined ? await computed(graph, value, stateInputs, values) : values(index);
    replaced.set(value, graph.literal(elements, value.dtype, value.shape));
  }
  return replaceValues(graph, open, replaced);
}

async function computed(
  graph: Graph,
  value: Value,
  stateInputs: ReadonlyMap<number, Value>,
  values: (index: number) => Elements,
): Promise<Elements> {
  const trace = {
    graph,
    nodes: reachable([value]),
    inputs: new Map(),
    stateInputs,
    stateOutputs: new Map(),
    outputs: new Map([['', value]]),
  };
  const { model } = modelOfTrace(trace, 'constants', values);
  const session = await createSession(model, { device: 'cpu', threads: 1 });
  try {
    const { output } = await session.run({}, { output: null });
    return hostOf(output as NonNullable<typeof output>).data;
  } finally {
    await session.release();
  }
}

/** The float32 elements of a constant, if a value is one. */
export function floatsOf(value: Value | undefined): Float32Array | undefined {
  return value?.dtype === 'float32' ? (elementsOf(value) as Float32Array | undefined) : undefined;
}
