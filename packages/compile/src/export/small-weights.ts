import { encodeFloat16, UniecsError } from '@uniecs/tensor';
import type { Graph, Node, Value } from '../graph/graph.js';
import { cast } from '../kernels/tools.js';
import { floatsOf, type OpenGraph, replaceValues } from './fold-constants.js';

/** How an exported file holds its weights. */
export type WeightType = 'float32' | 'float16' | 'int8';

/** The types of weights by name. */
export const weightTypes: readonly WeightType[] = ['float32', 'float16', 'int8'];

/** Smaller arrays (biases, scales of norms) stay float32. */
const smallest = 1024;

/**
 * The largest whole number of a weight. Products of 8 bits are added up two at a time in 16 bits by processors without VNNI, and cut off there:
 * 2 · 255 · 64 fits, so every machine gives the same sums.
 */
const largestWeight = 64;

/** A large constant, and the node that reads it. */
type Place = { readonly node: Node; readonly x: Value; readonly weight: Value; readonly elements: Float32Array };

/**
 * The graph with large float32 weights held in less.
 *
 * - `float16`: each is rounded to 16 bits and cast back where it is read; all arithmetic stays float32. ONNX Runtime casts once, when it
 *   loads the file.
 * - `int8`: a weight W [K, N] of a product has a scale a column, `W ≈ Q diag(s)`, Q whole numbers to ±64; the rows x of the other operand a scale each,
 *   found when it is known: `x ≈ r (q - 128)`, q uint8, `r = max|x| / 127`. The product is `r s (q - 128) Q` in whole numbers. A table that rows are
 *   gathered from has a scale a row, to ±127. A scale a row and not one a batch: a row's result does not depend on its batch mates.
 *
 * @throws UniecsError `numeric` for a weight that float16 cannot hold
 */
export function withWeights(graph: Graph, open: OpenGraph, type: WeightType, name: string): OpenGraph {
  if (type === 'float32') return open;
  const replaced = new Map<Value, Value>();
  if (type === 'float16') {
    const weights = new Set(open.nodes.flatMap(({ inputs }) => inputs));
    for (const weight of weights) {
      const elements = floatsOf(weight);
      if (weight?.constant && elements && elements.length >= smallest) {
        replaced.set(weight, cast(graph, half(graph, weight, elements, name), 'float32'));
      }
    }
    return replaceValues(graph, open, replaced);
  }
  const now = (value: Value) => replaced.get(value) ?? value;
  // In order, so that what a product reads is there when it is made.
  for (const node of open.nodes) {
    const place = placeOf(node);
    const [output] = node.outputs as [Value];
    if (place && node.op === 'MatMul') replaced.set(output, wholeProduct(graph, { ...place, x: now(place.x) }, output));
    else if (place) replaced.set(output, gatheredRows(graph, { ...place, x: now(place.x) }, output));
    else {
      const inputs = node.inputs.map((input) => input && now(input));
      const made = graph.node(node.op, inputs, node.outputs, node.attributes, node.domain);
      node.outputs.forEach((each, i) => void replaced.set(each, made[i] as Value));
    }
  }
  return replaceValues(graph, open, replaced);
}

function half(graph: Graph, weight: Value, elements: Float32Array, name: string): Value {
  const { words, overflowed } = encodeFloat16(elements);
  if (overflowed < 0) return graph.literal(words, 'float16', weight.shape);
  throw new UniecsError({
    code: 'numeric',
    where: 'exportOnnx',
    expected: 'weights up to 65,504, the largest float16',
    got: `${elements[overflowed]} in '${name}'`,
    hint: 'export float32 or int8',
  });
}

/** Where a node multiplies by a large constant matrix, or gathers rows of one. */
function placeOf(node: Node): Place | undefined {
  const [left, right] = node.inputs as [Value, Value | undefined];
  const isProduct = node.op === 'MatMul' && right?.shape.length === 2;
  const isTable = node.op === 'Gather' && left.shape.length === 2 && node.attributes.axis === 0;
  if (!isProduct && !isTable) return undefined;
  const [weight, x] = (isProduct ? [right, left] : [left, right]) as [Value, Value];
  const elements = floatsOf(weight);
  return weight.constant && elements && elements.length >= smallest ? { node, x, weight, elements } : undefined;
}

/** `r s (q - 128) Q`; see `withWeights`. */
function wholeProduct(graph: Graph, { x, weight, elements }: Place, { shape }: Value): Value {
  const [rows, columns] = weight.shape as [number, number];
  const scales = new Float32Array(columns);
  for (let i = 0; i < elements.length; i++) {
    const column = i % columns;
    scales[column] = Math.max(scales[column] as number, Math.abs(elements[i] as number) / largestWeight);
  }
  const whole = Int8Array.from(elements, (w, i) => Math.round(w / (scales[i % columns] || 1)));
  const perRow = [...x.shape.slice(0, -1), 1];
  const one = (op: string, inputs: Value[], of: readonly number[]) => graph.one(op, inputs, 'float32', of);
  const axes = graph.integers([-1]);
  const largest = graph.one('ReduceMax', [one('Abs', [x], x.shape), axes], 'float32', perRow, { keepdims: 1 });
  // A row of zeros has a scale too; the smallest normal number divides nothing that is not zero.
  const held = one('Max', [largest, graph.splat(2 ** -100, 'float32', [])], perRow);
  const scale = one('Mul', [held, graph.splat(1 / 127, 'float32', [])], perRow);
  const steps = one('Round', [one('Div', [x, scale], x.shape)], x.shape);
  const bytes = cast(graph, one('Add', [steps, graph.splat(128, 'float32', [])], x.shape), 'uint8');
  const middle = graph.literal(Uint8Array.of(128), 'uint8', []);
  const matrix = graph.literal(whole, 'int8', [rows, columns]);
  const sums = graph.one('MatMulInteger', [bytes, matrix, middle], 'int32', shape);
  const scaled = one('Mul', [cast(graph, sums, 'float32'), graph.literal(scales, 'float32', [columns])], shape);
  return one('Mul', [scaled, scale], shape);
}

/** `s[i] Q[i]`: whole rows of a table and a scale for each. */
function gatheredRows(graph: Graph, { x, weight, elements }: Place, { shape }: Value): Value {
  const [rows, width] = weight.shape as [number, number];
  const scales = Float32Array.from({ length: rows }, (_, row) => {
    let largest = 0;
    for (const w of elements.subarray(row * width, (row + 1) * width)) largest = Math.max(largest, Math.abs(w));
    return largest / 127;
  });
  const whole = Int8Array.from(elements, (w, i) => Math.round(w / (scales[Math.floor(i / width)] || 1)));
  const table = graph.literal(whole, 'int8', [rows, width]);
  const column = graph.literal(scales, 'float32', [rows, 1]);
  const picked = graph.one('Gather', [table, x], 'int8', shape, { axis: 0 });
  const factors = graph.one('Gather', [column, x], 'float32', [...shape.slice(0, -1), 1], { axis: 0 });
  return graph.one('Mul', [cast(graph, picked, 'float32'), factors], 'float32', shape);
}
