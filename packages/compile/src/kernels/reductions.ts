import { unsupportedOp } from '../errors.js';
import { type Graph, sizeOf, type Value } from '../graph/graph.js';
import { matrixProduct } from './products.js';
import {
  axesOf,
  cast,
  choose,
  counted,
  isNaNMask,
  type KernelCall,
  type Lowering,
  reshape,
  scalarLike,
} from './tools.js';

function reduce(graph: Graph, op: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
  // Over axes of size 1, and over none, nothing is reduced.
  if (axes.every((axis) => x.shape[axis] === 1)) return reshape(graph, x, shape);
  const asProduct = op === 'ReduceSum' ? sumOfRows(graph, x, axes, shape) : undefined;
  return asProduct ?? graph.one(op, [x, graph.integers(axes)], x.dtype, shape, { keepdims: Number(keepDims) });
}

/** Fewer rows are summed as fast by ONNX Runtime's own reduction. */
const rowsWorthAProduct = 64;

/**
 * The sum over leading axes of a large array as a product with a row of ones, which ONNX Runtime computes several times as fast as
 * its reduction; undefined where it is another sum.
 */
function sumOfRows(graph: Graph, x: Value, axes: readonly number[], shape: readonly number[]): Value | undefined {
  const leading = axes.every((axis, i) => axis === i);
  const rows = sizeOf(axes.map((axis) => x.shape[axis] as number));
  const columns = sizeOf(x.shape) / rows;
  if (x.dtype !== 'float32' || !leading || rows < rowsWorthAProduct || columns < 8) return undefined;
  const ones = graph.splat(1, 'float32', [1, rows]);
  return reshape(graph, matrixProduct(graph, ones, reshape(graph, x, [rows, columns]), false, false), shape);
}

function reduction(op: string, prepare: (call: KernelCall) => Value): Lowering {
  return (call) => {
    const { graph, attributes } = call;
    const x = prepare(call);
    const axes = axesOf(attributes.axis ?? attributes.reductionIndices, x.shape.length);
    return reduce(graph, op, x, axes, Boolean(attributes.keepDims));
  };
}

const countedInput = ({ graph, inputs }: KernelCall) => counted(graph, inputs.x as Value);

const averaged = ({ graph, inputs: { x } }: KernelCall) => cast(graph, x as Value, 'float32');

/** Booleans through int32: any is the largest, all the smallest. */
function ofBooleans(op: string): Lowering {
  const inner = reduction(op, countedInput);
  return (call) => cast(call.graph, inner(call) as Value, 'bool');
}

/** The largest or smallest; NaN where any element is NaN, which ONNX Runtime's own reduction passes over. */
function extreme(op: string): Lowering {
  const booleans = ofBooleans(op);
  return (call) => {
    const { graph, inputs, attributes } = call;
    const x = inputs.x as Value;
    if (x.dtype === 'bool') return booleans(call);
    const axes = axesOf(attributes.axis ?? attributes.reductionIndices, x.shape.length);
    if (axes.some((axis) => x.shape[axis] === 0)) throw unsupportedOp(op, 'over no elements');
    const result = reduce(graph, op, x, axes, Boolean(attributes.keepDims));
    if (x.dtype !== 'float32' || result === x || result.node?.op === 'Reshape') return result;
    const spoiled = reduce(graph, 'ReduceMax', isNaNMask(graph, x), axes, Boolean(attributes.keepDims));
    return choose(graph, spoiled, scalarLike(graph, x, Number.NaN), result);
  };
}

/** The first place of the largest or smallest. As in tfjs a NaN is never chosen, except in the first place. */
function argument(op: 'ArgMax' | 'ArgMin'): Lowering {
  return (call) => {
    const { graph, attributes } = call;
    const x = countedInput(call);
    const [axis] = axesOf(attributes.axis, x.shape.length) as [number];
    const shape = x.shape.filter((_, i) => i !== axis);
    const worst = scalarLike(graph, x, op === 'ArgMax' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
    const known = x.dtype === 'float32' ? choose(graph, isNaNMask(graph, x), worst, x) : x;
    const place = cast(graph, graph.one(op, [known], 'int64', shape, { axis, keepdims: 0 }), 'int32');
    if (x.dtype !== 'float32') return place;
    const first = graph.one('Gather', [x, graph.splat(0, 'int32', [])], x.dtype, shape, { axis });
    return choose(graph, isNaNMask(graph, first), graph.splat(0, 'int32', []), place);
  };
}

/** The largest of the last axis, in falling order; of equal ones the first comes first. */
function topK({ graph, inputs: { x }, attributes }: KernelCall): readonly Value[] {
  const value = x as Value;
  if (value.dtype === 'bool') throw unsupportedOp('TopK', 'on booleans; cast them first');
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

function runningSum(call: KernelCall): Value {
  const { graph, attributes } = call;
  const x = countedInput(call);
  const [axis] = axesOf(attributes.axis ?? 0, x.shape.length) as [number];
  const place = graph.constant(BigInt64Array.of(BigInt(axis)), 'int64', []);
  const flags = { exclusive: Number(attributes.exclusive ?? 0), reverse: Number(attributes.reverse ?? 0) };
  return graph.one('CumSum', [x, place], x.dtype, x.shape, flags);
}

/** tfjs kernels that reduce axes, choose along one or add up along one. */
export const reductions: Readonly<Record<string, Lowering>> = {
  Sum: reduction('ReduceSum', countedInput),
  Mean: reduction('ReduceMean', averaged),
  Max: extreme('ReduceMax'),
  Min: extreme('ReduceMin'),
  Prod: reduction('ReduceProd', countedInput),
  Any: ofBooleans('ReduceMax'),
  All: ofBooleans('ReduceMin'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  TopK: topK,
  Cumsum: runningSum,
};
