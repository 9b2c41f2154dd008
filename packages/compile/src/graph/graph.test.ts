import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compile, hostTensor } from '../index.js';
import { modelOfTrace } from '../onnx/model-of-trace.js';
import { trace } from '../trace/trace.js';
import { Graph } from './graph.js';

const x = { dtype: 'float32', shape: [3, 5], data: new Float32Array(15) } as const;

/** The operators of a function's graph, sorted. */
function operators(fn: (x: tf.Tensor) => unknown, input: unknown = x): string[] {
  const traced = trace({ name: 'test', fn, state: [] }, input);
  return modelOfTrace(traced, 'test')
    .model.nodes.map(({ op }) => op)
    .sort();
}

describe('the graph of a function', () => {
  it('computes common subexpressions once, also across forward and backward', () => {
    expect(operators((x) => tf.add(tf.exp(tf.neg(x)), tf.sqrt(tf.exp(tf.neg(x)))))).toEqual([
      'Add',
      'Exp',
      'Neg',
      'Sqrt',
    ]);
    expect(operators((x) => [tf.exp(x), tf.grad((y) => tf.sum(tf.exp(y)))(x)])).toEqual(['Exp', 'Identity']);
    expect(operators((x) => tf.add(tf.sum(x, 0), tf.sum(x, 1, true)))).toEqual(['Add', 'ReduceSum', 'ReduceSum']);
  });

  it('keeps apart what differs in an attribute, a type or the sign of zero', () => {
    const graph = new Graph();
    const input = graph.input('x', 'float32', [2]);
    expect(graph.one('Softmax', [input], 'float32', [2], { axis: 0 })).not.toBe(
      graph.one('Softmax', [input], 'float32', [2], { axis: 1 }),
    );
    expect(graph.constant(Float32Array.of(0, 1), 'float32', [2])).not.toBe(
      graph.constant(Float32Array.of(-0, 1), 'float32', [2]),
    );
    expect(graph.splat(0, 'float32', [2])).not.toBe(graph.splat(-0, 'float32', [2]));
    expect(graph.splat(1, 'float32', [2])).not.toBe(graph.splat(1, 'int32', [2]));
    expect(graph.constant(Float32Array.of(0.1, 1), 'float32', [2])).toBe(
      graph.constant(Float32Array.of(0.1, 1), 'float32', [2]),
    );
    expect(graph.splat(0.1, 'float32', [2])).toBe(graph.splat(Math.fround(0.1), 'float32', [2]));
  });

  it('drops what no output needs', () => {
    const unneeded = (x: tf.Tensor) => {
      tf.matMul(x, tf.transpose(tf.exp(x)));
      tf.grad((y) => tf.sum(tf.tanh(y)))(x);
      return tf.neg(x);
    };
    expect(operators(unneeded)).toEqual(['Neg']);
  });

  it('leaves unread inputs and unread state out of the model', async () => {
    const [read, unread] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(1))];
    const fn = ({ a, b }: { a: tf.Tensor; b: tf.Tensor }) => tf.mul(a, tf.mul(read, b.size));
    const { model } = modelOfTrace(trace({ name: 'test', fn, state: [unread, read] }, { a: x, b: x }), 'test');
    expect(model.inputs.map(({ name }) => name)).toEqual(['a', 'state.1']);
  });

  it('does nothing for neutral constants, broadcasts that operators do themselves, and reshapes of reshapes', () => {
    expect(operators((x) => tf.div(tf.mul(tf.add(tf.sub(tf.neg(x), 0), 0), 1), tf.ones([3, 5])))).toEqual(['Neg']);
    expect(operators((x) => tf.mul(x, tf.broadcastTo(tf.sum(x, 0, true), [3, 5])))).toEqual(['Mul', 'ReduceSum']);
    expect(operators((x) => tf.reshape(tf.reshape(tf.neg(x), [5, 3]), [15]))).toEqual(['Neg', 'Reshape']);
    expect(operators((x) => tf.mul(x, tf.sub(tf.scalar(3), 2)))).toEqual(['Identity']);
  });

  it('folds a scalar factor and transposes into the matrix product', () => {
    expect(operators((x) => tf.mul(tf.matMul(x, x, true, false), 0.3))).toEqual(['FusedMatMul']);
    const shared = (x: tf.Tensor) => {
      const product = tf.matMul(x, x, true, false);
      return tf.add(tf.mul(product, 0.3), product);
    };
    expect(operators(shared)).toEqual(['Add', 'FusedMatMul', 'Mul']);
  });

  it('folds a scalar factor through forms of a product that nothing else reads, with the same values', async () => {
    const turned = (x: tf.Tensor) => tf.transpose(tf.reshape(tf.matMul(x, x, true, false), [5, 5, 1]), [1, 0, 2]);
    const scaled = (x: tf.Tensor) => tf.mul(turned(x), 0.3);
    expect(operators(scaled)).toEqual(['FusedMatMul', 'Reshape', 'Transpose']);
    expect(operators((x) => [scaled(x), tf.reshape(tf.matMul(x, x, true, false), [25])])).toContain('Mul');
    const x = tf.randomUniform([3, 5], -1, 1, 'float32', 3);
    const compiled = compile(scaled);
    const { data } = await compiled(hostTensor(x));
    expect(Float64Array.from(data)).toBeCloseToArray(scaled(x));
    await compiled.dispose();
  });

  it('does not hide NaN and infinities behind a simplification', async () => {
    const bad = { dtype: 'float32', shape: [2, 2], data: Float32Array.of(Number.NaN, 1, Infinity, 2) } as const;
    const compiled = compile((x: tf.Tensor) => [
      tf.mul(x, 0),
      tf.mul(x, tf.zeros([2, 2])),
      tf.mul(tf.matMul(x, x), 0),
      tf.sub(x, x),
      tf.div(x, x),
      tf.pow(x, 0),
      tf.where(tf.isNaN(x), tf.scalar(5), tf.mul(x, 0)),
    ]);
    const results = (await compiled(bad)).map(({ data }) => Array.from(data));
    const { NaN: nan } = Number;
    expect(results).toEqual([
      [nan, 0, nan, 0],
      [nan, 0, nan, 0],
      [nan, nan, nan, nan],
      [nan, 0, nan, 0],
      [nan, 1, nan, 1],
      [1, 1, 1, 1],
      [5, 0, nan, 0],
    ]);
  });

  it('reports its number of nodes', async () => {
    const report = await compile((x: tf.Tensor) => tf.add(tf.exp(x), tf.exp(x))).prepare(x);
    expect(report).toMatchObject({ nodes: 2, traceMs: expect.any(Number), sessionMs: expect.any(Number) });
  });
});
