import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import * as tf from '@tensorflow/tfjs-core';
import { linear, seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { type CompileOptions, chooseDevice, compile, probeDevice, stateView } from '../index.js';

const webgpu = await probeDevice('webgpu');
const cuda = await probeDevice('cuda');
const column = (...values: number[]) =>
  ({ dtype: 'float32', shape: [values.length, 1], data: Float32Array.from(values) }) as const;

/** A step of gradient descent with momentum on a linear layer, whose loss may be refused. */
function descent(options: Pick<CompileOptions, 'device'>) {
  const layer = linear({ inputSize: 1, outputSize: 3, random: seededRandom(1) });
  const { weight, bias } = layer.tree as { weight: tf.Variable; bias: tf.Variable };
  const velocity = tf.variable(tf.zeros(weight.shape));
  const step = compile(
    ({ x }: { x: tf.Tensor }) => {
      const { value, grads } = tf.variableGrads(() => tf.mean(tf.square(tf.tanh(layer.forward(x as tf.Tensor2D)))));
      velocity.assign(tf.add(tf.mul(velocity, 0.9), grads[weight.name] as tf.Tensor));
      weight.assign(tf.sub(weight, velocity) as typeof weight);
      return { loss: value };
    },
    { ...options, state: [layer, velocity], accept: ({ loss }) => (loss.data[0] as number) < 100, name: 'descent' },
  );
  return { step, weight, bias, velocity };
}

async function descend(options: Pick<CompileOptions, 'device'>): Promise<number[]> {
  const { step, weight, velocity } = descent(options);
  const losses: number[] = [];
  for (let i = 0; i < 5; i++) losses.push((await step({ x: column(1, 2, 3, -1) })).loss.data[0] as number);
  await step.state.download();
  const values = [weight, velocity].flatMap((variable) => [...step.state.read(variable).data]);
  await step.sync();
  expect([weight, velocity].flatMap((variable) => [...variable.dataSync()])).toEqual(values);
  await step.dispose();
  return [...losses, ...values];
}

describe.skipIf('fails' in webgpu)(
  `on WebGPU (${'fails' in webgpu ? `skipped: ${webgpu.fails}` : 'a device is here'})`,
  // A software driver on a busy machine takes its time.
  { timeout: 120_000 },
  () => {
    it('a training step gives what it gives on the CPU, and its trial step too', async () => {
      const [there, here] = [await descend({ device: 'webgpu' }), await descend({ device: 'cpu' })];
      expect(there).toBeCloseToArray(here, { relative: 1e-5, absolute: 1e-6 });
      expect(webgpu).toMatchObject({ difference: expect.closeTo(0, 4) });
    });

    it('the state stays in the memory of the device, and is read after a download only', async () => {
      const { step, weight, bias } = descent({ device: 'webgpu' });
      const before = [...weight.dataSync()];
      await step({ x: column(1, 2) });
      expect(step.state.buffers?.current(step.state.variables.indexOf(weight))?.location).toBe('gpu-buffer');
      expect(() => step.state.read(weight)).toThrow(/await state.download\(\) first/);
      expect([...step.state.read(bias).data], 'what nothing assigns stays in host memory').toEqual([
        ...bias.dataSync(),
      ]);
      await step.state.download();
      const after = [...step.state.read(weight).data];
      expect(after).not.toEqual(before);
      expect([...step.toOnnx({ x: column(1, 2) })].length).toBeGreaterThan(0);
      step.state.push();
      expect([...step.state.read(weight).data]).toEqual(before);
      await step({ x: column(1, 2) });
      await step.state.download();
      expect([...step.state.read(weight).data]).toEqual(after);
      await step.dispose();
    });

    it('a state outlives a function in host memory, and goes on with another', async () => {
      const { step, weight } = descent({ device: 'webgpu' });
      const { state } = step;
      await step({ x: column(1, 2) });
      const remote = state.variables
        .map((_, i) => state.buffers?.current(i))
        .filter((buffer) => buffer?.location === 'gpu-buffer');
      expect(remote.length).toBeGreaterThan(0);
      await step.dispose();
      expect(remote.map((buffer) => buffer?.location)).toEqual(remote.map(() => 'none'));
      const before = [...state.read(weight).data];
      expect(before).not.toEqual([...weight.dataSync()]);
      const double = compile(
        () => {
          weight.assign(tf.mul(weight, 2));
          return { done: tf.scalar(1) };
        },
        { state },
      );
      await double({});
      await state.download();
      expect([...state.read(weight).data]).toEqual(before.map((value) => value * 2));
      await double.dispose();
    });

    it('a state that is disposed of frees its buffers there, and is refused from then on', async () => {
      const { step } = descent({ device: 'webgpu' });
      await step({ x: column(1, 2) });
      const remote = step.state.variables
        .map((_, i) => step.state.buffers?.current(i))
        .filter((buffer) => buffer?.location === 'gpu-buffer');
      await step.state.dispose();
      expect(remote.map((buffer) => buffer?.location)).toEqual(remote.map(() => 'none'));
      await expect(step.state.download()).rejects.toMatchObject({ code: 'unavailable' });
      await step.dispose();
    });

    it('a call that is not accepted leaves the state as it was; a view reads there', async () => {
      const v = tf.variable(tf.tensor1d([1, 2]));
      const w = tf.variable(tf.tensor1d([10, 20]));
      const add = compile(
        ({ x }: { x: tf.Tensor }) => {
          v.assign(tf.add(v, x) as tf.Tensor1D);
          w.assign(tf.add(w, x) as tf.Tensor1D);
          return { sum: tf.sum(v) };
        },
        { device: 'webgpu', state: [v, w], accept: ({ sum }) => (sum.data[0] as number) < 100 },
      );
      const one = { dtype: 'float32', shape: [], data: Float32Array.of(1) } as const;
      for (const x of [one, { ...one, data: Float32Array.of(1000) }, one]) await add({ x });
      await add.state.download();
      expect([...add.state.read(v).data]).toEqual([3, 4]);
      const view = stateView(add.state, new Map([[v, w]]));
      const twice = compile(() => tf.mul(v, 2), { device: 'webgpu', state: view });
      expect([...(await twice({})).data]).toEqual([24, 44]);
      await add.dispose();
      await twice.dispose();
    });

    it.each<[string, (x: tf.Tensor2D) => tf.Tensor]>([
      ['products with transposes and a factor', (x) => tf.mul(tf.matMul(x, x, true), 0.5)],
      ['booleans that are moved and reduced', (x) => tf.cast(tf.any(tf.transpose(tf.greater(x, 0)), 1), 'float32')],
      ['an either or', (x) => tf.cast(tf.logicalOr(tf.greater(x, 1), tf.less(x, -1)), 'float32')],
      [
        'the largest, and where it is NaN',
        (x) => tf.max(tf.where(tf.greater(x, 1), tf.fill([3, 4], Number.NaN), x), 1),
      ],
      ['the gradient of a gather', (x) => tf.grad((t) => tf.sum(tf.gather(t, tf.tensor1d([1, 0, 1], 'int32'))))(x)],
    ])('%s agree with the CPU', async (_, fn) => {
      const data = Float32Array.from({ length: 12 }, (__, i) => Math.sin(i * i) * 2);
      const x = { dtype: 'float32', shape: [3, 4], data } as const;
      const results: number[][] = [];
      for (const device of ['webgpu', 'cpu'] as const) {
        const compiled = compile((input: tf.Tensor) => fn(input as tf.Tensor2D), { device });
        const { data } = await compiled(x);
        results.push(Array.from(data, (value) => (Number.isNaN(value) ? -99 : value)));
        await compiled.dispose();
      }
      expect(results[0]).toBeCloseToArray(results[1] as number[]);
    });

    it('an operator without a kernel is named, and arrays without elements are refused', async () => {
      const fn = compile((x: tf.Tensor) => tf.topk(x, 2).values, { device: 'webgpu', name: 'top' });
      await expect(fn({ dtype: 'int32', shape: [3], data: Int32Array.of(1, 2, 3) })).rejects.toThrow(
        /^top: expected a graph that runs wholly on webgpu, got nodes that it has no kernel for: .*TopK\(int32 \[3\]/,
      );
      const empty = { dtype: 'float32', shape: [0, 3], data: new Float32Array() } as const;
      await expect(compile((x: tf.Tensor) => tf.neg(x), { device: 'webgpu' })(empty)).rejects.toMatchObject({
        code: 'unsupported',
      });
    });
  },
);

describe('a device that does not work here', () => {
  it.each([
    ['webgpu', webgpu, /install the Vulkan loader|update the graphics/],
    ['cuda', cuda, /ONNXRUNTIME_NODE_INSTALL=cuda12/],
  ] as const)('%s is an error that says what to install, never another device', async (device, probe, hint) => {
    if (!('fails' in probe)) return;
    const fn = compile((x: tf.Tensor) => tf.neg(x), { device });
    await expect(fn(column(1))).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(hint) });
    await expect(chooseDevice(device)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('auto says why it takes what it takes, and takes nothing that is slower than the CPU', async () => {
    const { device, why } = await chooseDevice('auto');
    const probe = await probeDevice(device);
    expect(why).toMatch(device === 'cpu' ? /webgpu .*; cuda / : /ms for a trial step/);
    if (device !== 'cpu' && !('fails' in probe)) expect(probe.milliseconds).toBeLessThan(probe.cpuMilliseconds);
  });

  it('a name that is none is refused', async () => {
    await expect(chooseDevice('gpu' as never)).rejects.toMatchObject({ code: 'argument' });
  });
});
