import { describe, expect, it } from 'vitest';
import { Graph, type Value } from './graph.js';
import { phases } from './phases.js';

/** `late = direction * exp(x W) + scale`, with `exp(x W)` and `reshape` on the way. */
function example() {
  const graph = new Graph();
  const x = graph.local('float32', [4, 3]);
  const direction = graph.local('float32', [4, 3]);
  const weight = graph.input('weight', 'float32', [3, 3]);
  const scaled = graph.one('Mul', [weight, weight], 'float32', [3, 3]);
  const product = graph.one('FusedMatMul', [x, scaled], 'float32', [4, 3], {}, 'com.microsoft');
  const power = graph.one('Exp', [product], 'float32', [4, 3]);
  const view = graph.one('Reshape', [power, graph.integers([4, 3])], 'float32', [4, 3]);
  const late = graph.one('Mul', [view, direction], 'float32', [4, 3]);
  const both = graph.one('Add', [late, product], 'float32', [4, 3]);
  const cut = (values: readonly Value[]) =>
    phases(graph.nodes, { early: new Set([x]), late: new Set([direction, ...values]) });
  return { nodes: { scaled, product, power, view, late, both }, cut };
}

const ops = (nodes: readonly { readonly op: string }[]) => nodes.map(({ op }) => op);

describe('phases', () => {
  it('puts a node where its inputs are there, and leaves out what depends on neither', () => {
    const { cut } = example();
    const { early, late } = cut([]);
    expect(ops(early)).toEqual(['FusedMatMul', 'Exp', 'Reshape']);
    expect(ops(late)).toEqual(['Exp', 'Reshape', 'Mul', 'Add']);
  });

  it('computes elementwise values again, and keeps what they come from once', () => {
    const { cut, nodes } = example();
    expect(cut([]).kept).toEqual([nodes.product]);
  });

  it('with recompute keeps what a normalization reads alone, and does all else again', () => {
    const graph = new Graph();
    const [x, direction] = [graph.local('float32', [4, 3]), graph.local('float32', [4, 3])];
    const weight = graph.input('weight', 'float32', [3, 3]);
    const product = (a: Value) => graph.one('FusedMatMul', [a, weight], 'float32', [4, 3], {}, 'com.microsoft');
    const stream = product(x);
    const normed = graph.one('LayerNormalization', [stream], 'float32', [4, 3]);
    const inner = product(normed);
    graph.one('Mul', [inner, direction], 'float32', [4, 3]);
    const sides = { early: new Set([x]), late: new Set([direction]) };
    expect(phases(graph.nodes, sides).kept).toEqual([inner]);
    const { kept, late } = phases(graph.nodes, { ...sides, recompute: true });
    expect(kept).toEqual([stream]);
    expect(ops(late)).toEqual(['LayerNormalization', 'FusedMatMul', 'Mul']);
  });

  it('does no product again', () => {
    const { cut } = example();
    expect(ops(cut([]).late)).not.toContain('FusedMatMul');
  });
});
