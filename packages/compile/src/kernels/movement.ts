import { util } from '@tensorflow/tfjs-core';
import { unsupportedOp } from '../errors.js';
import { type Graph, sizeOf, type Value } from '../graph/graph.js';
import { axesOf, broadcastTo, cast, type KernelCall, type Lowering, reshape } from './tools.js';

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
  const parts = values.filter((value) => sizeOf(value.shape) > 0);
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

function gather({ graph, inputs, attributes }: KernelCall): Value {
  const [x, indices] = [inputs.x as Value, inputs.indices as Value];
  if (Number(attributes.batchDims ?? 0) !== 0) throw unsupportedOp('GatherV2', 'with batchDims');
  const [axis] = axesOf(attributes.axis ?? 0, x.shape.length) as [number];
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  return graph.one('Gather', [x, cast(graph, indices, 'int32')], x.dtype, shape, { axis });
}

/** Adds rows of x into the rows that segmentIds name; the gradient of `gather`. Serial in ONNX Runtime, so deterministic. */
function unsortedSegmentSum({ graph, inputs, attributes }: KernelCall): Value {
  const [x, ids] = [inputs.x as Value, inputs.segmentIds as Value];
  if (ids.shape.length !== 1) throw unsupportedOp('UnsortedSegmentSum', `with segment ids of rank ${ids.shape.length}`);
  const rest = x.shape.slice(1);
  const shape = [Number(attributes.numSegments), ...rest];
  const zeros = cast(graph, graph.one('ConstantOfShape', [graph.integers(shape)], 'float32', shape), x.dtype);
  const column = reshape(graph, cast(graph, ids, 'int64'), [ids.shape[0] as number, ...rest.map(() => 1)]);
  const places = broadcastTo(graph, column, x.shape);
  return graph.one('ScatterElements', [zeros, places, x], x.dtype, shape, { axis: 0, reduction: 'add' });
}

function oneHot({ graph, inputs: { indices }, attributes }: KernelCall): Value {
  const ids = indices as Value;
  const { depth, onValue = 1, offValue = 0, dtype = 'int32' } = attributes as Record<string, never>;
  const shape = [...ids.shape, Number(depth)];
  const classes = graph.constant(
    Int32Array.from({ length: Number(depth) }, (_, i) => i),
    'int32',
    [Number(depth)],
  );
  const column = reshape(graph, cast(graph, ids, 'int32'), [...ids.shape, 1]);
  // OneHot would count negative indices from the end; tfjs leaves such rows off.
  const hot = graph.one('Equal', [column, classes], 'bool', shape);
  const choice = [graph.splat(Number(onValue), dtype, []), graph.splat(Number(offValue), dtype, [])];
  return graph.one('Where', [hot, ...choice], dtype, shape);
}

function reverse({ graph, inputs: { x }, attributes }: KernelCall): Value {
  const value = x as Value;
  const axes = axesOf(attributes.dims, value.shape.length);
  const each = (n: number) => graph.integers(axes.map(() => n));
  return graph.one(
    'Slice',
    [value, each(-1), each(-(2 ** 31)), graph.integers(axes), each(-1)],
    value.dtype,
    value.shape,
  );
}

function range({ graph, attributes }: KernelCall): Value {
  const {
    start,
    stop,
    step,
    dtype = 'float32',
  } = attributes as { start: number; stop: number; step: number; dtype?: 'float32' };
  const length = Math.max(0, Math.ceil((stop - start) / step));
  const numbers = Float32Array.from({ length }, (_, i) => start + i * step);
  return graph.constant(dtype === 'float32' ? numbers : Int32Array.from(numbers), dtype, [length]);
}

function fill({ graph, attributes }: KernelCall): Value {
  const {
    shape,
    value,
    dtype = 'float32',
  } = attributes as { shape: number[]; value: number; dtype?: 'float32' | 'int32' | 'bool' };
  return graph.splat(value, dtype, shape);
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
