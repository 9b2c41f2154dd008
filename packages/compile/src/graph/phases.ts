import { type Node, sizeOf, type Value } from './graph.js';
import { readBy } from './read-by.js';

/** Nodes by what they depend on. */
export interface Phases {
  /** On early inputs and on no late one. */
  readonly early: readonly Node[];
  /** On late inputs; and early nodes that are done again. In order. */
  readonly late: readonly Node[];
  /** What the first part hands to the second. */
  readonly kept: readonly Value[];
}

/** Operators that cost about one pass over their output: done again rather than kept, which is a pass to write and one to read. */
const cheap = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Neg',
  'Sqrt',
  'Reciprocal',
  'Max',
  'Min',
  'Where',
  'Cast',
  'Exp',
  'Erf',
]);

/** What a buffer outside of the graph can hold. */
const keepable = new Set(['float32', 'int32', 'bool']);

/** Operators that give their input's elements again. */
const views = new Set(['Reshape', 'Expand']);

/** Where and how a graph is cut. */
export interface Cut {
  readonly early: ReadonlySet<Value>;
  readonly late: ReadonlySet<Value>;
  /** Whether the second part keeps only what a normalization reads, and computes all else again; default false. */
  readonly recompute?: boolean;
}

/**
 * Cuts a graph at its late inputs. Of the values that the second part reads of the first, those that follow from others that
 * it reads anyway by an elementwise operator are computed again and not kept. Nodes that depend on neither are in no part.
 *
 * With `recompute` what a LayerNormalization reads is kept alone: the sums that run from block to block, so that each block is computed
 * again from its input (gradient checkpointing).
 *
 * @param nodes all nodes, in order
 */
export function phases(nodes: readonly Node[], { early: earlyInputs, late: lateInputs, recompute }: Cut): Phases {
  const dependents = (inputs: ReadonlySet<Value>) => {
    const found = new Set<Node>();
    for (const node of nodes) {
      if (readBy(node).some((value) => (value.node ? found.has(value.node) : inputs.has(value)))) found.add(node);
    }
    return found;
  };
  const late = dependents(lateInputs);
  const onEarly = dependents(earlyInputs);
  const early = nodes.filter((node) => onEarly.has(node) && !late.has(node));
  const isEarly = new Set(early);
  const normalized = new Set(early.filter(({ op }) => op === 'LayerNormalization').map(({ inputs: [x] }) => x));
  const kept = new Set<Value>();
  const again = new Set<Node>();
  const need = (value: Value | undefined): void => {
    if (!value?.node || !isEarly.has(value.node)) return;
    const isAgain =
      views.has(value.node.op) || !keepable.has(value.dtype) || (recompute === true && !normalized.has(value));
    if (!isAgain) kept.add(value);
    else if (!again.has(value.node)) {
      again.add(value.node);
      for (const input of value.node.inputs) need(input);
    }
  };
  for (const node of late) for (const input of readBy(node)) need(input);
  /** The early values that a value is made of, views seen through. */
  const sources = (value: Value | undefined): Value[] => {
    if (!value?.node || !isEarly.has(value.node)) return [];
    return views.has(value.node.op) ? value.node.inputs.flatMap(sources) : [value];
  };
  for (const node of [...early].reverse()) {
    const [value] = node.outputs;
    if (!value || !kept.has(value) || !cheap.has(node.op)) continue;
    const missing = new Set(node.inputs.flatMap(sources).filter((input) => !kept.has(input)));
    const bytes = [...missing].reduce((sum, input) => sum + sizeOf(input.shape), 0);
    if (bytes > sizeOf(value.shape) / 2) continue;
    kept.delete(value);
    again.add(node);
    for (const input of node.inputs) need(input);
  }
  // Of a node with several outputs one may be kept while another is made again, and with it the first.
  const keptAlone = [...kept].filter(({ node }) => !again.has(node as Node));
  return { early, late: nodes.filter((node) => late.has(node) || again.has(node)), kept: keptAlone };
}
