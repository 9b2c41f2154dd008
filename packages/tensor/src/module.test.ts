import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { UniecsError } from './errors.js';
import { disposeModule, loadStateDict, type Module, namedParameters, parameters, stateDict } from './module.js';
import { parameter } from './parameter.js';
import { expectNoTensorLeak } from './testing/no-tensor-leak.js';
import './testing/to-be-close-to-array.js';

const model = () => {
  const block = (value: number): Module => ({
    tree: { norm: { tree: { weight: parameter([2], value) } }, bias: parameter([1], -value) },
  });
  return { tree: { scale: parameter([], 7), layers: [block(1), block(2)], head: block(3) } };
};
const names = ['scale', 'layers.0.norm.weight', 'layers.0.bias', 'layers.1.norm.weight', 'layers.1.bias'];
const exact = { relative: 0, absolute: 0 };

function thrown(run: () => unknown): UniecsError {
  try {
    run();
  } catch (error) {
    if (UniecsError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

it('names parameters by their path, lists by index, in the order of the tree', () => {
  const m = model();
  const named = namedParameters(m);
  expect([...named.keys()]).toEqual([...names, 'head.norm.weight', 'head.bias']);
  expect(named.get('layers.1.norm.weight') as tf.Tensor).toBeCloseToArray([2, 2]);
  expect(parameters(m)).toEqual([...named.values()]);
  expect([...stateDict(m).keys()]).toEqual([...named.keys()]);
  expect(stateDict(m).get('scale')).toBe(m.tree.scale);
  expect(namedParameters({ tree: {} }).size).toBe(0);
  expect(namedParameters({ tree: { layers: [] } }).size).toBe(0);
});

it('lists a shared variable under both names, but once among the parameters', () => {
  const shared = parameter([2], 1);
  const m: Module = { tree: { a: { tree: { weight: shared } }, b: { tree: { weight: shared } } } };
  expect([...namedParameters(m).keys()]).toEqual(['a.weight', 'b.weight']);
  expect(parameters(m)).toEqual([shared]);
});

it('refuses two variables that come to one name', () => {
  const m: Module = { tree: { 'a.b': parameter([1], 1), a: { tree: { b: parameter([1], 2) } } } };
  expect(() => namedParameters(m)).toThrow("namedParameters: expected one variable per name, got two named 'a.b'");
});

describe('loadStateDict', () => {
  it('copies: the module and the dict live on apart', () => {
    const [from, to] = [model(), model()];
    for (const p of parameters(from)) tf.tidy(() => p.assign(tf.add(p, 100)));
    const report = loadStateDict(to, stateDict(from));
    expect(report).toEqual({ missing: [], unexpected: [], misshapen: [] });
    for (const p of parameters(from)) tf.tidy(() => p.assign(tf.zerosLike(p)));
    disposeModule(from);
    expect(namedParameters(to).get('layers.1.norm.weight') as tf.Tensor).toBeCloseToArray([102, 102], exact);
    expect(to.tree.scale).toBeCloseToArray(tf.scalar(107), exact);
  });

  const wrong = () => {
    const dict = new Map<string, tf.Tensor>(stateDict(model()));
    for (const [name, x] of dict) dict.set(name, tf.mul(x, 10));
    dict.delete('layers.0.bias');
    dict.set('layers.2.bias', tf.zeros([1]));
    dict.set('head.norm.weight', tf.zeros([1, 2]));
    return dict;
  };
  const expected = {
    missing: ['layers.0.bias'],
    unexpected: ['layers.2.bias'],
    misshapen: [{ name: 'head.norm.weight', expected: [2], got: [1, 2] }],
  };

  it('strict: throws the whole report before it touches a variable', () => {
    const m = model();
    const before = parameters(m).map((p) => p.dataSync().slice());
    const error = thrown(() => loadStateDict(m, wrong()));
    expect(error.code).toBe('data');
    expect(error.details).toEqual(expected);
    expect(error.message).toBe(
      "loadStateDict: expected the module's 7 names and shapes, got missing layers.0.bias; unexpected layers.2.bias; " +
        'misshapen head.norm.weight [1,2] instead of [2]; load a state dict of the same model and size, or pass strict: ' +
        'false to load what fits',
    );
    parameters(m).forEach((p, i) => {
      expect(p).toBeCloseToArray(tf.tensor(before[i] as Float32Array, p.shape), exact);
    });
  });

  it('not strict: loads what fits and reports the rest', () => {
    const m = model();
    expect(loadStateDict(m, wrong(), { strict: false })).toEqual(expected);
    const named = namedParameters(m);
    expect(named.get('layers.0.norm.weight') as tf.Tensor).toBeCloseToArray([10, 10], exact);
    expect(named.get('layers.0.bias') as tf.Tensor).toBeCloseToArray([-1], exact);
    expect(named.get('head.norm.weight') as tf.Tensor).toBeCloseToArray([3, 3], exact);
  });

  it('names five and counts the rest of a long list', () => {
    const dict = new Map(Array.from({ length: 8 }, (_, i) => [`x${i}`, tf.scalar(i)]));
    expect(thrown(() => loadStateDict({ tree: {} }, dict)).got).toBe('unexpected x0, x1, x2, x3, x4 and 3 more');
  });

  it('casts another dtype, and loads a module into itself unharmed', () => {
    const m: Module = { tree: { weight: parameter([2], 1) } };
    loadStateDict(m, new Map([['weight', tf.tensor1d([4, 5], 'int32')]]));
    loadStateDict(m, stateDict(m));
    expect(parameters(m)[0] as tf.Tensor).toBeCloseToArray([4, 5], exact);
    expect(parameters(m)[0]?.dtype).toBe('float32');
  });

  it('leaks neither tensors nor data', async () => {
    const { numDataBuffers } = tf.memory();
    await expectNoTensorLeak(() => {
      const [from, to] = [model(), model()];
      loadStateDict(to, stateDict(from));
      disposeModule(from);
      disposeModule(to);
    });
    expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
  });
});

it('disposes each variable once, shared ones too', async () => {
  await expectNoTensorLeak(() => {
    const shared = parameter([2], 1);
    const m = { tree: { a: shared, b: shared } };
    disposeModule(m);
    expect(shared.isDisposed).toBe(true);
  });
});
