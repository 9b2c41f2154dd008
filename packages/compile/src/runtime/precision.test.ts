import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { counterUniform, inFloat32 } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import type { HostTensor } from '../trace/tensor-tree.js';
import { probeDevice } from './choose-device.js';
import { compile } from './compile.js';

const host = (data: readonly number[], shape: readonly number[]): HostTensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data),
});

const webgpu = await probeDevice('webgpu');
const reason = 'fails' in webgpu ? `skipped: ${webgpu.fails}` : 'a device is here';

/** 1 + 2^-12 is between two float16 numbers (10 bits) and two bfloat16 numbers (7 bits); both round to 1. */
const fine = 1 + 2 ** -12;
/** Exact in float16, between two numbers in bfloat16. */
const middle = 1 + 2 ** -9;
const product = ({ a, b }: { a: tf.Tensor; b: tf.Tensor }) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D);
const inputs = { a: host([fine, middle], [2, 1]), b: host([1], [1, 1]) };

describe('the precision of matrix products', () => {
  it.each([
    ['float32', [fine, middle]],
    ['float16', [1, middle]],
    ['bfloat16', [1, 1]],
  ] as const)('%s rounds operands to what it can hold, and gives float32', async (precision, expected) => {
    const compiled = compile(product, { precision });
    const result = await compiled(inputs);
    expect(result.dtype).toBe('float32');
    expect([...result.data]).toEqual(expected);
    await compiled.dispose();
  });

  it('leaves sums, and a part inside inFloat32 with its gradient, in float32', async () => {
    const x = tf.variable(tf.tensor2d([[fine]]));
    const step = compile(
      ({ b }: { b: tf.Tensor }) => {
        const take = () =>
          tf.variableGrads(() => tf.sum(product({ a: x, b })) as tf.Scalar, [x]).grads[x.name] as tf.Tensor;
        return { sum: tf.add(x, b), rounded: take(), exact: inFloat32(take) };
      },
      { state: x, precision: 'float16' },
    );
    const { sum, rounded, exact } = await step({ b: host([fine], [1, 1]) });
    expect([...sum.data]).toEqual([2 * fine]);
    expect([...rounded.data]).toEqual([1]);
    expect([...exact.data]).toEqual([fine]);
    await step.dispose();
    x.dispose();
  });

  it('exempts nothing after inFloat32, also where it throws', async () => {
    const compiled = compile(
      ({ a, b }: { a: tf.Tensor; b: tf.Tensor }) => {
        expect(() =>
          inFloat32(() => {
            throw new Error('inside');
          }),
        ).toThrow('inside');
        return product({ a, b });
      },
      { precision: 'float16' },
    );
    expect([...(await compiled(inputs)).data]).toEqual([1, middle]);
    await compiled.dispose();
  });

  it('changes no random number, and no sum', async () => {
    const draw = ({ key, rows }: { key: tf.Tensor; rows: tf.Tensor }) => {
      const drawn = counterUniform({ key, rows, site: 3 }, [5, 67]);
      return { drawn, sum: tf.sum(drawn, 0) };
    };
    const position = { key: host([7, 11], [2]), rows: host([0, 1, 2, 3, 4], [5]) };
    const results = [];
    for (const precision of ['float32', 'bfloat16'] as const) {
      const compiled = compile(draw, { precision });
      results.push(await compiled(position));
      await compiled.dispose();
    }
    expect(results[1]).toEqual(results[0]);
  });

  it('overflows beyond 65,504 in float16 alone', async () => {
    const large = { a: host([65536], [1, 1]), b: host([1], [1, 1]) };
    const result = async (precision: 'float16' | 'bfloat16') => {
      const compiled = compile(product, { precision });
      const { data } = await compiled(large);
      await compiled.dispose();
      return [...data];
    };
    expect(await result('float16')).toEqual([Number.POSITIVE_INFINITY]);
    expect(await result('bfloat16')).toEqual([65536]);
  });

  it.skipIf('fails' in webgpu)(`float16 on WebGPU rounds, or is refused on a card without it (${reason})`, async () => {
    const compiled = compile(product, { precision: 'float16', device: 'webgpu' });
    const result = await compiled(inputs).then(
      ({ data }) => [...data],
      (error) => ({ code: error.code, hint: error.hint }),
    );
    expect([[1, middle], { code: 'unsupported', hint: 'use the precision float32 on it' }]).toContainEqual(result);
    await compiled.dispose();
  });

  it('is refused where the device has it nowhere, or its name is none', () => {
    const made = (options: object) => () => compile(product, options);
    expect(made({ precision: 'float8' })).toThrow('expected precision of float32, float16, bfloat16, got float8');
    expect(made({ precision: 'float16', device: 'tfjs:cpu' })).toThrow(
      'expected float32 on a tfjs backend, got float16',
    );
    expect(made({ precision: 'bfloat16', device: 'webgpu' })).toThrow('expected float32 or float16 on webgpu');
  });
});
