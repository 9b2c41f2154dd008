import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import * as tf from '@tensorflow/tfjs-core';
import { linear, maskedMean, namedParameters, seededRandom, transformerBlock } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { compile, type HostTensor, hostTensor, inChunks } from '../index.js';

const [width, length, heads] = [6, 5, 2];
const random = seededRandom('chunks');
const block = transformerBlock({ width, heads, random: random.fork('block') });
const head = linear({ inputSize: width, outputSize: 3, random: random.fork('head') });
const unused = linear({ inputSize: 2, outputSize: 2, random: random.fork('unused') });
const modules = { tree: { block, head, unused } };
const variables = [...namedParameters(modules).values()];
for (const variable of variables) {
  tf.tidy(() => variable.assign(tf.tensor(randomArray(random, variable.shape), variable.shape)));
}

interface Rows {
  readonly x: tf.Tensor;
  readonly mask: tf.Tensor;
}

/** Two outputs a row; one of them reads a tensor from outside that is the same for all rows. */
const model = ({ x, mask }: Rows, shift: tf.Tensor) => {
  const tokens = block.forward(tf.add(x, shift), mask);
  const pooled = maskedMean(tokens, mask);
  return { pooled, scores: head.forward(pooled) };
};

function step(rows: number, recompute = false) {
  return ({
    x,
    mask,
    shift,
    directions,
  }: Rows & { shift: tf.Tensor; directions: Record<'pooled' | 'scores', tf.Tensor> }) => {
    const pass = inChunks((chunk: Rows) => model(chunk, shift), { x, mask }, { variables, rows, recompute });
    // What comes back may depend on the outputs of all rows.
    const mean = tf.mean(pass.outputs.pooled, 0, true);
    const gradients = pass.pullBack({ ...directions, pooled: tf.mul(directions.pooled, mean) });
    return { outputs: pass.outputs, gradients };
  };
}

function inputs(count: number) {
  const host = (...shape: number[]) => hostTensor(tf.tensor(randomArray(random, shape), shape));
  const mask = tf.tidy(() =>
    tf.cast(tf.greater(tf.tensor(randomArray(random, [count, length]), [count, length]), -0.5), 'float32'),
  );
  return {
    x: host(count, length, width),
    mask: hostTensor(mask),
    shift: host(1, 1, width),
    directions: { pooled: host(count, width), scores: host(count, 3) },
  };
}

const arrays = ({ outputs, gradients }: { outputs: Record<string, HostTensor>; gradients: readonly HostTensor[] }) =>
  [...Object.values(outputs), ...gradients].map(({ data }) => Float64Array.from(data as Float32Array));

describe('inChunks', () => {
  it.each([
    ['chunks that divide the rows', 6, 2],
    ['a ragged last chunk', 7, 3],
    ['one chunk', 5, 5],
    ['a chunk larger than the batch', 4, 11],
    ['chunks of one row', 3, 1],
    ['one row', 1, 4],
    ['a ragged last chunk, blocks computed again', 7, 3, true],
  ])('compiled, gives what the whole batch gives eagerly: %s', async (_, count, rows, recompute = false) => {
    const given = inputs(count);
    const compiled = compile(step(rows, recompute), { state: modules });
    const actual = arrays((await compiled(given)) as never);
    const tensors = (tree: object): never =>
      Object.fromEntries(
        Object.entries(tree).map(([name, node]) => [
          name,
          'data' in node ? tf.tensor(node.data, node.shape, node.dtype) : tensors(node),
        ]),
      ) as never;
    const { outputs, gradients } = step(rows)(tensors(given));
    const eager = [...Object.values(outputs), ...gradients].map((x) => Float64Array.from(x.dataSync()));
    expect(actual.length).toBe(eager.length);
    // The gradient of a key bias, zero in theory, is rounding of the others: what counts is the error against the largest entry.
    const absolute = 1e-5 * Math.max(...eager.flatMap((array) => [...array].map(Math.abs)));
    actual.forEach((array, i) => {
      expect(array).toBeCloseToArray(eager[i] as Float64Array, { relative: 1e-4, absolute });
    });
    await compiled.dispose();
  });

  it('a gradient from another row is noticed', async () => {
    const given = inputs(6);
    const compiled = compile(step(2), { state: modules });
    const right = arrays((await compiled(given)) as never).at(-4) as Float64Array;
    const rolled = given.directions.scores.data as Float32Array;
    const scores = {
      ...given.directions.scores,
      data: Float32Array.from(rolled, (_, i) => rolled[(i + 3) % rolled.length] as number),
    };
    const wrong = arrays((await compiled({ ...given, directions: { ...given.directions, scores } })) as never).at(-4);
    expect(wrong).not.toBeCloseToArray(right, { relative: 1e-3, absolute: 1e-3 });
    await compiled.dispose();
  });

  it('a variable that no output depends on has a gradient of zeros', async () => {
    const compiled = compile(step(2), { state: modules });
    const { gradients } = (await compiled(inputs(4))) as { gradients: readonly HostTensor[] };
    const [weight, bias] = gradients.slice(-2) as [HostTensor, HostTensor];
    expect([...weight.data, ...bias.data].every((value) => value === 0)).toBe(true);
    await compiled.dispose();
  });

  it('may be pulled back several times', async () => {
    const twice = compile(
      ({ x, mask, a, b }: Rows & { a: tf.Tensor; b: tf.Tensor }) => {
        const zero = tf.zeros([1, 1, width]);
        const pass = inChunks(
          (chunk: Rows) => ({ pooled: model(chunk, zero).pooled }),
          { x, mask },
          { variables, rows: 2 },
        );
        const [one, other] = [pass.pullBack({ pooled: a }), pass.pullBack({ pooled: b })];
        return {
          both: pass.pullBack({ pooled: tf.add(a, b) }),
          sum: one.map((x, i) => tf.add(x, other[i] as tf.Tensor)),
        };
      },
      { state: modules },
    );
    const { x, mask, directions } = inputs(5);
    const { both, sum } = (await twice({ x, mask, a: directions.pooled, b: inputs(5).directions.pooled })) as Record<
      'both' | 'sum',
      readonly HostTensor[]
    >;
    both.forEach(({ data }, i) => {
      expect(Float64Array.from(data)).toBeCloseToArray(Float64Array.from((sum[i] as HostTensor).data), {
        relative: 1e-4,
        absolute: 1e-4,
      });
    });
    await twice.dispose();
  });

  it('says what is wrong with rows that do not fit', async () => {
    const uneven = compile(
      ({ x, mask }: Rows) =>
        inChunks((rows: Rows) => ({ y: tf.sum(rows.x, [1, 2]), m: rows.mask }), { x, mask }, { variables: [], rows: 2 })
          .outputs,
    );
    const { x } = inputs(4);
    await expect(uneven({ x, mask: inputs(3).mask })).rejects.toThrow(
      /inputs of 4 rows each, got shape \[3, 5\] at 'mask'/,
    );
    const whole = compile(
      ({ x }: { x: tf.Tensor }) =>
        inChunks((rows: { x: tf.Tensor }) => ({ y: tf.sum(rows.x, 0) }), { x }, { variables: [], rows: 2 }).outputs,
    );
    await expect(whole({ x })).rejects.toThrow(/outputs of 2 rows for 2 rows, got \[5, 6\]/);
  });
});
