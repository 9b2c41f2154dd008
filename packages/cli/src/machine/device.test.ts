import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { deviceOf } from './device.js';
import { loadTfjsBackend } from './tfjs-device.js';

const kernels = ['BatchMatMul', 'Reshape', 'Identity'];

function unregisterNative(): void {
  if (tf.findBackend('tensorflow')) tf.removeBackend('tensorflow');
  for (const name of kernels) if (tf.getKernel(name, 'tensorflow')) tf.unregisterKernel(name, 'tensorflow');
}

/** A backend by tfjs-node's name whose product is the one given, on a graphics card or not. */
function registerNative({ onCard, product = 6 }: { readonly onCard: boolean; readonly product?: number }): void {
  class Native extends tf.KernelBackend {
    readonly isUsingGpuDevice = onCard;
    override write(): object {
      return {};
    }
    override readSync(): Float32Array {
      return Float32Array.of(product);
    }
    override incRef(): void {}
    override disposeData(): boolean {
      return true;
    }
    override dispose(): void {}
    override numDataIds(): number {
      return 0;
    }
  }
  unregisterNative();
  tf.registerBackend('tensorflow', () => new Native());
  for (const kernelName of kernels) {
    tf.registerKernel({
      kernelName,
      backendName: 'tensorflow',
      kernelFunc: () => ({ dataId: {}, shape: [1, 1], dtype: 'float32' }),
    });
  }
}

afterEach(async () => {
  await tf.setBackend('cpu');
  unregisterNative();
});

describe('loading a device of tfjs', () => {
  const loading = (name: 'tfjs:node' | 'tfjs:node-gpu', machine: Parameters<typeof registerNative>[0]) =>
    loadTfjsBackend(name, async () => registerNative(machine));

  it('works on a graphics card, and leaves the backend that was active active', async () => {
    await tf.setBackend('cpu');
    expect(await loading('tfjs:node-gpu', { onCard: true })).toEqual({ works: 'multiplies on the graphics card' });
    expect(tf.getBackend()).toBe('cpu');
  });

  it('fails where tfjs-node-gpu would run on the CPU without a word; tfjs-node may', async () => {
    expect(await loading('tfjs:node-gpu', { onCard: false })).toEqual({
      fails: expect.stringContaining('no graphics card'),
      remedy: expect.stringContaining('CUDA 11.2'),
    });
    expect(await loading('tfjs:node', { onCard: false })).toEqual({ works: 'multiplies on the CPU' });
  });

  it('fails on a wrong product, and where the package is not there', async () => {
    expect(await loading('tfjs:node', { onCard: false, product: 5 })).toMatchObject({
      fails: '2 times 3 came out as 5',
    });
    const missing = loadTfjsBackend('tfjs:node', () => Promise.reject(new Error("Cannot find package 'x'\nat y")));
    expect(await missing).toMatchObject({
      fails: "Cannot find package 'x'",
      remedy: expect.stringContaining('npm install @tensorflow/tfjs-node'),
    });
  });

  it('works for the backend in JavaScript', async () => {
    expect(await loadTfjsBackend('tfjs:cpu')).toEqual({ works: 'multiplies on the CPU' });
  });
});

describe('the device of a name', () => {
  const notes: string[] = [];
  const note = (text: string) => void notes.push(text);

  it('is what auto chose, told in one line, or what was asked for, told in none', async () => {
    const choose = async () => ({ device: 'webgpu', why: 'takes 1 ms' }) as const;
    expect(await deviceOf('auto', note, { choose })).toBe('webgpu');
    expect(notes).toEqual(['device: webgpu (takes 1 ms)']);
    expect(await deviceOf('webgpu', note, { choose })).toBe('webgpu');
    expect(notes).toHaveLength(1);
  });

  it('is a backend of tfjs that was loaded, or an error that says what to do', async () => {
    expect(await deviceOf('tfjs:node-gpu', note, { load: async () => ({ works: 'x' }) })).toBe('tfjs:tensorflow');
    const load = async () => ({ fails: 'it found no graphics card', remedy: 'install CUDA 11.2' });
    await expect(deviceOf('tfjs:node-gpu', note, { load })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/it found no graphics card; install CUDA 11.2, or use --device cpu/),
    });
  });
});
