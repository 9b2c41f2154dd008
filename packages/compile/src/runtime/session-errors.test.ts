import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compile, deviceState, probeDevice } from '../index.js';
import type { Model } from '../onnx/encode.js';
import { runError, sessionError } from './session-errors.js';

const model: Model = { name: 'm', nodes: [], initializers: [], inputs: [], outputs: [], nameOf: () => '' };

describe('a run that fails', () => {
  it.each([
    ['cpu', 'Non-zero status code returned while running MatMul node. Status Message: std::bad_alloc'],
    ['cpu', 'bfc_arena.cc:359 AllocateRawInternal Failed to allocate memory for requested buffer of size 123'],
    [
      'cpu',
      'Tile output tensor would require more than 4294967296 bytes, which exceeds the supported maximum of 4294967296 bytes.',
    ],
    ['webgpu', 'WebGPU validation failed. Buffer size (4294967296) exceeds the max buffer size limit (1073741824).'],
    ['webgpu', 'WebGPU validation failed. [Invalid Buffer (unlabeled)] is invalid due to a previous error.'],
    ['cuda', 'CUDA failure 2: out of memory ; GPU=0 ; hostname=h'],
  ] as const)('for want of memory on %s is unavailable, and no fault of the values: %s', (device, message) => {
    expect(runError('m', device, new Error(message))).toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('smaller'),
    });
  });

  it.each([
    ['webgpu', 'WebGPU device lost: the driver was reset'],
    ['cuda', 'CUDA failure 700: an illegal memory access was encountered'],
    ['cuda', 'CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED'],
  ] as const)('for a fault of %s is unavailable, and no fault of the values: %s', (device, message) => {
    const error = runError('m', device, new Error(message));
    expect(error).toMatchObject({ code: 'unavailable', expected: `the device ${device} to work` });
    expect(error.hint).not.toContain('install');
  });

  it('on a card without float16 says so', () => {
    const message = 'Program Cast requires f16 but the device does not support it.';
    expect(runError('m', 'webgpu', new Error(message))).toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('float32'),
    });
  });

  it('on its values is data', () => {
    const message = 'Non-zero status code returned while running Gather node. idx=7 must be within the inclusive range';
    for (const device of ['cpu', 'webgpu', 'cuda'] as const) {
      expect(runError('m', device, new Error(message)).code).toBe('data');
    }
  });

  it('is told apart in fact: a product that no memory holds', async () => {
    const x = { dtype: 'float32', shape: [2 ** 21, 1], data: new Float32Array(2 ** 21) } as const;
    const square = compile((rows: tf.Tensor) =>
      tf.sum(tf.matMul(rows as tf.Tensor2D, rows as tf.Tensor2D, false, true)),
    );
    await expect(square(x)).rejects.toMatchObject({ code: 'unavailable', hint: expect.stringContaining('smaller') });
    await square.dispose();
  });
});

describe('a session that is not built', () => {
  it.each([
    ['webgpu', 'Failed to get a WebGPU adapter: No supported adapters.'],
    [
      'cuda',
      'Failed to load shared library libonnxruntime_providers_cuda.so: libcudnn.so.9: cannot open shared object file',
    ],
  ] as const)('where %s is not there says what to install', async (device, message) => {
    expect(await sessionError(model, device, new Error(message))).toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('install'),
    });
  });

  it('for want of memory of a device that is there does not advise to install it', async () => {
    for (const [device, message] of [
      ['cuda', 'CUDA failure 2: out of memory ; GPU=0'],
      ['webgpu', 'vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY while requesting from the adapter'],
    ] as const) {
      const error = await sessionError(model, device, new Error(message));
      expect(error).toMatchObject({ code: 'unavailable', expected: expect.stringContaining('memory') });
      expect(error.hint).not.toContain('install');
    }
  });
});

describe('the name of a device that is none', () => {
  it.each(['gpu', 'tfjs:', 'WebGPU', ''])('%j is refused, and no other device taken', async (name) => {
    const refused = { code: 'argument', message: expect.stringContaining('expected cpu, webgpu, cuda or tfjs:NAME') };
    for (const make of [
      () => compile((x: tf.Tensor) => tf.neg(x), { device: name as never }),
      () => deviceState(tf.variable(tf.scalar(1)), name as never),
    ]) {
      expect(make).toThrow(expect.objectContaining(refused));
    }
    await expect(probeDevice(name as never)).rejects.toMatchObject({ code: 'argument' });
  });
});
