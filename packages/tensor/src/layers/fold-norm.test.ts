import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import '../index.js';
import { namedParameters } from '../module.js';
import { standardize } from '../ops/standardize.js';
import { seededRandom } from '../random/seeded-random.js';
import { expectGradients, input, type Values } from '../testing/expect-gradients.js';
import { layerNorm64, linear64 } from '../testing/float64.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import { randomArray } from '../testing/random-array.js';
import '../testing/to-be-close-to-array.js';
import { foldNorm } from './fold-norm.js';
import { layerNorm } from './layer-norm.js';
import { linear } from './linear.js';

const [inner, outer] = [7, 5];

function parts(bias = true) {
  const norm = layerNorm({ size: inner });
  const map = linear({ inputSize: inner, outputSize: outer, bias, random: seededRandom('map') });
  const named = new Map([
    ...[...namedParameters(norm)].map(([name, x]) => [`norm.${name}`, x] as const),
    ...[...namedParameters(map)].map(([name, x]) => [`map.${name}`, x] as const),
  ]);
  for (const [name, x] of named) tf.tidy(() => x.assign(tf.tensor(randomArray(seededRandom(name), x.shape), x.shape)));
  return { norm, map, named };
}

describe('foldNorm', () => {
  it.each([[[3, inner]], [[2, 3, inner]], [[1, 1, inner]]])(
    'is the linear map after the norm for x %j, values and gradients, in float64',
    (shape) => {
      const { norm, map, named } = parts();
      const x = input(shape, 'x');
      expectGradients(
        new Map([['x', x], ...named]),
        () => foldNorm(standardize(x, norm.epsilon), norm, map),
        (p: Values) => {
          const get = (name: string) => p[name] as Float64Array;
          const normed = layerNorm64(get('x'), get('norm.weight'), get('norm.bias'), norm.epsilon);
          return linear64(normed, get('map.weight'), get('map.bias'), inner);
        },
        { absolute: 3e-6 },
      );
    },
  );

  it('does without a bias of the map', () => {
    const { norm, map } = parts(false);
    const x = input([3, inner], 'x');
    expect(foldNorm(standardize(x, norm.epsilon), norm, map)).toBeCloseToArray(map.forward(norm.forward(x)), {
      absolute: 1e-5,
    });
  });

  it('a row of equal entries gives the shift alone, with a finite gradient', () => {
    const { norm, map } = parts();
    const { value, grad } = (() => {
      const result = tf.valueAndGrad((x: tf.Tensor) => tf.sum(foldNorm(standardize(x, norm.epsilon), norm, map)))(
        tf.fill([1, inner], 4),
      );
      return { value: result.value, grad: result.grad };
    })();
    expect(value).toBeCloseToArray(tf.sum(map.forward(tf.reshape(norm.tree.bias, [1, -1]))), { absolute: 1e-5 });
    expect(grad.dataSync().every(Number.isFinite)).toBe(true);
  });

  it('leaks nothing, forward and backward', async () => {
    await expectNoTensorLeak(() => {
      const { norm, map } = parts();
      const x = tf.ones([2, inner]);
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) =>
        tf.tidy(() => tf.sum(foldNorm(standardize(x, norm.epsilon), norm, map))),
      )(x);
      tf.dispose([x, value, grad, norm.tree.weight, norm.tree.bias, map.tree.weight, map.tree.bias as tf.Variable]);
    });
  });
});
