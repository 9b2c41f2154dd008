import type { Body, Graph, Node, Value } from './graph.js';
import { liveNodes } from './schedule.js';

/** What a scan carries from one round to the next: where it starts, its name inside a round, and what a round makes of it. */
export interface Carried {
  readonly start: Value;
  readonly inside: Value;
  readonly next: Value;
}

/** What a scan cuts along its first axis, a piece a round: [C, ...] outside, [...] inside. */
export interface Scanned {
  readonly outside: Value;
  readonly inside: Value;
}

/**
 * A loop over C pieces as one node: each round runs the nodes that its outputs need on one piece of every scanned value. What a
 * round reads besides is the same in all rounds.
 *
 * @returns the carried values after the last round, and each round's `collected` values stacked, [C, ...]
 */
export function scan(
  graph: Graph,
  {
    nodes,
    rounds,
    carried,
    scanned,
    collected,
  }: {
    readonly nodes: readonly Node[];
    readonly rounds: number;
    readonly carried: readonly Carried[];
    readonly scanned: readonly Scanned[];
    readonly collected: readonly Value[];
  },
): { readonly carried: readonly Value[]; readonly collected: readonly Value[] } {
  const wanted = [...carried.map(({ next }) => next), ...collected];
  const inputs = [...carried, ...scanned].map(({ inside }) => inside);
  const live = liveNodes(nodes, wanted);
  const own = new Set(live.flatMap(({ outputs }) => outputs));
  const copies: Node[] = [];
  // An output that is an input, comes from outside, or is one already needs a node of its own.
  const outputs = wanted.map((value, i) => {
    if (own.has(value) && wanted.indexOf(value) === i) return value;
    const copy = graph.local(value.dtype, value.shape);
    copies.push({ op: 'Identity', domain: '', inputs: [value], outputs: [copy], attributes: {} });
    return copy;
  });
  const body: Body = { nodes: [...live, ...copies], inputs, outputs };
  const types = [
    ...carried.map(({ next: { dtype, shape } }) => ({ dtype, shape })),
    ...collected.map(({ dtype, shape }) => ({ dtype, shape: [rounds, ...shape] })),
  ];
  const given = [...carried.map(({ start }) => start), ...scanned.map(({ outside }) => outside)];
  const made = graph.loop('Scan', given, types, { num_scan_inputs: scanned.length }, body);
  return { carried: made.slice(0, carried.length), collected: made.slice(carried.length) };
}
