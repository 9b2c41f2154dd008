import type { Body, Node, Value } from './graph.js';

/** Values that a node reads: its inputs, and what its body reads from outside. */
export function readBy(node: Node): Value[] {
  const inputs = node.inputs.filter((value) => value !== undefined);
  return node.body ? [...inputs, ...captured(node.body)] : inputs;
}

/** What a body reads from outside of it, constants included. */
function captured({ nodes, inputs, outputs }: Body): Value[] {
  const own = new Set<Value>([...inputs, ...nodes.flatMap((node) => node.outputs)]);
  const read = new Set([...nodes.flatMap(readBy), ...outputs]);
  return [...read].filter((value) => !own.has(value));
}
