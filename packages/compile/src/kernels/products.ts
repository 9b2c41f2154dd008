import { isInFloat32 } from '@uniecs/tensor';
import { unsupportedOp } from '../errors.js';
import type { Graph, Precision, Value } from '../graph/graph.js';
import { binary, broadcastShape, cast, type KernelCall, type Lowering } from './tools.js';

/** A (batched) matrix product in float32; always `FusedMatMul`, so that transposes and a scalar factor ride along. */
export function matrixProduct(graph: Graph, a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value {
  return roundedProduct(graph, a, b, transposeA, transposeB, 'float32');
}

/** A product of operands that are rounded to a precision; the result is float32 again. */
function roundedProduct(
  graph: Graph,
  a: Value,
  b: Value,
  transposeA: boolean,
  transposeB: boolean,
  precision: Precision,
): Value {
  if (a.dtype === 'bool') throw unsupportedOp('BatchMatMul', 'on booleans; cast them first');
  if (a.dtype === 'int32')
    return integerProduct(graph, transposeA ? turned(graph, a) : a, transposeB ? turned(graph, b) : b);
  const [rows] = transposeA ? a.shape.slice(-1) : a.shape.slice(-2, -1);
  const [columns] = transposeB ? b.shape.slice(-2, -1) : b.shape.slice(-1);
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: 1 } };
  const shape = [...batch, rows as number, columns as number];
  const rounded = (x: Value) => cast(graph, x, precision);
  const type = graph.emulatesPrecision ? 'float32' : precision;
  const operands = [a, b].map((operand) => cast(graph, rounded(operand), type));
  const product = graph.one('FusedMatMul', operands, type, shape, attributes, 'com.microsoft');
  return cast(graph, rounded(product), 'float32');
}

function integerProduct(graph: Graph, a: Value, b: Value): Value {
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return graph.one('MatMul', [a, b], 'int32', [...batch, ...a.shape.slice(-2, -1), ...b.shape.slice(-1)]);
}

/** With the last two axes exchanged. */
export function turned(graph: Graph, x: Value): Value {
  const rank = x.shape.length;
  const perm = x.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
  const shape = perm.map((axis) => x.shape[axis] as number);
  return graph.one('Transpose', [x], x.dtype, shape, { perm });
}

function batchMatMul({ graph, inputs, attributes }: KernelCall): Value {
  const { transposeA, transposeB } = attributes as { transposeA?: boolean; transposeB?: boolean };
  const [a, b] = [inputs.a as Value, inputs.b as Value];
  const precision = isInFloat32() ? 'float32' : graph.precision;
  return roundedProduct(graph, a, b, transposeA ?? false, transposeB ?? false, precision);
}

const activationOperators: Readonly<Record<string, string>> = { relu: 'Relu', sigmoid: 'Sigmoid' };

function fusedMatMul(call: KernelCall): Value {
  const { graph, inputs, attributes } = call;
  const product = batchMatMul(call);
  const biased = inputs.bias ? binary(graph, 'Add', product, inputs.bias) : product;
  const activation = attributes.activation as string | undefined;
  if (!activation || activation === 'linear') return biased;
  const operator = activationOperators[activation];
  if (!operator) throw unsupportedOp('_FusedMatMul', `with activation ${activation}`);
  return graph.one(operator, [biased], 'float32', biased.shape);
}

function softmax({ graph, inputs: { logits }, attributes }: KernelCall): Value {
  const x = logits as Value;
  return graph.one('Softmax', [x], 'float32', x.shape, { axis: Number(attributes.dim ?? -1) });
}

function layerNorm({ graph, inputs, attributes }: KernelCall): readonly Value[] {
  const { x, weight, bias } = inputs as { x: Value; weight: Value; bias: Value };
  const moments = { dtype: 'float32', shape: [...x.shape.slice(0, -1), 1] } as const;
  const options = { axis: -1, epsilon: { float: Number(attributes.epsilon) } };
  return graph.node(
    'LayerNormalization',
    [x, weight, bias],
    [{ dtype: 'float32', shape: x.shape }, moments, moments],
    options,
  );
}

function gelu({ graph, inputs: { x } }: KernelCall): readonly Value[] {
  return [graph.one('Gelu', [x as Value], 'float32', (x as Value).shape, {}, 'com.microsoft')];
}

function quickGelu({ graph, inputs: { x }, attributes }: KernelCall): readonly Value[] {
  const alpha = { float: Number(attributes.alpha) };
  return [graph.one('QuickGelu', [x as Value], 'float32', (x as Value).shape, { alpha }, 'com.microsoft')];
}

/** tfjs kernels that mix elements: products, softmax, and the fused kernels of `@uniecs/tensor`. */
export const products: Readonly<Record<string, Lowering>> = {
  BatchMatMul: batchMatMul,
  _FusedMatMul: fusedMatMul,
  Softmax: softmax,
  UniecsGelu: gelu,
  UniecsLayerNorm: layerNorm,
  UniecsQuickGelu: quickGelu,
};
