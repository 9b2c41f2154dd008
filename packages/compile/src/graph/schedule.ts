import { type Node, sizeOf, type Value } from './graph.js';
import { readBy } from './read-by.js';

/** The nodes that the outputs need, in the order given. */
export function liveNodes(nodes: readonly Node[], outputs: readonly Value[]): Node[] {
  const uses = countUses(nodes, outputs);
  return nodes.filter((node) => node.outputs.some((output) => uses.has(output)));
}

/**
 * The nodes that the outputs need, in the order given, with scalar factors moved into the matrix products beside them.
 */
export function schedule(nodes: readonly Node[], outputs: readonly Value[]): readonly Node[] {
  const uses = countUses(nodes, outputs);
  const here = new Set(nodes);
  const order: Node[] = [];
  const absorbed = new Set<Node>();
  for (const node of nodes) {
    if (!node.outputs.some((output) => uses.has(output))) continue;
    const product = scaledProduct(node, uses);
    const absorbs = product && here.has(product.original) ? product : undefined;
    if (absorbs) absorbed.add(absorbs.original);
    order.push(absorbs?.scaled ?? withScheduledBody(node));
  }
  return order.filter((node) => !absorbed.has(node));
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

/** `Mul(MatMul(a, b), scalar)` as one `FusedMatMul` with alpha, where nothing else reads the product. */
function scaledProduct(node: Node, uses: ReadonlyMap<Value, number>): { scaled: Node; original: Node } | undefined {
  if (node.op !== 'Mul') return undefined;
  const [left, right] = node.inputs as [Value, Value];
  const [factor, result] = left.splat !== undefined ? [left, right] : [right, left];
  const product = result.node;
  if (factor.splat === undefined || sizeOf(factor.shape) !== 1 || factor.shape.length > result.shape.length)
    return undefined;
  // By the rules of BLAS, alpha 0 gives 0 whatever the product; NaN and infinities must come through.
  if (factor.splat === 0 || !Number.isFinite(factor.splat)) return undefined;
  if (product?.op !== 'FusedMatMul' || uses.get(result) !== 1) return undefined;
  const alpha = (product.attributes.alpha as { float: number }).float * factor.splat;
  const attributes = { ...product.attributes, alpha: { float: alpha } };
  return { scaled: { ...product, attributes, outputs: node.outputs }, original: product };
}
