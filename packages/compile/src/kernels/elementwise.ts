import { unsupportedOp } from '../errors.js';
import type { Graph, Value } from '../graph/graph.js';
import { binary, broadcastShape, broadcastTo, cast, type KernelCall, type Lowering, scalarLike } from './tools.js';

const binaryOf =
  (op: string): Lowering =>
  ({ graph, inputs }) =>
    binary(graph, op, inputs.a as Value, inputs.b as Value);

const comparison =
  (op: string): Lowering =>
  ({ graph, inputs }) =>
    binary(graph, op, inputs.a as Value, inputs.b as Value, 'bool');

const unary =
  (op: string): Lowering =>
  ({ graph, inputs }) => {
    const x = floatInput(graph, inputs.x as Value, op);
    return graph.one(op, [x], x.dtype, x.shape);
  };

/** For operators that ONNX Runtime has for int32 too. */
const anyUnary =
  (op: string): Lowering =>
  ({ graph, inputs: { x } }) =>
    graph.one(op, [x as Value], (x as Value).dtype, (x as Value).shape);

function floatInput(graph: Graph, x: Value, op: string): Value {
  if (x.dtype === 'bool') throw unsupportedOp(op, 'on booleans');
  return cast(graph, x, 'float32');
}

const not: Lowering = ({ graph, inputs: { x } }) => graph.one('Not', [x as Value], 'bool', (x as Value).shape);

function notEqual({ graph, inputs }: KernelCall): Value {
  const equal = binary(graph, 'Equal', inputs.a as Value, inputs.b as Value, 'bool');
  return graph.one('Not', [equal], 'bool', equal.shape);
}

/** `a - b floor(a / b)`: the sign follows the divisor, as in tfjs. */
function modulo({ graph, inputs }: KernelCall): Value {
  const [a, b] = [inputs.a as Value, inputs.b as Value];
  if (a.dtype === 'int32') return graph.one('Mod', [a, b], 'int32', broadcastShape(a.shape, b.shape));
  return binary(graph, 'Sub', a, binary(graph, 'Mul', floorOf(graph, binary(graph, 'Div', a, b)), b));
}

function floorOf(graph: Graph, x: Value): Value {
  return graph.one('Floor', [x], 'float32', x.shape);
}

function floorDivide({ graph, inputs }: KernelCall): Value {
  const [a, b] = [inputs.a as Value, inputs.b as Value];
  const quotient = floorOf(graph, binary(graph, 'Div', cast(graph, a, 'float32'), cast(graph, b, 'float32')));
  return cast(graph, quotient, a.dtype);
}

function squaredDifference({ graph, inputs }: KernelCall): Value {
  const difference = binary(graph, 'Sub', inputs.a as Value, inputs.b as Value);
  return binary(graph, 'Mul', difference, difference);
}

function select({ graph, inputs }: KernelCall): Value {
  const [condition, t, e] = [inputs.condition as Value, inputs.t as Value, inputs.e as Value];
  const shape = broadcastShape(broadcastShape(condition.shape, t.shape), e.shape);
  return graph.one('Where', [condition, t, e], t.dtype, shape);
}

function step({ graph, inputs, attributes }: KernelCall): Value {
  const x = inputs.x as Value;
  const positive = graph.one('Greater', [x, scalarLike(graph, x, 0)], 'bool', x.shape);
  const alpha = graph.splat(Number(attributes.alpha ?? 0), 'float32', []);
  const zeroOrOne = graph.one('Where', [positive, graph.splat(1, 'float32', []), alpha], 'float32', x.shape);
  const undefinedAt = graph.one('IsNaN', [x], 'bool', x.shape);
  return graph.one('Where', [undefinedAt, x, zeroOrOne], 'float32', x.shape);
}

function cumulative({ graph, inputs, attributes }: KernelCall): Value {
  const x = inputs.x as Value;
  const axis = graph.constant(BigInt64Array.of(BigInt(Number(attributes.axis ?? 0))), 'int64', []);
  const flags = { exclusive: Number(attributes.exclusive ?? 0), reverse: Number(attributes.reverse ?? 0) };
  return graph.one('CumSum', [x, axis], x.dtype, x.shape, flags);
}

/** tfjs kernels that act on each element by itself (and the running sum). */
export const elementwise: Readonly<Record<string, Lowering>> = {
  Add: binaryOf('Add'),
  Sub: binaryOf('Sub'),
  Multiply: binaryOf('Mul'),
  RealDiv: binaryOf('Div'),
  Pow: binaryOf('Pow'),
  Maximum: ({ graph, inputs }) => binary(graph, 'Max', inputs.a as Value, inputs.b as Value),
  Minimum: ({ graph, inputs }) => binary(graph, 'Min', inputs.a as Value, inputs.b as Value),
  AddN: ({ graph, list }) => list.reduce((sum, x) => binary(graph, 'Add', sum, x)),
  FloorDiv: floorDivide,
  Mod: modulo,
  SquaredDifference: squaredDifference,
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  Equal: comparison('Equal'),
  NotEqual: notEqual,
  LogicalAnd: comparison('And'),
  LogicalOr: comparison('Or'),
  LogicalNot: not,
  Select: select,
  Step: step,
  Cumsum: cumulative,
  Neg: anyUnary('Neg'),
  Abs: anyUnary('Abs'),
  Sign: anyUnary('Sign'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  Sqrt: unary('Sqrt'),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Relu: anyUnary('Relu'),
  Erf: unary('Erf'),
  Floor: unary('Floor'),
  Ceil: unary('Ceil'),
  Round: unary('Round'),
  Sin: unary('Sin'),
  Cos: unary('Cos'),
  Softplus: unary('Softplus'),
  Reciprocal: unary('Reciprocal'),
  Rsqrt: ({ graph, inputs: { x } }) => {
    const root = graph.one('Sqrt', [x as Value], 'float32', (x as Value).shape);
    return graph.one('Reciprocal', [root], 'float32', root.shape);
  },
  Square: ({ graph, inputs: { x } }) => binary(graph, 'Mul', x as Value, x as Value),
  Log1p: ({ graph, inputs: { x } }) => {
    const sum = binary(graph, 'Add', x as Value, scalarLike(graph, x as Value, 1));
    return graph.one('Log', [sum], 'float32', sum.shape);
  },
  Expm1: ({ graph, inputs: { x } }) => {
    const power = graph.one('Exp', [x as Value], 'float32', (x as Value).shape);
    return binary(graph, 'Sub', power, scalarLike(graph, power, 1));
  },
  IsNan: ({ graph, inputs: { x } }) => graph.one('IsNaN', [x as Value], 'bool', (x as Value).shape),
  IsInf: ({ graph, inputs: { x } }) => graph.one('IsInf', [x as Value], 'bool', (x as Value).shape),
  IsFinite: ({ graph, inputs: { x } }) => {
    const zeroed = binary(graph, 'Sub', x as Value, x as Value);
    return graph.one('Equal', [zeroed, scalarLike(graph, zeroed, 0)], 'bool', zeroed.shape);
  },
  ClipByValue: ({ graph, inputs: { x }, attributes }) => {
    const value = x as Value;
    const bound = (name: string) => graph.splat(Number(attributes[name]), value.dtype, []);
    return graph.one('Clip', [value, bound('clipValueMin'), bound('clipValueMax')], value.dtype, value.shape);
  },
  Cast: ({ graph, inputs: { x }, attributes }) => {
    const dtype = attributes.dtype as Value['dtype'];
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') throw unsupportedOp('Cast', `to ${dtype}`);
    return cast(graph, x as Value, dtype);
  },
  Identity: ({ inputs: { x } }) => x as Value,
  ZerosLike: ({ graph, inputs: { x } }) => graph.splat(0, (x as Value).dtype, (x as Value).shape),
  OnesLike: ({ graph, inputs: { x } }) => graph.splat(1, (x as Value).dtype, (x as Value).shape),
  BroadcastTo: ({ graph, inputs: { x }, attributes }) => broadcastTo(graph, x as Value, attributes.shape as number[]),
};
