import { backend_util } from '@tensorflow/tfjs-core';
import { unsupportedOp } from '../errors.js';
import { type Elements, type ElementType, type Graph, sizeOf, type Value } from '../graph/graph.js';
import { onnxTypes } from '../onnx/encode.js';

/** What a kernel gets: the graph under construction, the values of its inputs by tfjs name, and tfjs's attributes. */
export interface KernelCall {
  readonly graph: Graph;
  readonly inputs: Readonly<Record<string, Value>>;
  /** For kernels with a list of inputs (Concat, Pack, AddN). */
  readonly list: readonly Value[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Lowers one tfjs kernel to graph nodes. */
export type Lowering = (call: KernelCall) => Value | readonly Value[];

/** The shape that two operands broadcast to. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  return backend_util.assertAndGetBroadcastShape([...a], [...b]);
}

const logical = new Set(['Equal', 'And', 'Or']);

/** An elementwise operator over two operands, with constants and broadcasts simplified. */
export function binary(graph: Graph, op: string, a: Value, b: Value, dtype: ElementType = a.dtype): Value {
  if (a.dtype === 'bool' && !logical.has(op)) throw unsupportedOp(op, 'on booleans; cast them first');
  const shape = broadcastShape(a.shape, b.shape);
  const known = folded(graph, op, a, b) ?? neutralOperand(op, a, b);
  if (known) return broadcastTo(graph, known, shape);
  const [left, right] = [unexpanded(graph, a), unexpanded(graph, b)];
  const needed = String(broadcastShape(left.shape, right.shape)) === String(shape);
  return needed ? graph.one(op, [left, right], dtype, shape) : graph.one(op, [a, b], dtype, shape);
}

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
};

/** The constant that two float32 constants of one number each give; float64 arithmetic rounded once is float32's. */
function folded(graph: Graph, op: string, a: Value, b: Value): Value | undefined {
  const compute = arithmetic[op];
  if (!compute || a.splat === undefined || b.splat === undefined || a.dtype !== 'float32') return undefined;
  return graph.splat(compute(a.splat, b.splat), 'float32', broadcastShape(a.shape, b.shape));
}

/**
 * The operand that a neutral constant (x + 0, x · 1, …) leaves unchanged. (`-0 + 0` keeps its sign here, as in ONNX Runtime's
 * own simplification; `x · 0` is left alone: it is NaN where x is.)
 */
function neutralOperand(op: string, a: Value, b: Value): Value | undefined {
  if (op === 'Add') return b.splat === 0 ? a : a.splat === 0 ? b : undefined;
  if (op === 'Mul') return b.splat === 1 ? a : a.splat === 1 ? b : undefined;
  if (op === 'Sub') return b.splat === 0 ? a : undefined;
  if (op === 'Div') return b.splat === 1 ? a : undefined;
  return undefined;
}

/** A value before its broadcast: elementwise operators broadcast by themselves. */
function unexpanded(graph: Graph, value: Value): Value {
  if (value.splat !== undefined && value.shape.length > 0) return graph.splat(value.splat, value.dtype, []);
  if (value.node?.op === 'Expand') return value.node.inputs[0] as Value;
  return value;
}

/** An operator over one operand that keeps its type and shape. */
export function unary(graph: Graph, op: string, x: Value, dtype: ElementType = x.dtype): Value {
  return graph.one(op, [x], dtype, x.shape);
}

/** `t` where the condition holds, else `e`; all three broadcast. */
export function choose(graph: Graph, condition: Value, t: Value, e: Value): Value {
  // ONNX Runtime chooses among numbers only.
  if (t.dtype === 'bool') {
    return cast(graph, choose(graph, condition, cast(graph, t, 'int32'), cast(graph, e, 'int32')), 'bool');
  }
  const operands = [condition, t, e];
  const shapeOf = (values: readonly Value[]) => values.map(({ shape }) => shape as number[]).reduce(broadcastShape);
  const shape = shapeOf(operands);
  const small = operands.map((value) => unexpanded(graph, value));
  return graph.one('Where', String(shapeOf(small)) === String(shape) ? small : operands, t.dtype, shape);
}

/** Where a value is NaN; nowhere for whole numbers. */
export function isNaNMask(graph: Graph, x: Value): Value {
  return x.dtype === 'float32' || x.dtype === 'float64'
    ? unary(graph, 'IsNaN', x, 'bool')
    : graph.splat(0, 'bool', x.shape);
}

/** Broadcasts to a shape; the value itself where it has it. */
export function broadcastTo(graph: Graph, x: Value, shape: readonly number[]): Value {
  if (String(x.shape) === String(shape)) return x;
  if (x.splat !== undefined) return graph.splat(x.splat, x.dtype, shape);
  return graph.one('Expand', [x, graph.integers(shape)], x.dtype, shape);
}

/** Reshapes; the value itself where it has the shape, and a chain of reshapes is one. */
export function reshape(graph: Graph, x: Value, shape: readonly number[]): Value {
  if (x.node?.op === 'Reshape') return reshape(graph, x.node.inputs[0] as Value, shape);
  if (String(x.shape) === String(shape)) return x;
  if (x.splat !== undefined) return graph.splat(x.splat, x.dtype, shape);
  if (x.constant) return graph.constant(x.constant, x.dtype, shape);
  // A 0 would mean "as before" otherwise.
  const attributes = { allowzero: Number(shape.includes(0)) };
  return graph.one('Reshape', [x, graph.integers(shape)], x.dtype, shape, attributes);
}

/** What a constant can hold; others are cast in the graph. */
const held: ReadonlySet<ElementType> = new Set(['float32', 'float64', 'int32', 'bool']);

/** Casts; the value itself where it has the type. */
export function cast(graph: Graph, x: Value, dtype: ElementType): Value {
  if (x.dtype === dtype) return x;
  if (x.splat !== undefined && held.has(dtype)) return graph.splat(x.splat, dtype, x.shape);
  return graph.one('Cast', [x], dtype, x.shape, { to: onnxTypes[dtype] });
}

/** Booleans as int32, as tfjs counts and compares them. */
export function counted(graph: Graph, x: Value): Value {
  return x.dtype === 'bool' ? cast(graph, x, 'int32') : x;
}

/** A scalar constant of a value's type. */
export function scalarLike(graph: Graph, x: Value, value: number): Value {
  return graph.splat(value, x.dtype, []);
}

/** Axes from tfjs's attribute (undefined: all; negative: from the end), ascending. */
export function axesOf(attribute: unknown, rank: number): number[] {
  const listed =
    attribute === undefined || attribute === null ? Array.from({ length: rank }, (_, i) => i) : [attribute].flat();
  return (listed as number[]).map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
}

/** The elements of a constant, written out where it is a splat. */
export function elementsOf(value: Value): Elements | undefined {
  if (value.constant) return value.constant;
  if (value.splat === undefined) return undefined;
  const size = sizeOf(value.shape);
  if (value.dtype === 'float32') return new Float32Array(size).fill(value.splat);
  if (value.dtype === 'float64') return new Float64Array(size).fill(value.splat);
  if (value.dtype === 'int32') return new Int32Array(size).fill(value.splat);
  return new Uint8Array(size).fill(value.splat);
}
