import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { compile, type HostTensor, hostTensor } from '../index.js';

const random = seededRandom('compile');
const floats = (...shape: number[]): HostTensor => ({ dtype: 'float32', shape, data: randomArray(random, shape) });

describe('the inputs of a compiled function', () => {
  interface Inputs {
    readonly x: tf.Tensor;
    readonly parts: readonly tf.Tensor[];
    readonly mask?: tf.Tensor;
  }
  const fn = ({ x, parts, mask }: Inputs) => {
    const sum = tf.addN([x, ...parts]);
    return mask ? tf.mul(sum, mask) : sum;
  };
  const compiled = compile(fn, { name: 'weigh' });
  const x = floats(3, 5);
  const parts = [floats(3, 5), floats(3, 5)];
  const call = (inputs: unknown) => compiled(inputs as never);

  it('may be left out where the function does without them, also as undefined', async () => {
    const mask = floats(3, 5);
    const without = await compiled({ x, parts });
    expect((await call({ x, parts, mask: undefined })).data).toEqual(without.data);
    expect((await compiled({ x, parts, mask })).data).toBeCloseToArray(
      without.data.map((value, i) => value * (mask.data[i] as number)) as Float32Array,
    );
  });

  it.each<[string, unknown, string | RegExp]>([
    [
      'a missing input',
      { parts },
      /^weigh: expected the input 'x' or 'mask', which the function reads, got none, and so: Argument/,
    ],
    ['all of them missing', undefined, /got undefined at ''/],
    [
      'an extra input',
      { x, parts, masc: x },
      "expected only inputs that the function reads (x, parts.0, parts.1), got also 'masc'; leave it out, or check its spelling",
    ],
    [
      'a tfjs tensor',
      { x: tf.zeros([3, 5]), parts },
      /got a Tensor at 'x'; turn a tfjs tensor into one with hostTensor/,
    ],
    ['a typed array', { x: x.data, parts }, "got a Float32Array at 'x'"],
    ['a number', { x: 3, parts }, "got 3 at 'x'"],
    ['text', { x: 'abc', parts }, "got abc at 'x'"],
    ['null', { x, parts, mask: null }, "got null at 'mask'"],
    [
      'too few elements',
      { x: { ...x, data: new Float32Array(14) }, parts },
      "weigh: expected 15 elements of float32 (a Float32Array) for 'x' of shape [3, 5], got 14 in a Float32Array",
    ],
    [
      'the array of another dtype',
      { x, parts: [{ ...x, data: new Int32Array(15) }, x] },
      "for 'parts.0' of shape [3, 5], got 15 in a Int32Array",
    ],
    [
      'an unknown dtype',
      { x: { ...x, dtype: 'float64' }, parts },
      "a dtype of float32, int32 or bool and a shape of whole numbers for 'x', got float64 [3,5]",
    ],
    ['a shape that is none', { x: { ...x, shape: [3, -5] }, parts }, 'got float32 [3,-5]'],
    ['another shape than the function takes', { x: floats(3, 5), parts: [floats(2, 5)] }, /same shape/],
  ])('%s is an error that says so', async (_, inputs, message) => {
    await expect(call(inputs)).rejects.toThrow(message);
    await expect(compiled({ x, parts })).resolves.toBeDefined();
  });

  it('count as read when the function lists or spreads them', async () => {
    const spread = compile((inputs: { a: tf.Tensor; b: tf.Tensor }) => ({ ...inputs }));
    const listed = compile((inputs: { a: tf.Tensor; b: tf.Tensor }) => Object.values(inputs).map((t) => tf.neg(t)));
    const unused = compile(({ a }: { a: tf.Tensor; b: tf.Tensor }) => tf.neg(a));
    await expect(spread({ a: x, b: x })).resolves.toEqual({ a: x, b: x });
    await expect(listed({ a: x, b: x })).resolves.toHaveLength(2);
    await expect(unused({ a: x, b: x })).rejects.toThrow("got also 'b'");
  });

  it('may be read and not needed', async () => {
    const compiled = compile(({ a, b }: { a: tf.Tensor; b: tf.Tensor }) => (b.shape[0] === 3 ? tf.neg(a) : a));
    await expect(compiled({ a: x, b: x })).resolves.toMatchObject({ shape: [3, 5] });
  });

  it('an error of the function that has nothing to do with a missing input stays what it is', async () => {
    const failing = compile(({ mask }: { a: tf.Tensor; mask?: tf.Tensor }) => {
      if (!mask) throw new RangeError('no luck');
      return mask;
    });
    await expect(failing({ a: x })).rejects.toThrow(RangeError);
  });
});

describe('a compiled function', () => {
  it('is traced once per set of dtypes and shapes', async () => {
    const shapes: string[] = [];
    const compiled = compile((x: tf.Tensor) => {
      shapes.push(`${x.dtype} ${x.shape}`);
      return tf.neg(x);
    });
    const int = { dtype: 'int32', shape: [3], data: Int32Array.of(1, 2, 3) } as const;
    for (const input of [floats(3), floats(5), floats(3), int, floats(3, 1), int]) {
      expect((await compiled(input)).data).toEqual(input.data.map((value) => -value));
    }
    await compiled.prepare({ ...floats(5), data: new Float32Array() });
    await compiled.prepare(floats(7));
    expect(shapes).toEqual(['float32 3', 'float32 5', 'int32 3', 'float32 3,1', 'float32 7']);
  });

  it('gives arrays that later calls leave alone', async () => {
    const compiled = compile((x: tf.Tensor) => ({ x, y: tf.add(x, 1) }));
    const first = await compiled(floats(3));
    const [x, y] = [first.x.data.slice(), first.y.data.slice()];
    await compiled(floats(3));
    expect([first.x.data, first.y.data]).toEqual([x, y]);
  });

  it('takes and returns nothing but nested objects and arrays, empty ones too', async () => {
    const compiled = compile(({ pair: [a, b] }: { pair: [tf.Tensor, tf.Tensor] }) => ({
      out: [{ sum: tf.add(a, b) }, {}],
      none: undefined,
    }));
    const result = await compiled({ pair: [floats(), floats()] });
    expect(Object.keys(result)).toEqual(['out', 'none']);
    expect(result.out[0]?.sum?.shape).toEqual([]);
    await expect(compile(() => ({}), { name: 'idle' })({})).rejects.toThrow(
      /^idle: expected a function that returns tensors or changes/,
    );
  });

  it('keeps inputs apart that are named like its own values', async () => {
    const v = tf.variable(tf.scalar(100));
    const names = ['v0', 'v3', 'state', 'output', 'out', 'next'];
    const compiled = compile(
      (inputs: Record<string, tf.Tensor[]>) => {
        const sums = Object.fromEntries(
          names.map((name) => [name, tf.add((inputs[name] as tf.Tensor[])[0] as tf.Tensor, v)]),
        );
        v.assign(tf.add(v, 1) as tf.Scalar);
        return sums;
      },
      { state: v },
    );
    const result = await compiled(
      Object.fromEntries(
        names.map((name, i) => [name, [{ dtype: 'float32' as const, shape: [], data: Float32Array.of(i) }]]),
      ),
    );
    expect(names.map((name) => result[name]?.data[0])).toEqual([100, 101, 102, 103, 104, 105]);
  });

  it('starts the default backend where no op has run yet, and leaves the speed of JavaScript numbers alone', async () => {
    await compile((x: tf.Tensor) => tf.neg(x))(floats(3));
    // Flushing subnormal numbers to zero, a setting of ONNX Runtime, would hold for the whole process.
    const tiny = randomArray(random, [1]).map(() => 1)[0] as number;
    expect(tiny * 2 ** -1060).toBeGreaterThan(0);
  });
});

describe('the same call twice', () => {
  it('gives the same bits: a transformer-sized product, reductions and softmax on 2 threads', async () => {
    const compiled = compile(
      ({ a, b }: { a: tf.Tensor; b: tf.Tensor }) => {
        const f = (x: tf.Tensor) => tf.sum(tf.mul(tf.softmax(tf.matMul(x, b)), tf.mean(x, 0)));
        return { loss: f(a), gradient: tf.grad(f)(a) };
      },
      { threads: 2 },
    );
    const inputs = { a: floats(257, 131), b: floats(131, 131) };
    const [first, second] = [await compiled(inputs), await compiled(inputs)];
    expect(first.loss.data).toEqual(second.loss.data);
    expect(first.gradient.data).toEqual(second.gradient.data);
  });

  it("gives the same bits: gather's gradient with many repeated ids on 2 threads, close to a float64 sum", async () => {
    const [rows, width, count] = [11, 64, 20011];
    const compiled = compile(
      ({ table, ids, dy }: { table: tf.Tensor; ids: tf.Tensor; dy: tf.Tensor }) =>
        tf.grad((t) => tf.sum(tf.mul(tf.gather(t, ids as tf.Tensor1D), dy)))(table),
      { threads: 2 },
    );
    const ids = Int32Array.from({ length: count }, () => random.integer(rows));
    const dy = floats(count, width);
    const inputs = { table: floats(rows, width), ids: { dtype: 'int32', shape: [count], data: ids } as const, dy };
    const first = await compiled(inputs);
    for (let i = 0; i < 5; i++) expect((await compiled(inputs)).data).toEqual(first.data);
    const expected = new Float64Array(rows * width);
    ids.forEach((row, i) => {
      for (let j = 0; j < width; j++) (expected[row * width + j] as number) += dy.data[i * width + j] as number;
    });
    expect(first.data as Float32Array).toBeCloseToArray(expected, { relative: 1e-4, absolute: 2e-3 });
  });
});

it('hostTensor feeds a compiled function', async () => {
  const x = tf.tensor2d([
    [1, 2],
    [3, 4],
  ]);
  expect(await compile((t: tf.Tensor) => tf.transpose(t))(hostTensor(x))).toEqual({
    dtype: 'float32',
    shape: [2, 2],
    data: Float32Array.of(1, 3, 2, 4),
  });
});
