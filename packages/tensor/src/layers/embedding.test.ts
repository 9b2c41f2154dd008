import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import '../index.js';
import { disposeModule } from '../module.js';
import { seededRandom } from '../random/seeded-random.js';
import { expectGradients } from '../testing/expect-gradients.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import '../testing/to-be-close-to-array.js';
import { embedding } from './embedding.js';

const make = () => embedding({ count: 7, size: 3, random: seededRandom('embedding') });

it.each([
  { shape: [5], ids: [0, 6, 2, 2, 5] },
  { shape: [2, 3], ids: [6, 6, 6, 0, 1, 6] },
  { shape: [1, 1], ids: [4] },
])('looks ids $ids up, a repeated id adding up its gradient', ({ shape, ids }) => {
  const table = make();
  const x = tf.tensor(ids, shape, 'int32');
  expectGradients(
    new Map([['weight', table.tree.weight]]),
    () => table.forward(x),
    ({ weight }) => ids.flatMap((id) => [...(weight as Float64Array).slice(id * 3, id * 3 + 3)]),
  );
  expect(table.forward(x).shape).toEqual([...shape, 3]);
});

it('takes no ids at all', () => {
  expect(make().forward(tf.zeros([0, 5], 'int32')).shape).toEqual([0, 5, 3]);
});

it('refuses ids that are no int32, and, on the cpu backend, ids out of range', () => {
  expect(() => make().forward(tf.tensor1d([1, 2]))).toThrow('embedding: expected ids of dtype int32, got float32');
  expect(() => make().forward(tf.tensor1d([7], 'int32'))).toThrow('the index value 7 is not in [0, 6]');
});

it('starts normal with the given deviation', () => {
  const big = embedding({ count: 101, size: 89, random: seededRandom(3), std: 0.5 });
  const { mean, variance } = tf.moments(big.tree.weight);
  expect(Math.abs(mean.dataSync()[0] as number)).toBeLessThan((5 * 0.5) / Math.sqrt(8989));
  expect(Math.abs((variance.dataSync()[0] as number) - 0.25)).toBeLessThan((5 * 0.25 * Math.SQRT2) / Math.sqrt(8989));
});

it('leaks nothing over its life', async () => {
  await expectNoTensorLeak(() => {
    const [table, x] = [make(), tf.tensor1d([1, 1], 'int32')];
    const { value, grads } = tf.variableGrads(() => tf.sum(table.forward(x)) as tf.Scalar);
    for (const t of [table.forward(x), x, value, ...Object.values(grads)]) t.dispose();
    disposeModule(table);
  });
});
