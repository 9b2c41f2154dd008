import type { Traced } from '../onnx/model-of-trace.js';
import type { Graph, Node, Value } from './graph.js';

/** Makes other nodes with the same results in the place of a node, whose inputs may have been rewritten already. */
export type Rewrite = (graph: Graph, node: Node) => readonly Value[];

/** A trace with nodes of some operators replaced. The new ones are added to the graph, and each stands before those that read it. */
export function rewrite<T extends Traced>(graph: Graph, trace: T, rewrites: Readonly<Record<string, Rewrite>>): T {
  const replaced = new Map<Value, Value>();
  const now = (value: Value) => replaced.get(value) ?? value;
  const nodes = new Set<Node>();
  const place = (node: Node) => {
    if (nodes.has(node)) return;
    for (const input of node.inputs) if (input?.node) place(input.node);
    nodes.add(node);
  };
  for (const node of trace.nodes) {
    const inputs = node.inputs.map((input) => input && now(input));
    const rule = rewrites[node.op];
    const changed = inputs.some((input, i) => input !== node.inputs[i]);
    if (!rule && !changed) {
      place(node);
      continue;
    }
    const { op, outputs, attributes, domain } = node;
    const results = rule ? rule(graph, { ...node, inputs }) : graph.node(op, inputs, outputs, attributes, domain);
    for (const { node: made } of results) if (made) place(made);
    outputs.forEach((output, i) => void replaced.set(output, results[i] as Value));
  }
  const renew = <Key>(map: ReadonlyMap<Key, Value>) => new Map([...map].map(([key, value]) => [key, now(value)]));
  return { ...trace, nodes: [...nodes], stateOutputs: renew(trace.stateOutputs), outputs: renew(trace.outputs) };
}
