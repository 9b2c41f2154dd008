import { unsupportedOp } from '../errors.js';
import type { Graph, Value } from '../graph/graph.js';
import {
  binary,
  cast,
  choose,
  counted,
  isNaNMask,
  type KernelCall,
  type Lowering,
  scalarLike,
  unary,
} from './tools.js';

const binaryOf =
  (op: string): Lowering =>
  ({ graph, inputs }) =>
    binary(graph, op, inputs.a as Value, inputs.b as Value);

/** Booleans are compared as 0 and 1. */
const comparison =
  (op: string): Lowering =>
  ({ graph, inputs }) => {
    return binary(graph, op, counted(graph, inputs.a as Value), counted(graph, inputs.b as Value), 'bool');
  };

const floatOnly =
  (op: string): Lowering =>
  ({ graph, inputs }) =>
    unary(graph, op, floatInput(inputs.x as Value, op));

/** For operators that ONNX Runtime has for int32 too. */
const anyNumber =
  (op: string): Lowering =>
  ({ graph, inputs }) =>
    unary(graph, op, numericInput(inputs.x as Value, op));

function numericInput(x: Value, op: string): Value {
  if (x.dtype === 'bool') throw unsupportedOp(op, 'on booleans; cast them first');
  return x;
}

function floatInput(x: Value, op: string): Value {
  if (x.dtype !== 'float32') throw unsupportedOp(op, `on ${x.dtype}; cast to float32 first`);
  return x;
}

function notEqual({ graph, inputs }: KernelCall): Value {
  return unary(graph, 'Not', binary(graph, 'Equal', inputs.a as Value, inputs.b as Value, 'bool'));
}

function both(graph: Graph, a: Value, b: Value): Value {
  return binary(graph, 'And', a, b, 'bool');
}

function finite(graph: Graph, x: Value): Value {
  return binary(graph, 'Equal', binary(graph, 'Sub', x, x), scalarLike(graph, x, 0), 'bool');
}

/** In JavaScript a power of ±1 by an infinity, and of 1 by NaN, is NaN; in C it is 1. */
function power({ graph, inputs }: KernelCall): Value {
  const [a, b] = [inputs.a as Value, inputs.b as Value];
  const result = binary(graph, 'Pow', a, b);
  if (a.dtype !== 'float32' || Number.isFinite(b.splat)) return result;
  const unit = binary(graph, 'Equal', unary(graph, 'Abs', a), scalarLike(graph, a, 1), 'bool');
  const undefinedAt = both(graph, unit, unary(graph, 'Not', finite(graph, b)));
  return choose(graph, undefinedAt, scalarLike(graph, a, Number.NaN), result);
}

/** The remainder with the sign of the divisor, through float64 as in JavaScript, so that it is exact. */
function modulo({ graph, inputs }: KernelCall): Value {
  const dtype = numericInput(inputs.a as Value, 'Mod').dtype;
  const [a, b] = [cast(graph, inputs.a as Value, 'float64'), cast(graph, inputs.b as Value, 'float64')];
  const remainder = (x: Value) => binaryMod(graph, x, b);
  const zero = scalarLike(graph, a, 0);
  const compare = (op: string, x: Value) => binary(graph, op, x, zero, 'bool');
  const negative = both(graph, compare('Less', a), compare('Less', b));
  const positive = both(graph, compare('GreaterOrEqual', a), compare('GreaterOrEqual', b));
  const plain = remainder(a);
  const alike = binary(graph, 'Or', negative, positive, 'bool');
  const result = choose(graph, alike, plain, remainder(binary(graph, 'Add', plain, b)));
  return whole(graph, result, dtype, b);
}

function binaryMod(graph: Graph, a: Value, b: Value): Value {
  const sum = binary(graph, 'Add', a, b);
  return graph.one('Mod', [a, b], 'float64', sum.shape, { fmod: 1 });
}

/** Back from float64; whole numbers divided by zero give 0, as in tfjs. */
function whole(graph: Graph, result: Value, dtype: Value['dtype'], divisor: Value): Value {
  if (dtype !== 'int32') return cast(graph, result, dtype);
  const byZero = binary(graph, 'Equal', divisor, scalarLike(graph, divisor, 0), 'bool');
  return cast(graph, choose(graph, byZero, scalarLike(graph, result, 0), result), 'int32');
}

/** Always int32, as in tfjs; through float64, so that it is exact. */
function floorDivide({ graph, inputs }: KernelCall): Value {
  const [a, b] = [numericInput(inputs.a as Value, 'FloorDiv'), inputs.b as Value].map((x) => cast(graph, x, 'float64'));
  const quotient = unary(graph, 'Floor', binary(graph, 'Div', a as Value, b as Value));
  return whole(graph, quotient, 'int32', b as Value);
}

function squaredDifference({ graph, inputs }: KernelCall): Value {
  const difference = binary(graph, 'Sub', inputs.a as Value, inputs.b as Value);
  return binary(graph, 'Mul', difference, difference);
}

/** Operands of two types meet in the wider one. */
function select({ graph, inputs }: KernelCall): Value {
  const { condition, t, e } = inputs as { condition: Value; t: Value; e: Value };
  const wider = [t, e].some(({ dtype }) => dtype === 'float32') ? 'float32' : t.dtype === e.dtype ? t.dtype : 'int32';
  return choose(graph, condition, cast(graph, t, wider), cast(graph, e, wider));
}

/** 1 above zero, else alpha; NaN for NaN. */
function step({ graph, inputs, attributes }: KernelCall): Value {
  const x = numericInput(inputs.x as Value, 'Step');
  const positive = binary(graph, 'Greater', x, scalarLike(graph, x, 0), 'bool');
  const steps = choose(graph, positive, scalarLike(graph, x, 1), scalarLike(graph, x, Number(attributes.alpha ?? 0)));
  return x.dtype === 'float32' ? choose(graph, isNaNMask(graph, x), x, steps) : steps;
}

/** The sign; 0 for NaN, as in tfjs. */
function sign({ graph, inputs }: KernelCall): Value {
  const x = numericInput(inputs.x as Value, 'Sign');
  const signs = unary(graph, 'Sign', x);
  return x.dtype === 'float32' ? choose(graph, isNaNMask(graph, x), scalarLike(graph, x, 0), signs) : signs;
}

function round({ graph, inputs }: KernelCall): Value {
  const x = numericInput(inputs.x as Value, 'Round');
  return x.dtype === 'float32' ? unary(graph, 'Round', x) : x;
}

/** `log(1 + x)`, exact near 0 too: `log(u) x / (u - 1)` with u = 1 + x cancels u's rounding. Goldberg 1991, theorem 4. */
function log1p({ graph, inputs }: KernelCall): Value {
  const x = floatInput(inputs.x as Value, 'Log1p');
  const one = scalarLike(graph, x, 1);
  const u = binary(graph, 'Add', x, one);
  const log = unary(graph, 'Log', u);
  const corrected = binary(graph, 'Mul', log, binary(graph, 'Div', x, binary(graph, 'Sub', u, one)));
  const unchanged = binary(graph, 'Equal', u, one, 'bool');
  const large = binary(graph, 'Greater', x, one, 'bool');
  return choose(graph, large, log, choose(graph, unchanged, x, corrected));
}

/** `exp(x) - 1`, exact near 0 too: `(u - 1) x / log(u)` with u = exp(x). Kahan. */
function expm1({ graph, inputs }: KernelCall): Value {
  const x = floatInput(inputs.x as Value, 'Expm1');
  const one = scalarLike(graph, x, 1);
  const u = unary(graph, 'Exp', x);
  const plain = binary(graph, 'Sub', u, one);
  const corrected = binary(graph, 'Mul', plain, binary(graph, 'Div', x, unary(graph, 'Log', u)));
  const unchanged = binary(graph, 'Equal', u, one, 'bool');
  const near = binary(graph, 'Less', unary(graph, 'Abs', x), one, 'bool');
  return choose(graph, near, choose(graph, unchanged, x, corrected), plain);
}

function rsqrt({ graph, inputs }: KernelCall): Value {
  return unary(graph, 'Reciprocal', unary(graph, 'Sqrt', floatInput(inputs.x as Value, 'Rsqrt')));
}

/** `1 / (1 + exp(-x))`: ONNX Runtime's own Sigmoid is 0 below -18, where log(sigmoid(x)) must not be -Infinity. */
function sigmoid({ graph, inputs }: KernelCall): Value {
  const x = floatInput(inputs.x as Value, 'Sigmoid');
  const power = unary(graph, 'Exp', unary(graph, 'Neg', x));
  return unary(graph, 'Reciprocal', binary(graph, 'Add', power, scalarLike(graph, x, 1)));
}

/** tfjs gives float32 for whole numbers here. */
function exponential({ graph, inputs }: KernelCall): Value {
  return unary(graph, 'Exp', cast(graph, numericInput(inputs.x as Value, 'Exp'), 'float32'));
}

function clip({ graph, inputs, attributes }: KernelCall): Value {
  const x = numericInput(inputs.x as Value, 'ClipByValue');
  const bound = (name: string) => scalarLike(graph, x, Number(attributes[name]));
  return graph.one('Clip', [x, bound('clipValueMin'), bound('clipValueMax')], x.dtype, x.shape);
}

function castTo({ graph, inputs, attributes }: KernelCall): Value {
  const dtype = attributes.dtype as Value['dtype'];
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') throw unsupportedOp('Cast', `to ${dtype}`);
  return cast(graph, inputs.x as Value, dtype);
}

/** tfjs kernels that act on each element by itself. */
export const elementwise: Readonly<Record<string, Lowering>> = {
  Add: binaryOf('Add'),
  Sub: binaryOf('Sub'),
  Multiply: binaryOf('Mul'),
  RealDiv: binaryOf('Div'),
  Pow: power,
  Maximum: binaryOf('Max'),
  Minimum: binaryOf('Min'),
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
  LogicalAnd: binaryOf('And'),
  LogicalOr: binaryOf('Or'),
  LogicalNot: ({ graph, inputs }) => unary(graph, 'Not', inputs.x as Value),
  Select: select,
  Step: step,
  Neg: anyNumber('Neg'),
  Abs: anyNumber('Abs'),
  Sign: sign,
  Exp: exponential,
  Log: floatOnly('Log'),
  Log1p: log1p,
  Expm1: expm1,
  Sqrt: floatOnly('Sqrt'),
  Rsqrt: rsqrt,
  Square: ({ graph, inputs: { x } }) => binary(graph, 'Mul', x as Value, x as Value),
  Reciprocal: floatOnly('Reciprocal'),
  Sigmoid: sigmoid,
  Tanh: floatOnly('Tanh'),
  Relu: anyNumber('Relu'),
  Softplus: floatOnly('Softplus'),
  Erf: floatOnly('Erf'),
  Sin: floatOnly('Sin'),
  Cos: floatOnly('Cos'),
  Floor: floatOnly('Floor'),
  Ceil: floatOnly('Ceil'),
  Round: round,
  IsNan: ({ graph, inputs }) => isNaNMask(graph, inputs.x as Value),
  IsInf: ({ graph, inputs: { x } }) => {
    const value = x as Value;
    return value.dtype === 'float32' ? unary(graph, 'IsInf', value, 'bool') : graph.splat(0, 'bool', value.shape);
  },
  IsFinite: ({ graph, inputs: { x } }) => {
    const value = x as Value;
    return value.dtype === 'float32' ? finite(graph, value) : graph.splat(1, 'bool', value.shape);
  },
  ClipByValue: clip,
  Cast: castTo,
  Identity: ({ inputs: { x } }) => x as Value,
  ZerosLike: ({ graph, inputs: { x } }) => graph.splat(0, (x as Value).dtype, (x as Value).shape),
  OnesLike: ({ graph, inputs: { x } }) => graph.splat(1, (x as Value).dtype, (x as Value).shape),
};
