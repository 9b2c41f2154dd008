import { type DataType, util } from '@tensorflow/tfjs-core';
import { unsupportedOp } from '../errors.js';
import { elementType, type Graph, sizeOf, type Value } from '../graph/graph.js';
import { axesOf, binary, broadcastTo, cast, choose, type KernelCall, type Lowering, reshape } from './tools.js';

function transpose({ graph, inputs: { x }, attributes }: KernelCall): Value {
  const value = x as Value;
  const perm = attributes.perm as number[];
  const shape = perm.map((axis) => value.shape[axis] as number);
  // Moving only axes of size 1 changes no order in memory.
  const moved = perm.filter((axis) => value.shape[axis] !== 1);
  if (moved.every((axis, i) => i === 0 || axis > (moved[i - 1] as number))) return reshape(graph, value, shape);
  return graph.one('Transpose', [value], value.dtype, shape, { perm });
}

function concat(graph: Graph, values: readonly Value[], axis: number): Value {
  const { dtype } = values[0] as Value;
  const parts = values.filter((value) => sizeOf(value.shape) > 0).map((value) => cast(graph, value, dtype));
  const first = (parts[0] ?? values[0]) as Value;
  if (parts.length <= 1) return first;
  const length = parts.reduce((sum, value) => sum + (value.shape[axis] as number), 0);
  const shape = first.shape.map((size, i) => (i === axis ? length : size));
  return graph.one('Concat', parts, first.dtype, shape, { axis });
}

function slice(graph: Graph, x: Value, begin: readonly number[], size: readonly number[]): Value {
  const shape = size.map((n, axis) => (n === -1 ? (x.shape[axis] as number) - (begin[axis] as number) : n));
  const cut = shape.map((_, axis) => axis).filter((axis) => shape[axis] !== x.shape[axis]);
  if (cut.length === 0) return x;
  if (x.splat !== undefined) return graph.splat(x.splat, x.dtype, shape);
  const starts = cut.map((axis) => begin[axis] as number);
  const ends = cut.map((axis) => (begin[axis] as number) + (shape[axis] as number));
  return graph.one('Slice', [x, graph.integers(starts), graph.integers(ends), graph.integers(cut)], x.dtype, shape);
}

function sliceKernel({ graph, inputs: { x }, attributes }: KernelCall): Value {
  const value = x as Value;
  const given = [attributes.begin].flat() as number[];
  const begin = value.shape.map((_, axis) => given[axis] ?? 0);
  const sizes = [attributes.size ?? []].flat() as number[];
  return slice(
    graph,
    value,
    begin,
    value.shape.map((_, axis) => sizes[axis] ?? -1),
  );
}

function split({ graph, inputs: { x }, attributes }: KernelCall): readonly Value[] {
  const value = x as Value;
  const [axis] = axesOf(attributes.axis ?? 0, value.shape.length) as [number];
  const total = value.shape[axis] as number;
  const given = attributes.numOrSizeSplits as number | number[];
  const listed = typeof given === 'number' ? Array.from({ length: given }, () => total / given) : [...given];
  const rest = total - listed.reduce((sum, n) => (n === -1 ? sum : sum + n), 0);
  let start = 0;
  return listed.map((n) => {
    const length = n === -1 ? rest : n;
    const begin = value.shape.map((_, i) => (i === axis ? start : 0));
    start += length;
    return slice(
      graph,
      value,
      begin,
      value.shape.map((size, i) => (i === axis ? length : size)),
    );
  });
}

function pad({ graph, inputs: { x }, attributes }: KernelCall): Value {
  const value = x as Value;
  const paddings = attributes.paddings as [number, number][];
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return value;
  const shape = value.shape.map((size, axis) => size + (paddings[axis]?.[0] ?? 0) + (paddings[axis]?.[1] ?? 0));
  const amounts = graph.integers([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
  const fill = graph.splat(Number(attributes.constantValue ?? 0), value.dtype, []);
  return graph.one('Pad', [value, amounts, fill], value.dtype, shape, { mode: 'constant' });
}

function tile({ graph, inputs: { x }, attributes }: KernelCall): Value {
  const value = x as Value;
  const reps = attributes.reps as number[];
  const shape = value.shape.map((size, axis) => size * (reps[axis] ?? 1));
  if (value.shape.every((size, axis) => size === 1 || reps[axis] === 1)) return broadcastTo(graph, value, shape);
  return graph.one('Tile', [value, graph.integers(reps)], value.dtype, shape);
}

function expandDims({ graph, inputs: { input }, attributes }: KernelCall): Value {
  const value = input as Value;
  const dim = Number(attributes.dim);
  const at = dim < 0 ? dim + value.shape.length + 1 : dim;
  return reshape(graph, value, [...value.shape.slice(0, at), 1, ...value.shape.slice(at)]);
}

function pack({ graph, list, attributes }: KernelCall): Value {
  const first = list[0] as Value;
  const axis = Number(attributes.axis ?? 0);
  const at = axis < 0 ? axis + first.shape.length + 1 : axis;
  const widened = list.map((value) =>
    reshape(graph, value, [...value.shape.slice(0, at), 1, ...value.shape.slice(at)]),
  );
  return concat(graph, widened, at);
}

function unpack({ graph, inputs: { value }, attributes }: KernelCall): readonly Value[] {
  const x = value as Value;
  const [axis] = axesOf(attributes.axis ?? 0, x.shape.length) as [number];
  const size = x.shape.map((n, i) => (i === axis ? 1 : n));
  const shape = x.shape.filter((_, i) => i !== axis);
  return Array.from({ length: x.shape[axis] as number }, (_, index) => {
    const begin = x.shape.map((_, i) => (i === axis ? index : 0));
    return reshape(graph, slice(graph, x, begin, size), shape);
  });
}

/** An id below zero would count from the end in ONNX; in tfjs it is an error, and so it is here. */
function gather({ graph, inputs, attributes }: KernelCall): Value {
  const [x, indices] = [inputs.x as Value, cast(graph, inputs.indices as Value, 'int32')];
  if (Number(attributes.batchDims ?? 0) !== 0) throw unsupportedOp('GatherV2', 'with batchDims');
  const [axis] = axesOf(attributes.axis ?? 0, x.shape.length) as [number];
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const negative = binary(graph, 'Less', indices, graph.splat(0, 'int32', []), 'bool');
  const checked = choose(graph, negative, graph.splat(x.shape[axis] as number, 'int32', []), indices);
  return graph.one('Gather', [x, checked], x.dtype, shape, { axis });
}

/**
 * Adds rows of x into the rows that segmentIds name; the gradient of `gather`. Rows with ids outside of the segments are left
 * out, and the sum is float32, as in tfjs. Serial in ONNX Runtime, so deterministic.
 */
function unsortedSegmentSum({ graph, inputs, attributes }: KernelCall): Value {
  const [x, ids] = [cast(graph, inputs.x as Value, 'float32'), cast(graph, inputs.segmentIds as Value, 'int32')];
  if (ids.shape.length !== 1) throw unsupportedOp('UnsortedSegmentSum', `with segment ids of rank ${ids.shape.length}`);
  const rest = x.shape.slice(1);
  const count = Number(attributes.numSegments);
  const shape = [count, ...rest];
  const limit = (op: string, bound: number) => binary(graph, op, ids, graph.splat(bound, 'int32', []), 'bool');
  const inside = binary(graph, 'And', limit('GreaterOrEqual', 0), limit('Less', count), 'bool');
  const perRow = (value: Value) => reshape(graph, value, [ids.shape[0] as number, ...rest.map(() => 1)]);
  const rows = choose(graph, perRow(inside), x, graph.splat(0, x.dtype, []));
  const places = perRow(cast(graph, choose(graph, inside, ids, graph.splat(0, 'int32', [])), 'int64'));
  const zeros = graph.one('ConstantOfShape', [graph.integers(shape)], 'float32', shape);
  const inputsOfScatter = [zeros, broadcastTo(graph, places, x.shape), rows];
  return graph.one('ScatterElements', inputsOfScatter, x.dtype, shape, { axis: 0, reduction: 'add' });
}

function oneHot({ graph, inputs: { indices }, attributes }: KernelCall): Value {
  const ids = cast(graph, indices as Value, 'int32');
  const { depth, onValue = 1, offValue = 0 } = attributes as Record<string, number>;
  const dtype = (attributes.dtype ?? 'int32') as 'int32';
  const length = Number(depth);
  const classes = graph.constant(
    Int32Array.from({ length }, (_, i) => i),
    'int32',
    [length],
  );
  // OneHot would count negative indices from the end; tfjs leaves such rows off.
  const hot = binary(graph, 'Equal', reshape(graph, ids, [...ids.shape, 1]), classes, 'bool');
  return choose(graph, hot, graph.splat(Number(onValue), dtype, []), graph.splat(Number(offValue), dtype, []));
}

function flip(graph: Graph, x: Value, axes: readonly number[]): Value {
  const each = (n: number) => graph.integers(axes.map(() => n));
  return graph.one('Slice', [x, each(-1), each(-(2 ** 31)), graph.integers(axes), each(-1)], x.dtype, x.shape);
}

function reverse({ graph, inputs: { x }, attributes }: KernelCall): Value {
  const value = x as Value;
  return value.shape.length === 0 ? value : flip(graph, value, axesOf(attributes.dims, value.shape.length));
}

/** tfjs's rules: the step's default of 1 turns for a falling range, and float32 steps are added up one by one. */
function range({ graph, attributes }: KernelCall): Value {
  const { start, stop, step, dtype } = attributes as { start: number; stop: number; step: number; dtype?: 'int32' };
  const empty = start === stop || (start < stop && step < 0) || (stop < start && step > 1);
  const length = empty ? 0 : Math.abs(Math.ceil((stop - start) / step));
  const numbers = dtype === 'int32' ? new Int32Array(length) : new Float32Array(length);
  const advance = stop < start && step === 1 ? -1 : step;
  numbers[0] = start;
  for (let i = 1; i < length; i++) numbers[i] = (numbers[i - 1] as number) + advance;
  return graph.constant(numbers, dtype ?? 'float32', [length]);
}

function fill({ graph, attributes }: KernelCall): Value {
  const { shape, value, dtype = 'float32' } = attributes as { shape: number[]; value: number; dtype?: DataType };
  const type = elementType(dtype);
  if (!type) throw unsupportedOp('Fill', `with ${dtype}`);
  return graph.splat(Number(value), type, shape);
}

/** tfjs kernels that move, repeat, pick or make elements without arithmetic. */
export const movement: Readonly<Record<string, Lowering>> = {
  Reshape: ({ graph, inputs: { x }, attributes }) => {
    const value = x as Value;
    return reshape(graph, value, util.inferFromImplicitShape(attributes.shape as number[], sizeOf(value.shape)));
  },
  ExpandDims: expandDims,
  Transpose: transpose,
  Concat: ({ graph, list, attributes }) => {
    const [axis] = axesOf(attributes.axis ?? 0, (list[0] as Value).shape.length) as [number];
    return concat(graph, list, axis);
  },
  Slice: sliceKernel,
  SplitV: split,
  PadV2: pad,
  Tile: tile,
  Pack: pack,
  Unpack: unpack,
  GatherV2: gather,
  UnsortedSegmentSum: unsortedSegmentSum,
  OneHot: oneHot,
  Reverse: reverse,
  Range: range,
  Fill: fill,
};
