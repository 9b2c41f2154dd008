import { UniecsError } from '@uniecs/tensor';
import { turned } from '../kernels/products.js';
import { cast } from '../kernels/tools.js';
import type { Traced } from '../onnx/model-of-trace.js';
import type { OrtDevice } from '../runtime/device.js';
import type { Graph, Value } from './graph.js';
import { type Rewrite, rewrite } from './rewrite.js';
import { liveNodes } from './schedule.js';

/**
 * The trace with operators that the device has no kernel for expressed by others.
 *
 * @throws UniecsError `unsupported` for arrays without elements on WebGPU, where they end the process
 */
export function forDevice<T extends Traced>(trace: T, device: OrtDevice, where: string): T {
  if (device !== 'webgpu') return trace;
  const wanted = [...trace.outputs.values(), ...trace.stateOutputs.values()];
  for (const { op, inputs, outputs } of liveNodes(trace.nodes, wanted)) {
    // Constants aside: a reshape to a scalar has an empty one that says so.
    const empty = [...inputs, ...outputs].find((value) => value?.shape.includes(0) && !value.constant);
    if (empty) throw withoutElements(where, op, empty.shape);
  }
  return rewrite(trace.graph, trace, webgpuRewrites);
}

function withoutElements(where: string, op: string, shape: readonly number[]): UniecsError {
  return new UniecsError({
    code: 'unsupported',
    where,
    expected: 'arrays with elements on webgpu',
    got: `${op} with one of shape [${shape.join(', ')}]`,
    hint: 'leave such arrays out of the function, or use the device cpu',
  });
}

/** `FusedMatMul` with its transposes and factor by themselves. */
export const plainProduct: Rewrite = (graph, { inputs, outputs, attributes }) => {
  const [a, b] = inputs as [Value, Value];
  const { dtype, shape } = outputs[0] as Value;
  const operands = [attributes.transA ? turned(graph, a) : a, attributes.transB ? turned(graph, b) : b];
  const product = graph.one('MatMul', operands, dtype, shape);
  const { float: alpha } = attributes.alpha as { float: number };
  return [alpha === 1 ? product : graph.one('Mul', [product, graph.splat(alpha, dtype, [])], dtype, shape)];
};

const not = (graph: Graph, x: Value): Value => graph.one('Not', [x], 'bool', x.shape);

/** Moves int64 indices as the int32 that they were cast from. */
const movedBeforeCast: Rewrite = (graph, { op, inputs, outputs, attributes }) => {
  const [x, ...others] = inputs as [Value, ...Value[]];
  const { dtype, shape } = outputs[0] as Value;
  const source = x.node?.op === 'Cast' ? (x.node.inputs[0] as Value) : x;
  if (dtype !== 'int64' || source.dtype !== 'int32') return graph.node(op, inputs, outputs, attributes);
  return [cast(graph, graph.one(op, [source, ...others], 'int32', shape, attributes), 'int64')];
};

/** Moves and reduces booleans as int32. */
const countedBooleans: Rewrite = (graph, { op, inputs, outputs, attributes }) => {
  const { dtype, shape } = outputs[0] as Value;
  if (dtype !== 'bool') return graph.node(op, inputs, outputs, attributes);
  const counted = inputs.map((input) => (input?.dtype === 'bool' ? cast(graph, input, 'int32') : input));
  return [cast(graph, graph.one(op, counted, 'int32', shape, attributes), 'bool')];
};

const webgpuRewrites: Readonly<Record<string, Rewrite>> = {
  FusedMatMul: plainProduct,
  ConstantOfShape: (graph, { outputs: [zeros] }) => [graph.splat(0, 'float32', (zeros as Value).shape)],
  IsNaN: (graph, { inputs, outputs }) => {
    const x = inputs[0] as Value;
    return [not(graph, graph.one('Equal', [x, x], 'bool', (outputs[0] as Value).shape))];
  },
  Or: (graph, { inputs, outputs }) => {
    const [a, b] = inputs as [Value, Value];
    return [not(graph, graph.one('And', [not(graph, a), not(graph, b)], 'bool', (outputs[0] as Value).shape))];
  },
  ReduceMax: countedBooleans,
  ReduceMin: countedBooleans,
  Transpose: countedBooleans,
  Tile: countedBooleans,
  Slice: countedBooleans,
  Pad: countedBooleans,
  Reshape: movedBeforeCast,
  Expand: movedBeforeCast,
};
