import type { Variable } from '@tensorflow/tfjs-core';
import type { Value } from '../graph/graph.js';
import { rewrite } from '../graph/rewrite.js';
import { elementsOf } from '../kernels/tools.js';
import { encodeModel, type Model, type ModelEdge } from '../onnx/encode.js';
import { type DeviceState, deviceState, type StateTree } from '../runtime/device-state.js';
import { checkType, inputKind } from '../runtime/host-tensor.js';
import { type HostTree, leavesOf } from '../trace/tensor-tree.js';
import { trace } from '../trace/trace.js';
import { type AnyBatch, anyBatch, type SizedTrace } from './any-batch.js';
import { foldConstants, type OpenGraph } from './fold-constants.js';
import { type WeightType, withWeights } from './small-weights.js';
import { standardOperators } from './standard-operators.js';

/** What is exported, and how. */
export interface ExportOptions<Inputs> {
  /** The variables that the function reads, whose values go into the file. */
  readonly state: StateTree | DeviceState;
  /** Inputs for a batch of so many rows; only their dtypes and shapes count. */
  readonly inputs: (batch: number) => HostTree<Inputs>;
  /** How the file holds the weights; default `float32`. */
  readonly weights?: WeightType;
  /** Strings about the model, in the file's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Name in the file and in errors; default the function's. */
  readonly name?: string;
}

/** An exported function: the file's bytes, and what goes in and out. */
export interface ExportedOnnx {
  readonly bytes: Uint8Array;
  readonly inputs: readonly OnnxEdge[];
  readonly outputs: readonly OnnxEdge[];
}

/** An input or output of an ONNX file. */
export interface OnnxEdge {
  readonly name: string;
  readonly dtype: string;
  /** A whole number, or the name of a size that may be any. */
  readonly shape: readonly (number | string)[];
}

/** Three sizes that no other size of a model is likely to be, so that none is taken for the batch's. */
const batchSizes = [1009, 1013, 1019] as const;

/**
 * A function as a standalone ONNX file for any size of its batch, of ONNX's own operators alone (opset 20), with the state's values inside.
 *
 * The function is traced at three sizes of the batch; what differs must be linear in the size. The file's inputs and outputs have the names
 * that they have in the trees, `batch` stands for the size in their shapes. Whatever depends on no input is computed now.
 *
 * @throws UniecsError `unsupported` for a function that depends on the size of its batch in another way, or assigns state; `numeric` for weights that
 *   float16 cannot hold; as `compile` for what a graph cannot hold
 */
export async function exportOnnx<Inputs>(
  fn: (inputs: Inputs) => unknown,
  { state, inputs, weights = 'float32', metadata = {}, name = fn.name || 'exported' }: ExportOptions<Inputs>,
): Promise<ExportedOnnx> {
  const held = isDeviceState(state) ? state : deviceState(state, 'cpu');
  const sized = (size: number): SizedTrace => {
    const tree = inputs(size);
    for (const [path, host] of leavesOf(tree, inputKind, name)) checkType(host, path, name);
    const traceable = { name, fn: fn as (inputs: never) => unknown, state: held.variables, loops: false };
    const traced = trace(traceable, tree);
    return { size, trace: rewrite(traced.graph, traced, standardOperators) };
  };
  const traces = batchSizes.map(sized) as [SizedTrace, SizedTrace, SizedTrace];
  const [{ trace: first }] = traces;
  const { graph } = first;
  const open = anyBatch(traces, name);
  const values = (index: number) => held.read(held.variables[index] as Variable).data as Float32Array;
  const folded = await foldConstants(graph, open, first.stateInputs, values);
  const small = withWeights(graph, folded, weights, name);
  const model = modelOf(small, first.inputs, open, name, metadata);
  const edges = (list: readonly ModelEdge[]) =>
    list.map(({ name: edge, value, dimensions }) => ({
      name: edge,
      dtype: value.dtype,
      shape: dimensions ?? value.shape,
    }));
  return { bytes: encodeModel(model), inputs: edges(model.inputs), outputs: edges(model.outputs) };
}

/** Names the values; an output that is an input or constant, or a second time the same, gets a node of its own. */
function modelOf(
  { nodes, outputs }: OpenGraph,
  inputs: ReadonlyMap<string, Value>,
  { dimensions }: AnyBatch,
  name: string,
  metadata: Readonly<Record<string, string>>,
): Model {
  const read = new Set<Value>([...nodes.flatMap((node) => node.inputs.filter((input) => input !== undefined))]);
  for (const value of outputs.values()) read.add(value);
  const names = new Map<Value, string>();
  const edges = (role: 'inputs' | 'outputs', path: string, value: Value): ModelEdge => ({
    name: path || role.slice(0, -1),
    value,
    dimensions: dimensions(role, path),
  });
  const inputEdges = [...inputs]
    .filter(([, value]) => read.has(value))
    .map(([path, value]) => edges('inputs', path, value));
  for (const { name: edge, value } of inputEdges) names.set(value, edge);
  const copies = [...outputs].map(([path, value], i) => {
    const output: Value = { id: -1 - i, dtype: value.dtype, shape: value.shape };
    const edge = edges('outputs', path, output);
    names.set(output, edge.name);
    const node = { op: 'Identity', domain: '' as const, inputs: [value], outputs: [output], attributes: {} };
    return { edge, node };
  });
  const nameOf = (value: Value | undefined) => (value ? (names.get(value) ?? `v${value.id}`) : '');
  const initializers = [...read].flatMap((value) => {
    const elements = elementsOf(value);
    return elements ? [{ name: nameOf(value), value, elements }] : [];
  });
  return {
    name,
    nodes: [...nodes, ...copies.map(({ node }) => node)],
    initializers,
    inputs: inputEdges,
    outputs: copies.map(({ edge }) => edge),
    nameOf,
    metadata,
  };
}

function isDeviceState(state: StateTree | DeviceState): state is DeviceState {
  return typeof state === 'object' && 'inTurn' in state && typeof state.inTurn === 'function';
}
