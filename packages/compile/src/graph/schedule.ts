import { type Node, sizeOf, type Value } from './graph.js';
import { readBy } from './read-by.js';

/** The nodes that the outputs need, in the order given. */
export function liveNodes(nodes: readonly Node[], outputs: readonly Value[]): Node[] {
  const uses = countUses(nodes, outputs);
  return nodes.filter((node) => node.outputs.some((output) => uses.has(output)));
}

/**
 * The nodes that the outputs need, in the order given, with scalar factors moved into the matrix products before them.
 */
export function schedule(nodes: readonly Node[], outputs: readonly Value[]): readonly Node[] {
  const uses = countUses(nodes, outputs);
  const here = new Set(nodes);
  const order: Node[] = [];
  const replaced = new Map<Node, Node>();
  for (const node of nodes) {
    if (!node.outputs.some((output) => uses.has(output))) continue;
    const scaled = scaledProduct(node, uses);
    const isHere = scaled?.every(([original]) => here.has(original) && !replaced.has(original));
    if (scaled && isHere) for (const [original, other] of scaled) replaced.set(original, other);
    else order.push(withScheduledBody(node));
  }
  return order.map((node) => replaced.get(node) ?? node);
}

function withScheduledBody(node: Node): Node {
  const { body } = node;
  return body ? { ...node, body: { ...body, nodes: schedule(body.nodes, body.outputs) } } : node;
}

function countUses(nodes: readonly Node[], outputs: readonly Value[]): Map<Value, number> {
  const uses = new Map<Value, number>();
  const use = (value: Value) => uses.set(value, (uses.get(value) ?? 0) + 1);
  outputs.forEach(use);
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((output) => uses.has(output))) continue;
    for (const value of readBy(node)) use(value);
  }
  return uses;
}

/** Operators that give their input's elements in another form. */
const views = new Set(['Reshape', 'Transpose']);

/**
 * `Mul(MatMul(a, b), scalar)` as one `FusedMatMul` with alpha, where nothing else reads the product, also in another form: what replaces
 * the product, and the last node before the factor.
 */
function scaledProduct(node: Node, uses: ReadonlyMap<Value, number>): [Node, Node][] | undefined {
  if (node.op !== 'Mul') return undefined;
  const [left, right] = node.inputs as [Value, Value];
  const [factor, result] = left.splat !== undefined ? [left, right] : [right, left];
  if (factor.splat === undefined || sizeOf(factor.shape) !== 1 || factor.shape.length > result.shape.length)
    return undefined;
  // By the rules of BLAS, alpha 0 gives 0 whatever the product; NaN and infinities must come through.
  if (factor.splat === 0 || !Number.isFinite(factor.splat)) return undefined;
  let product = result;
  while (product.node && views.has(product.node.op) && uses.get(product) === 1) {
    product = product.node.inputs[0] as Value;
  }
  if (product.node?.op !== 'FusedMatMul' || uses.get(product) !== 1) return undefined;
  const alpha = (product.node.attributes.alpha as { float: number }).float * factor.splat;
  const scaled = { ...product.node, attributes: { ...product.node.attributes, alpha: { float: alpha } } };
  const last = result.node as Node;
  if (last === product.node) return [[last, { ...scaled, outputs: node.outputs }]];
  return [
    [product.node, scaled],
    [last, { ...last, outputs: node.outputs }],
  ];
}
