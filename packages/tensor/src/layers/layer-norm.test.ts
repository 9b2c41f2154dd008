import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import '../index.js';
import { disposeModule, namedParameters } from '../module.js';
import { expectGradients, input } from '../testing/expect-gradients.js';
import { layerNorm64 } from '../testing/float64.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import '../testing/to-be-close-to-array.js';
import { layerNorm } from './layer-norm.js';

it.each([undefined, 1e-12, 0.1])('normalizes with epsilon %s, values and gradients', (epsilon) => {
  const layer = layerNorm({ size: 7, ...(epsilon === undefined ? {} : { epsilon }) });
  const x = input([2, 3, 7], 'x');
  expectGradients(
    new Map([...namedParameters(layer), ['x', x]]),
    () => layer.forward(x),
    (p) => layerNorm64(p.x as Float64Array, p.weight as Float64Array, p.bias as Float64Array, epsilon ?? 1e-5),
  );
});

it('starts at scale 1 and shift 0', () => {
  const { weight, bias } = layerNorm({ size: 3 }).tree;
  expect(weight).toBeCloseToArray([1, 1, 1]);
  expect(bias).toBeCloseToArray([0, 0, 0]);
});

it('leaks nothing over its life', async () => {
  await expectNoTensorLeak(() => {
    const [layer, x] = [layerNorm({ size: 5 }), tf.ones([2, 5])];
    const { value, grads } = tf.variableGrads(() => tf.sum(layer.forward(x)) as tf.Scalar);
    for (const t of [layer.forward(x), x, value, ...Object.values(grads)]) t.dispose();
    disposeModule(layer);
  });
});
