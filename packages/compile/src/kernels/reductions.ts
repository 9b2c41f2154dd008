import type { Value } from '../graph/graph.js';
import { axesOf, cast, type KernelCall, type Lowering, reshape } from './tools.js';

function reduce(op: string, prepare: (call: KernelCall) => Value = ({ inputs }) => inputs.x as Value): Lowering {
  return (call) => {
    const { graph, attributes } = call;
    const x = prepare(call);
    const axes = axesOf(attributes.axis ?? attributes.reductionIndices, x.shape.length);
    const keepDims = Boolean(attributes.keepDims);
    const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const shape = keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
    // Over axes of size 1, and over none, nothing is reduced.
    if (axes.every((axis) => x.shape[axis] === 1)) return reshape(graph, x, shape);
    return graph.one(op, [x, graph.integers(axes)], x.dtype, shape, { keepdims: Number(keepDims) });
  };
}

/** Booleans are counted as int32, as tfjs does. */
const counted = ({ graph, inputs: { x } }: KernelCall) =>
  (x as Value).dtype === 'bool' ? cast(graph, x as Value, 'int32') : (x as Value);

const averaged = ({ graph, inputs: { x } }: KernelCall) => cast(graph, x as Value, 'float32');

/** Booleans through int32: any is the largest, all the smallest. */
function reduceBool(op: string): Lowering {
  const inner = reduce(op, ({ graph, inputs: { x } }) => cast(graph, x as Value, 'int32'));
  return (call) => cast(call.graph, inner(call) as Value, 'bool');
}

function argument(op: string): Lowering {
  return ({ graph, inputs: { x }, attributes }) => {
    const value = x as Value;
    const [axis] = axesOf(attributes.axis, value.shape.length) as [number];
    const shape = value.shape.filter((_, i) => i !== axis);
    return cast(graph, graph.one(op, [value], 'int64', shape, { axis, keepdims: 0 }), 'int32');
  };
}

function topK({ graph, inputs: { x }, attributes }: KernelCall): readonly Value[] {
  const value = x as Value;
  const k = Number(attributes.k);
  const shape = [...value.shape.slice(0, -1), k];
  const outputs = [
    { dtype: value.dtype, shape },
    { dtype: 'int64', shape },
  ] as const;
  const [values, indices] = graph.node('TopK', [value, graph.integers([k])], outputs, {
    axis: -1,
    largest: 1,
    sorted: 1,
  });
  return [values as Value, cast(graph, indices as Value, 'int32')];
}

/** tfjs kernels that reduce axes or choose along one. */
export const reductions: Readonly<Record<string, Lowering>> = {
  Sum: reduce('ReduceSum', counted),
  Mean: reduce('ReduceMean', averaged),
  Max: reduce('ReduceMax'),
  Min: reduce('ReduceMin'),
  Prod: reduce('ReduceProd', counted),
  Any: reduceBool('ReduceMax'),
  All: reduceBool('ReduceMin'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  TopK: topK,
};
