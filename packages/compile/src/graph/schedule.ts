import { type Graph, type Node, sizeOf, type Value } from './graph.js';

/**
 * The nodes that the outputs need, in the order of the trace, with scalar factors moved into the matrix products beside them.
 */
export function schedule(graph: Graph, outputs: readonly Value[]): readonly Node[] {
  const uses = countUses(graph, outputs);
  const order: Node[] = [];
  const absorbed = new Set<Node>();
  for (const node of graph.nodes) {
    if (!node.outputs.some((output) => uses.has(output))) continue;
    const product = scaledProduct(node, uses);
    if (product) absorbed.add(product.original);
    order.push(product?.scaled ?? node);
  }
  return order.filter((node) => !absorbed.has(node));
}

function countUses(graph: Graph, outputs: readonly Value[]): Map<Value, number> {
  const uses = new Map<Value, number>();
  const use = (value: Value) => uses.set(value, (uses.get(value) ?? 0) + 1);
  outputs.forEach(use);
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i] as Node;
    if (!node.outputs.some((output) => uses.has(output))) continue;
    for (const input of node.inputs) if (input) use(input);
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
