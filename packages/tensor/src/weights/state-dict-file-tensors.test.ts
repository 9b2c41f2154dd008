import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { transformerBlock } from '../layers/transformer-block.js';
import { disposeModule, loadStateDict, stateDict } from '../module.js';
import { seededRandom } from '../random/seeded-random.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import { randomArray } from '../testing/random-array.js';
import '../testing/to-be-close-to-array.js';
import type { FileTensor } from './file-tensor.js';
import { parseSafetensors, serializeSafetensors } from './safetensors.js';
import { fileTensorsToStateDict, stateDictToFileTensors } from './state-dict-file-tensors.js';

const exact = { relative: 0, absolute: 0 };
const block = (seed: number) => transformerBlock({ width: 6, heads: 2, random: seededRandom(seed) });

it('a module saved and loaded gives the same output to the bit', async () => {
  const { numTensors } = tf.memory();
  const [from, to] = [block(1), block(2)];
  const x = tf.tensor(randomArray(seededRandom('x'), [2, 3, 6]), [2, 3, 6]);
  const [expected, other] = [from.forward(x), to.forward(x)];
  expect(other).not.toBeCloseToArray(expected);
  const bytes = serializeSafetensors(await stateDictToFileTensors(stateDict(from)));
  const loaded = fileTensorsToStateDict(parseSafetensors(bytes).tensors);
  expect(loadStateDict(to, loaded)).toEqual({ missing: [], unexpected: [], misshapen: [] });
  const actual = to.forward(x);
  expect(actual).toBeCloseToArray(expected, exact);
  for (const t of [...loaded.values(), x, expected, other, actual]) t.dispose();
  for (const module of [from, to]) disposeModule(module);
  expect(tf.memory().numTensors).toBe(numTensors);
});

it('saves float32 as asked and int32 as I32', async () => {
  const dict = new Map<string, tf.Tensor>([
    ['w', tf.tensor2d([[1.5, 1.0009765625 + 2 ** -20]])],
    ['ids', tf.tensor1d([1, -2], 'int32')],
  ]);
  const [single, half] = [await stateDictToFileTensors(dict), await stateDictToFileTensors(dict, { dtype: 'F16' })];
  expect(single.get('ids')).toEqual({ dtype: 'I32', shape: [2], data: Int32Array.of(1, -2) });
  expect(single.get('w')).toMatchObject({ dtype: 'F32', shape: [1, 2] });
  const back = parseSafetensors(serializeSafetensors(half)).tensors.get('w');
  expect(back).toEqual({ dtype: 'F16', shape: [1, 2], data: Float32Array.of(1.5, 1.0009765625) });
  await expect(stateDictToFileTensors(new Map([['m', tf.tensor1d([true])]]))).rejects.toThrow(
    "stateDictToFileTensors: expected 'm' of dtype float32 or int32, got bool",
  );
});

it('loads floats as float32 and integers as int32', () => {
  const files = new Map<string, FileTensor>([
    ['F64', { dtype: 'F64', shape: [1], data: Float64Array.of(0.1) }],
    ['BF16', { dtype: 'BF16', shape: [1], data: Float32Array.of(2) }],
    ['I64', { dtype: 'I64', shape: [2], data: BigInt64Array.of(2n ** 31n - 1n, -(2n ** 31n)) }],
    ['U8', { dtype: 'U8', shape: [1, 1], data: Uint8Array.of(255) }],
    ['scalar', { dtype: 'F32', shape: [], data: Float32Array.of(3) }],
  ]);
  const dict = fileTensorsToStateDict(files);
  expect([...dict].map(([name, x]) => [name, x.dtype, x.shape, Array.from(x.dataSync())])).toEqual([
    ['F64', 'float32', [1], [Math.fround(0.1)]],
    ['BF16', 'float32', [1], [2]],
    ['I64', 'int32', [2], [2 ** 31 - 1, -(2 ** 31)]],
    ['U8', 'int32', [1, 1], [255]],
    ['scalar', 'float32', [], [3]],
  ]);
});

it.each([2n ** 31n, -(2n ** 31n) - 1n, 2n ** 62n])(
  'refuses the 64-bit integer %s and leaves no tensor',
  async (value) => {
    await expectNoTensorLeak(() => {
      const files = new Map<string, FileTensor>([
        ['w', { dtype: 'F32', shape: [1], data: Float32Array.of(1) }],
        ['ids', { dtype: 'I64', shape: [2], data: BigInt64Array.of(0n, value) }],
      ]);
      expect(() => fileTensorsToStateDict(files)).toThrow(
        `expected 32-bit integers in 'ids', got ${value} at element 1`,
      );
    });
  },
);
