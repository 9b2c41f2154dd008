import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { compile, hostTensor } from '../index.js';

const three = { dtype: 'float32', shape: [3], data: Float32Array.of(1, 2, 3) } as const;
const large = tf.tensor(randomArray(seededRandom(1), [1025]));

/** This file and the line after the caller's, as in stack traces. */
function nextLine(): string {
  const [, line] = /refusals\.test\.ts:(\d+)/.exec((new Error().stack ?? '').split('\n')[2] as string) ?? [];
  return `refusals.test.ts:${Number(line) + 1}`;
}

async function refusal(fn: (x: tf.Tensor) => unknown, state?: tf.Variable): Promise<UniecsError> {
  const error = await compile(
    fn,
    state ? { state } : {},
  )(three).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(UniecsError.isInstance(error), String(error)).toBe(true);
  return error as UniecsError;
}

describe('compile refuses, with the place of the call,', () => {
  it('an op that it cannot lower', async () => {
    let line = '';
    const error = await refusal((x) => {
      line = nextLine();
      return tf.fft(tf.complex(x, x));
    });
    expect(error).toMatchObject({ code: 'unsupported', details: { op: 'Complex' } });
    expect(error.message).toContain(line);
  });

  it('an op deep inside a gradient', async () => {
    let line = '';
    const error = await refusal((x) => {
      const f = (y: tf.Tensor) => {
        line = nextLine();
        return tf.sum(tf.selu(tf.tidy(() => tf.mul(y, 2))));
      };
      return tf.grad(f)(x);
    });
    expect(error).toMatchObject({ code: 'unsupported', details: { op: 'Selu' } });
    expect(error.details.callSite).toContain(line);
  });

  it.each<[string, (x: tf.Tensor) => tf.Tensor]>([
    ['randomUniform', (x) => tf.mul(x, tf.randomUniform([3]))],
    ['randomUniform of one element', (x) => tf.mul(x, tf.randomUniform([1]))],
    ['randomUniform with a seed', (x) => tf.mul(x, tf.randomUniform([3], 0, 1, 'float32', 7))],
    ['randomNormal', (x) => tf.mul(x, tf.randomNormal([3]))],
    ['truncatedNormal', (x) => tf.mul(x, tf.truncatedNormal([3]))],
    ['randomGamma', (x) => tf.mul(x, tf.randomGamma([3], 1))],
    ['dropout', (x) => tf.dropout(x, 0.5)],
  ])('a draw of tfjs: %s', async (_, fn) => {
    const error = await refusal(fn);
    expect(error).toMatchObject({ code: 'argument', expected: expect.stringContaining('counterUniform') });
    expect(error.got).toMatch(/^tf\.\w+ at .*refusals\.test\.ts:\d+/);
  });

  it.each<[string, (x: tf.Tensor) => unknown]>([
    ['dataSync', (x) => x.dataSync()],
    ['arraySync', (x) => tf.add(x, 1).arraySync()],
    ['a branch on a value', (x) => ((tf.sum(x).dataSync()[0] as number) > 0 ? x : tf.neg(x))],
    ['print', (x) => x.print()],
  ])('a read of values: %s', async (_, fn) => {
    const error = await refusal(fn);
    expect(error.got).toMatch(/^a read .*refusals\.test\.ts:\d+/);
    expect(error.hint).toContain('tf.where');
  });

  it('a large tensor from outside; a small one is a constant', async () => {
    let line = '';
    const error = await refusal((x) => {
      line = nextLine();
      return tf.concat([x, large]);
    });
    expect(error.got).toContain('a tensor of shape [1025]');
    expect(error.got).toContain(line);
    const scale = tf.scalar(2);
    expect((await compile((x: tf.Tensor) => tf.mul(x, scale))(three)).data).toEqual(Float32Array.of(2, 4, 6));
  });

  it('a large array made inside', async () => {
    const array = randomArray(seededRandom(2), [65537]);
    expect((await refusal((x) => tf.add(tf.sum(x), tf.tensor1d(array)))).got).toContain('an array of shape [65537]');
  });

  it('a variable that is not declared: to read, to assign, to make', async () => {
    const [declared, stray] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(2))];
    expect((await refusal((x) => tf.mul(x, stray), declared)).got).toMatch(
      /^a variable of shape \[\] used at .*refusals/,
    );
    const assigned = await refusal((x) => [stray.assign(tf.sum(x))].slice(1), declared);
    expect(assigned.got).toContain(`variable '${stray.name}'`);
    expect([declared.dataSync()[0], stray.dataSync()[0]]).toEqual([1, 2]);
    const variables = Object.keys(tf.engine().registeredVariables).length;
    expect((await refusal((x) => tf.mul(x, tf.variable(tf.scalar(3))), declared)).got).toContain('a new variable');
    expect(Object.keys(tf.engine().registeredVariables).length).toBe(variables);
  });

  it('strings and complex numbers', async () => {
    expect((await refusal((x) => [x, tf.equal(tf.tensor1d(['a']), 'a')])).got).toContain('a string tensor');
    expect((await refusal((x) => tf.cast(x, 'complex64'))).code).toBe('unsupported');
  });

  it('arithmetic on booleans', async () => {
    const error = await refusal((x) => tf.add(tf.greater(x, 1), tf.less(x, 1)));
    expect(error).toMatchObject({ code: 'unsupported', details: { op: 'Add' } });
  });

  it.each<[string, (x: tf.Tensor) => unknown, string]>([
    ['a promise', async (x) => tf.neg(x), "a Promise at ''"],
    ['a number beside tensors', (x) => ({ loss: tf.sum(x), count: 3 }), "3 at 'count'"],
    ['null', (x) => [x, null], "null at '1'"],
    ['a typed array', (x) => ({ x, raw: new Float32Array(3) }), "a Float32Array at 'raw'"],
    ['nothing', () => undefined, "undefined at ''"],
    ['two entries of one path', (x) => ({ 'a.b': x, a: { b: x } }), "two entries at 'a.b'"],
  ])('to return %s', async (_, fn, got) => {
    expect((await refusal(fn)).got).toBe(got);
  });
});

describe('a function that throws while it is traced', () => {
  const boom = new Error('boom');
  const v = tf.variable(tf.tensor1d([1, 2, 3]));
  const failures: [string, (x: tf.Tensor) => tf.Tensor][] = [
    [
      'at once',
      () => {
        throw boom;
      },
    ],
    [
      'after assigning',
      (x) => {
        v.assign(x as tf.Tensor1D);
        throw boom;
      },
    ],
    [
      'in a tidy',
      (x) =>
        tf.tidy(() => {
          tf.add(x, v);
          throw boom;
        }),
    ],
    [
      'in a gradient',
      (x) =>
        tf.grad((y) => {
          tf.mul(tf.exp(y), v);
          throw boom;
        })(x),
    ],
    [
      'in a nested gradient',
      (x) =>
        tf.grad((y) =>
          tf.sum(
            tf.grad((z) => {
              tf.mul(tf.exp(z), y);
              throw boom;
            })(y),
          ),
        )(x),
    ],
    [
      'in the gradient of a custom op',
      (x) =>
        tf.grad((y) =>
          tf.customGrad((z) => ({
            value: tf.exp(z as tf.Tensor),
            gradFunc: () => {
              throw boom;
            },
          }))(y),
        )(x),
    ],
  ];

  it.each(failures)('%s: its error comes out; backend, variables and tensor count are as before', async (_, fn) => {
    const compiled = compile(fn, { state: v });
    const [backend, { numTensors, numDataBuffers }] = [tf.getBackend(), tf.memory()];
    for (let i = 0; i < 3; i++) await expect(compiled(three)).rejects.toBe(boom);
    expect(tf.getBackend()).toBe(backend);
    expect(Array.from(v.dataSync())).toEqual([1, 2, 3]);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    expect(tf.engine().state.activeTape ?? null).toBeNull();
    const eager = tf.grad((x) => tf.sum(tf.square(x)))(v as tf.Tensor);
    expect(Array.from(eager.dataSync()), 'eager gradients still work').toEqual([2, 4, 6]);
    eager.dispose();
  });

  it('may succeed at the next call', async () => {
    let ready = false;
    const compiled = compile((x: tf.Tensor) => {
      if (!ready) throw boom;
      return tf.neg(x);
    });
    await expect(compiled(three)).rejects.toBe(boom);
    ready = true;
    expect((await compiled(three)).data).toEqual(Float32Array.of(-1, -2, -3));
  });
});

it('a trace that succeeds leaves no tensor and keeps the variables', async () => {
  const v = tf.variable(tf.tensor1d([1, 2, 3]));
  const compiled = compile(
    (x: tf.Tensor) => {
      const { value, grads } = tf.variableGrads(() => tf.sum(tf.mul(tf.exp(v), x)), [v]);
      v.assign(tf.sub(v, grads[v.name] as tf.Tensor) as tf.Tensor1D);
      return { value, kept: tf.keep(tf.neg(x)) };
    },
    { state: v },
  );
  const x = tf.tensor1d([1, 1, 1]);
  const { numTensors } = tf.memory();
  await compiled(hostTensor(x));
  await compiled(hostTensor(x));
  // tf.keep asks for a leak, and gets it once: at the trace.
  expect(tf.memory().numTensors - numTensors).toBe(1);
  expect(Array.from(v.dataSync())).toEqual([1, 2, 3]);
});
