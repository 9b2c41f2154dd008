import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { parameter } from './parameter.js';
import { expectNoTensorLeak } from './testing/no-tensor-leak.js';
import './testing/to-be-close-to-array.js';

it('is a trainable float32 variable of a constant, of called values in row-major order, or of given elements', () => {
  let calls = 0;
  const p = parameter([2, 3], () => calls++);
  expect(p).toBeCloseToArray([
    [0, 1, 2],
    [3, 4, 5],
  ]);
  expect([p.dtype, p.trainable]).toEqual(['float32', true]);
  expect(parameter([2], 0.5)).toBeCloseToArray([0.5, 0.5]);
  expect(parameter([2, 1], Float32Array.of(3, 4))).toBeCloseToArray([[3], [4]]);
  expect(parameter([], 7).shape).toEqual([]);
});

it('refuses another number of elements', () => {
  expect(() => parameter([2, 3], new Float32Array(5))).toThrow('parameter: expected 6 values for [2, 3], got 5');
});

it('leaves nothing but the variable', async () => {
  await expectNoTensorLeak(() => parameter([2, 3], 1).dispose());
});
