import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { compile, type Device, deviceState, stateView } from '../index.js';

const host = (...values: number[]) =>
  ({ dtype: 'float32', shape: [values.length], data: Float32Array.from(values) }) as const;

/** A step of gradient descent towards x, and its loss. */
function descent(device: Device) {
  const v = tf.variable(tf.tensor1d([1, 2, 3]));
  const step = compile(
    ({ x }: { x: tf.Tensor }) => {
      const { value, grads } = tf.variableGrads(() => tf.sum(tf.square(tf.sub(tf.tanh(v), x))), [v]);
      v.assign(tf.sub(v, tf.mul(grads[v.name] as tf.Tensor, 0.1)) as tf.Tensor1D);
      if (x.shape[0] === 1) throw new Error('one element');
      return { loss: value, v: v as tf.Tensor };
    },
    { device, state: v, accept: ({ loss }) => (loss.data[0] as number) < 100, name: 'descent' },
  );
  return { v, step };
}

it('an eager device gives what a compiled one gives, the same state after calls refused and failed', async () => {
  const [eager, compiled] = [descent('tfjs:cpu'), descent('cpu')];
  for (const x of [host(0, 1, 2), host(100, 0, 0), host(1, 1, 1)]) {
    const [there, here] = [await eager.step({ x }), await compiled.step({ x })];
    expect(there.loss).toMatchObject({ dtype: 'float32', shape: [] });
    for (const name of ['loss', 'v'] as const)
      expect(there[name].data).toBeCloseToArray(here[name].data as Float32Array);
    expect(eager.step.state.read(eager.v).data).toBeCloseToArray(
      compiled.step.state.read(compiled.v).data as Float32Array,
    );
  }
  const before = [...eager.step.state.read(eager.v).data];
  await expect(eager.step({ x: host(1) })).rejects.toThrow('one element');
  expect([...eager.v.dataSync()]).toEqual(before);
});

it('its state is in the variables: nothing to sync, and every change is seen', async () => {
  const { v, step } = descent('tfjs:cpu');
  v.assign(tf.tensor1d([0, 0, 0]));
  const { loss } = await step({ x: host(3, 4, 0) });
  expect(loss.data[0]).toBe(25);
  const values = [...v.dataSync()];
  await step.sync();
  step.state.push();
  await step.state.download();
  expect([...v.dataSync()]).toEqual(values);
  expect(await step.prepare({ x: host(1, 2, 3) })).toMatchObject({ nodes: 0 });
  expect(step.toOnnx({ x: host(1, 2, 3) }).length).toBeGreaterThan(100);
});

it('a view reads other values there, and gives the variables back as they were', async () => {
  const [v, w] = [tf.variable(tf.tensor1d([1])), tf.variable(tf.tensor1d([10]))];
  const state = deviceState([v, w], 'tfjs:cpu');
  const twice = compile(() => tf.mul(v, 2), { state: stateView(state, new Map([[v, w]])) });
  expect([...(await twice({})).data]).toEqual([20]);
  expect([...v.dataSync(), ...w.dataSync()]).toEqual([1, 10]);
});

it('leaves no tensor behind, nor another backend active', async () => {
  const { step } = descent('tfjs:cpu');
  await step({ x: host(1, 2, 3) });
  await expectNoTensorLeak(async () => void (await step({ x: host(1, 2, 3) })));
  await expectNoTensorLeak(async () => void (await step({ x: host(1) }).catch(() => {})));
  expect(tf.getBackend()).toBe('cpu');
});

it('a backend that is not registered is an error that names the package', async () => {
  await expect(descent('tfjs:tensorflow').step({ x: host(1) })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('install and import @tensorflow/tfjs-node-gpu'),
  });
  const state = deviceState(tf.variable(tf.scalar(1)), 'tfjs:cpu');
  expect(() => compile(() => tf.scalar(1), { state, device: 'cpu' })).toThrow(
    /the device of the state, tfjs:cpu, got cpu/,
  );
});

describe('a backend that starts slowly', () => {
  /** Registers the CPU backend under another name, with a start that takes a while. */
  function registerSlow(name: `slow ${string}`, start: () => Promise<void>): void {
    tf.copyRegisteredKernels('cpu', name);
    tf.registerBackend(name, async () => {
      await start();
      return new MathBackendCPU();
    });
  }

  it('leaves other work on its own backend meanwhile, and starts once', async () => {
    let starts = 0;
    let release = () => {};
    registerSlow('slow one', () => {
      starts++;
      return new Promise((resolve) => {
        release = resolve;
      });
    });
    const [a, b] = [descent('tfjs:slow one'), descent('tfjs:slow one')];
    const calls = Promise.all([a, b].map(({ step }) => step({ x: host(0, 1, 2) })));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(tf.getBackend()).toBe('cpu');
    expect(tf.add(1, 2).dataSync()[0]).toBe(3);
    release();
    await calls;
    expect({ starts, active: tf.getBackend() }).toEqual({ starts: 1, active: 'cpu' });
  });

  it('keeps the state of calls refused and failed, like the CPU', async () => {
    registerSlow('slow two', async () => {});
    const [there, here] = [descent('tfjs:slow two'), descent('tfjs:cpu')];
    for (const x of [host(100, 0, 0), host(0, 1, 2), host(1), host(100, 0, 0), host(1, 1, 1)]) {
      const outcomes = await Promise.allSettled([there.step({ x }), here.step({ x })]);
      expect(outcomes[0]?.status).toBe(outcomes[1]?.status);
      expect([...there.step.state.read(there.v).data]).toEqual([...here.step.state.read(here.v).data]);
    }
    await expectNoTensorLeak(async () => void (await there.step({ x: host(1, 2, 3) })));
  });

  it('that fails to start is an error that says why, and may start later', async () => {
    let broken = true;
    registerSlow('slow three', async () => {
      if (broken) throw new Error('no such library');
    });
    const { step } = descent('tfjs:slow three');
    await expect(step({ x: host(1, 2, 3) })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('no such library'),
    });
    broken = false;
    await step({ x: host(1, 2, 3) });
  });
});
