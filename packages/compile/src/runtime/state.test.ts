import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import * as tf from '@tensorflow/tfjs-core';
import { linear, namedParameters, seededRandom } from '@uniecs/tensor';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { compile, deviceState, hostTensor, variablesOf } from '../index.js';

const scalar = (value: number) => ({ dtype: 'float32', shape: [], data: Float32Array.of(value) }) as const;
const variable = (...values: number[]) => tf.variable(tf.tensor1d(values));
const valuesOf = (tensor: { data: ArrayLike<number> }) => Array.from(tensor.data);
const none = {};
/** What a function returns that only assigns. */
const only = (_assigned: unknown) => none;

describe('the state of a compiled function', () => {
  it('carries assignments from call to call', async () => {
    const v = variable(1, 2, 3);
    const add = compile(
      ({ x }: { x: tf.Tensor }) => {
        v.assign(tf.add(v, x) as tf.Tensor1D);
        return tf.mul(v, 10);
      },
      { state: v },
    );
    expect(valuesOf(await add({ x: scalar(1) }))).toEqual([20, 30, 40]);
    expect(valuesOf(await add({ x: scalar(2) }))).toEqual([40, 50, 60]);
    expect(valuesOf(add.state.read(v))).toEqual([4, 5, 6]);
  });

  it('leaves the tfjs variable alone until sync', async () => {
    const v = variable(1);
    const double = compile(() => only(v.assign(tf.mul(v, 2) as tf.Tensor1D)), { state: v });
    for (let i = 0; i < 3; i++) await double(none);
    expect(Array.from(v.dataSync())).toEqual([1]);
    await expectNoTensorLeak(() => double.sync());
    expect(Array.from(v.dataSync())).toEqual([8]);
    await double(none);
    expect(Array.from(v.dataSync()), 'a synced value is a copy').toEqual([8]);
  });

  it('is read where it is only read', async () => {
    const v = variable(2, 3);
    const scale = compile(({ x }: { x: tf.Tensor }) => tf.mul(v, x), { state: v });
    expect(valuesOf(await scale({ x: scalar(5) }))).toEqual([10, 15]);
    expect(valuesOf(await scale({ x: scalar(7) }))).toEqual([14, 21]);
  });

  it('takes values that were pushed after an eager change', async () => {
    const v = variable(1);
    const read = compile(() => tf.add(v, 0.5), { state: v });
    v.assign(tf.tensor1d([4]));
    expect(valuesOf(await read(none))).toEqual([1.5]);
    read.state.push();
    expect(valuesOf(await read(none))).toEqual([4.5]);
  });

  it('swaps two variables, each assigned the old value of the other', async () => {
    const [a, b] = [variable(1, 2), variable(3, 4)];
    const swap = compile(
      () => {
        const old = tf.clone(a as tf.Tensor);
        a.assign(b);
        b.assign(old as tf.Tensor1D);
        return {};
      },
      { state: [a, b] },
    );
    await swap(none);
    expect([a, b].map((v) => valuesOf(swap.state.read(v)))).toEqual([
      [3, 4],
      [1, 2],
    ]);
    await swap(none);
    await swap(none);
    await swap.sync();
    expect([a, b].map((v) => Array.from(v.dataSync()))).toEqual([
      [3, 4],
      [1, 2],
    ]);
  });

  it('keeps the last of two assignments, and reads in between see the first', async () => {
    const v = variable(1);
    const twice = compile(
      () => {
        v.assign(tf.add(v, 1) as tf.Tensor1D);
        const between = tf.clone(v as tf.Tensor);
        v.assign(tf.mul(v, 10) as tf.Tensor1D);
        return { between, after: v as tf.Tensor };
      },
      { state: v },
    );
    const { between, after } = await twice(none);
    expect([valuesOf(between), valuesOf(after), valuesOf(twice.state.read(v))]).toEqual([[2], [20], [20]]);
  });

  it('keeps a variable that is assigned its own value, a constant, or nothing', async () => {
    const [own, constant, untouched] = [variable(1), variable(2), variable(3)];
    const fn = compile(
      () => {
        own.assign(tf.clone(own as tf.Tensor) as tf.Tensor1D);
        constant.assign(tf.tensor1d([7]));
        return {};
      },
      { state: { own, constant, untouched } },
    );
    await fn(none);
    await fn(none);
    expect([own, constant, untouched].map((v) => valuesOf(fn.state.read(v)))).toEqual([[1], [7], [3]]);
  });

  it('may be returned as it was, as it is, and together with inputs, constants and repeats', async () => {
    const v = variable(1, 2);
    const fn = compile(
      ({ x }: { x: tf.Tensor }) => {
        const old = tf.clone(v as tf.Tensor);
        v.assign(tf.add(v, x) as tf.Tensor1D);
        const sum = tf.sum(v);
        return {
          old,
          now: v as tf.Tensor,
          x,
          constant: tf.tensor1d([5, 6]),
          splat: tf.zeros([3]),
          sums: [sum, sum, tf.sum(v)],
        };
      },
      { state: v },
    );
    await fn({ x: scalar(1) });
    const { old, now, x, constant, splat, sums } = await fn({ x: scalar(2) });
    expect([old, now, x, constant, splat, ...sums].map(valuesOf)).toEqual([
      [2, 3],
      [4, 5],
      [2],
      [5, 6],
      [0, 0, 0],
      [9],
      [9],
      [9],
    ]);
  });

  it('may be shared: each function sees what the others assigned, whatever their shapes', async () => {
    const v = variable(1, 1);
    const other = variable(9);
    const state = deviceState([v, other]);
    const add = compile(({ x }: { x: tf.Tensor }) => only(v.assign(tf.add(v, tf.sum(x)) as tf.Tensor1D)), {
      state,
    });
    const double = compile(() => only(v.assign(tf.mul(v, 2) as tf.Tensor1D)), { state });
    const read = compile(() => tf.concat([v, other]), { state });
    await add({ x: { dtype: 'float32', shape: [3], data: Float32Array.of(1, 1, 1) } });
    await double(none);
    await add({ x: scalar(1) });
    expect(valuesOf(await read(none))).toEqual([9, 9, 9]);
    await state.pull();
    expect(Array.from(v.dataSync())).toEqual([9, 9]);
  });

  it('holds int32 and bool variables', async () => {
    const [count, flag] = [tf.variable(tf.tensor1d([1, 2], 'int32')), tf.variable(tf.tensor1d([1, 0], 'bool'))];
    const fn = compile(
      () => {
        count.assign(tf.add(count, tf.scalar(1, 'int32')) as tf.Tensor1D);
        flag.assign(tf.logicalNot(flag) as tf.Tensor1D);
        return {};
      },
      { state: [count, flag] },
    );
    await fn(none);
    await fn.sync();
    expect([...count.dataSync(), ...flag.dataSync()]).toEqual([2, 3, 0, 1]);
    expect([count.dtype, flag.dtype]).toEqual(['int32', 'bool']);
  });

  it('is not mixed up with an older copy that shares its data', async () => {
    const v = variable(1);
    const copy = tf.clone(v as tf.Tensor);
    const fn = compile(
      () => {
        v.assign(tf.add(v, 1) as tf.Tensor1D);
        return tf.sub(v, copy);
      },
      { state: v },
    );
    expect(valuesOf(await fn(none))).toEqual([1]);
    expect(valuesOf(await fn(none))).toEqual([2]);
  });

  it('takes calls in flight one after the other, in the order of the calls, also past a failure', async () => {
    const v = variable(1);
    const state = deviceState(v);
    const apply = compile(
      ({ x, ids }: { x: tf.Tensor; ids: tf.Tensor }) => {
        v.assign(tf.add(tf.mul(v, 2), tf.gather(x, ids as tf.Tensor1D)) as tf.Tensor1D);
        return v as tf.Tensor;
      },
      { state },
    );
    const read = compile(() => tf.neg(v), { state });
    const table = (...values: number[]) =>
      ({ dtype: 'float32', shape: [values.length], data: Float32Array.from(values) }) as const;
    const id = (value: number) => ({ dtype: 'int32', shape: [1], data: Int32Array.of(value) }) as const;
    const results = await Promise.allSettled([
      apply({ x: table(1, 2), ids: id(1) }),
      // Another shape, so traced and built first; the order stays.
      apply({ x: table(1, 2, 5), ids: id(2) }),
      apply({ x: table(1, 2), ids: id(7) }),
      read(none),
      apply({ x: table(1, 2), ids: id(0) }),
    ]);
    const values = results.map((result) => (result.status === 'fulfilled' ? valuesOf(result.value)[0] : 'failed'));
    expect(values).toEqual([4, 13, 'failed', -13, 27]);
  });

  it('keeps the values of before a call that fails while running', async () => {
    const [v, table] = [variable(1), variable(5, 6)];
    const fn = compile(
      ({ ids }: { ids: tf.Tensor }) => {
        v.assign(tf.add(v, 1) as tf.Tensor1D);
        return tf.gather(table, ids as tf.Tensor1D);
      },
      { state: [v, table] },
    );
    const id = (value: number) => ({ ids: { dtype: 'int32', shape: [1], data: Int32Array.of(value) } }) as const;
    for (const bad of [2, -1]) {
      await expect(fn(id(bad))).rejects.toMatchObject({ code: 'data', message: expect.stringContaining('Gather') });
    }
    expect(valuesOf(fn.state.read(v))).toEqual([1]);
    expect(valuesOf(await fn(id(1)))).toEqual([6]);
    expect(valuesOf(fn.state.read(v))).toEqual([2]);
  });

  it('is found in modules and plain trees, each variable once, and nothing else passes for it', () => {
    const layer = linear({ inputSize: 3, outputSize: 2, random: seededRandom(1) });
    const step = tf.variable(tf.scalar(0));
    const { weight, bias } = layer.tree;
    expect(variablesOf([layer, { step, again: [step, weight] }])).toEqual([...namedParameters(layer).values(), step]);
    expect(variablesOf([layer])).toEqual([weight, bias]);
    expect(() => variablesOf({ moments: [tf.zeros([2]) as never] })).toThrow(/tensor of shape \[2\] at 'moments.0'/);
    expect(() => deviceState([step]).read(weight)).toThrow(/one of the 1 variables/);
  });

  it('is freed after the calls in flight, and refused from then on', async () => {
    const v = variable(1);
    const state = deviceState(v);
    const add = compile(() => only(v.assign(tf.add(v, 1) as tf.Tensor1D)), { state });
    const inFlight = Promise.all([add(none), state.pull()]);
    await Promise.all([state.dispose(), state.dispose()]);
    await inFlight;
    expect(Array.from(v.dataSync()), 'the tfjs variable stays').toEqual([2]);
    const refused = { code: 'unavailable', message: expect.stringContaining('disposed') };
    for (const use of [() => add(none), () => state.pull(), async () => state.read(v), async () => state.push()]) {
      await expect(use()).rejects.toMatchObject(refused);
    }
    await add.dispose();
  });

  it('survives the disposal of one function that uses it', async () => {
    const v = variable(1);
    const state = deviceState(v);
    const increase = () => compile(() => only(v.assign(tf.add(v, 1) as tf.Tensor1D)), { state });
    const [first, second] = [increase(), increase()];
    const inFlight = first(none);
    await first.dispose();
    await inFlight;
    await expect(first(none)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(first.prepare(none)).rejects.toMatchObject({ code: 'unavailable' });
    expect(() => first.toOnnx(none)).toThrow(/disposed/);
    await second(none);
    expect(valuesOf(state.read(v))).toEqual([3]);
    await second.dispose();
    await second.dispose();
  });
});

describe('hostTensor', () => {
  it('holds the array of its dtype, also after a cast that keeps the data', () => {
    const cast = hostTensor(tf.cast(tf.tensor1d([1, 2], 'int32'), 'float32'));
    expect(cast).toEqual({ dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) });
    expect(hostTensor(tf.tensor1d([true, false], 'bool')).data).toBeInstanceOf(Uint8Array);
    expect(() => hostTensor(tf.tensor1d(['a']))).toThrow(/expected a tensor of float32, int32 or bool, got string/);
  });
});
