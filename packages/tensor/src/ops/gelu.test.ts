import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import '../index.js';
import { expectGradients, input } from '../testing/expect-gradients.js';
import { erf64, gelu64, quickGelu64 } from '../testing/float64.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import '../testing/to-be-close-to-array.js';
import { gelu, quickGelu } from './gelu.js';

describe.each([
  { name: 'gelu', op: gelu, oracle: gelu64 },
  { name: 'quickGelu', op: quickGelu, oracle: quickGelu64 },
])('$name', ({ op, oracle }) => {
  it('is the float64 formula, values and gradient', () => {
    const x = input([3, 5, 7], 'gelu');
    expectGradients(
      new Map([['x', x]]),
      () => op(x),
      ({ x }) => Array.from(x as Float64Array, oracle),
    );
  });

  it('is 0 at 0 with slope 1/2, the identity far above, 0 far below', () => {
    const { value, grad } = tf.valueAndGrad((x) => op(x))(tf.tensor1d([0, 30, -30, 1e4, -1e4]));
    expect(value).toBeCloseToArray([0, 30, 0, 1e4, 0]);
    expect(grad).toBeCloseToArray([0.5, 1, 0, 1, 0]);
  });

  it('takes a scalar and an empty tensor', () => {
    expect(op(tf.scalar(1.5))).toBeCloseToArray(tf.scalar(oracle(1.5)));
    expect(op(tf.zeros([0, 3])).shape).toEqual([0, 3]);
  });

  it('leaks nothing, forward and backward', async () => {
    await expectNoTensorLeak(() => {
      const x = tf.ones([2, 3]);
      const { value, grad } = tf.valueAndGrad((y: tf.Tensor) => op(y))(x);
      for (const t of [op(x), x, value, grad]) t.dispose();
    });
  });
});

it('the oracle knows erf: published values', () => {
  expect([0.5, 1, 2, 3].map(erf64)).toBeCloseToArray(
    [0.5204998778130465, 0.8427007929497149, 0.9953222650189527, 0.9999779095030014],
    { dtype: 'float64' },
  );
});
