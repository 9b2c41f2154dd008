import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import '../index.js';
import { disposeModule, namedParameters, parameters } from '../module.js';
import { maskedMean } from '../ops/masked-mean.js';
import { seededRandom } from '../random/seeded-random.js';
import { expectGradients, input, type Values } from '../testing/expect-gradients.js';
import { gelu64, layerNorm64, linear64, multiHeadAttention64, quickGelu64 } from '../testing/float64.js';
import { expectNoTensorLeak } from '../testing/no-tensor-leak.js';
import { randomArray } from '../testing/random-array.js';
import '../testing/to-be-close-to-array.js';
import { dropoutMask, dropoutSource } from './dropout.js';
import { type TransformerBlockOptions, transformerBlock } from './transformer-block.js';

const [B, L, heads, dh] = [2, 3, 2, 2];
const width = heads * dh;

function block(options: Partial<TransformerBlockOptions> = {}) {
  const made = transformerBlock({ width, heads, ffnRatio: 1.5, random: seededRandom('block'), ...options });
  for (const [name, p] of namedParameters(made)) {
    const spread = tf.mul(tf.tensor(randomArray(seededRandom(name), p.shape), p.shape), 0.5);
    p.assign(/layer_norm\d\.weight/.test(name) ? tf.add(spread, 1) : spread);
  }
  return made;
}

interface Form {
  readonly norm: 'pre' | 'post';
  readonly activation: 'gelu' | 'quickGelu';
  readonly mask?: readonly number[];
  /** Dropout factors: of the probabilities, after attention, after the feed-forward network. */
  readonly factors?: readonly (ArrayLike<number> | undefined)[];
}

/** The block in float64 loops: `x + f(norm(x))` or `norm(x + f(x))`, f attention and then the feed-forward network. */
function block64(p: Values, { norm, activation, mask, factors = [] }: Form): number[] {
  const of = (name: string) => p[name] as Float64Array;
  const activate = activation === 'gelu' ? gelu64 : quickGelu64;
  const scale = (x: number[], by?: ArrayLike<number>) => x.map((value, i) => value * (by ? (by[i] as number) : 1));
  const normalize = (x: ArrayLike<number>, name: string) =>
    layerNorm64(x, of(`${name}.weight`), of(`${name}.bias`), 1e-5);
  const plus = (x: ArrayLike<number>, y: number[]) => y.map((value, i) => value + (x[i] as number));
  const attend = (x: ArrayLike<number>) =>
    scale(multiHeadAttention64({ B, H: heads, Lq: L, Lk: L, dh }, p, 'self_attn.', x, x, mask, factors[0]), factors[1]);
  const feed = (x: number[]) => {
    const hidden = linear64(x, of('mlp.fc1.weight'), of('mlp.fc1.bias'), width).map(activate);
    return scale(linear64(hidden, of('mlp.fc2.weight'), of('mlp.fc2.bias'), 6), factors[2]);
  };
  const x = of('x');
  if (norm === 'pre') {
    const attended = plus(x, attend(normalize(x, 'layer_norm1')));
    return plus(attended, feed(normalize(attended, 'layer_norm2')));
  }
  const attended = normalize(plus(x, attend(x)), 'layer_norm1');
  return normalize(plus(attended, feed(attended)), 'layer_norm2');
}

describe('agrees with float64 loops, values and gradients of the input and all parameters', () => {
  it.each<Form>([
    { norm: 'pre', activation: 'gelu' },
    { norm: 'post', activation: 'gelu', mask: [1, 1, 0, 1, 0, 0] },
    { norm: 'pre', activation: 'quickGelu', mask: [1, 1, 0, 0, 0, 0] },
  ])('%j', (form) => {
    const made = block(form);
    const x = input([B, L, width], 'x');
    const mask = form.mask && tf.tensor2d([...form.mask], [B, L]);
    expectGradients(
      new Map([...namedParameters(made), ['x', x]]),
      () => made.forward(x, mask),
      (p) => block64(p, form),
      { relative: 2e-5, absolute: 1e-5 },
    );
  });

  it('with dropout at its three sites', () => {
    const made = block({ dropout: 0.4 });
    const x = input([B, L, width], 'x');
    const source = () => ({ dropout: dropoutSource({ key: tf.tensor1d([5, 6]), rows: tf.tensor1d([8, 9]) }) });
    const sites = source();
    const factors = [
      [B, heads, L, L],
      [B, L, width],
      [B, L, width],
    ].map((shape) => dropoutMask(shape, 0.4, sites)?.dataSync());
    expect(new Set(factors.flatMap((f) => [...(f ?? [])]))).toEqual(new Set([0, Math.fround(1 / 0.6)]));
    expectGradients(
      new Map([...namedParameters(made), ['x', x]]),
      () => made.forward(x, undefined, source()),
      (p) => block64(p, { norm: 'pre', activation: 'gelu', factors }),
      { relative: 2e-5, absolute: 1e-5 },
    );
  });
});

describe.each([{ norm: 'pre' }, { norm: 'post' }] as const)('forwardMean, $norm-norm', (form) => {
  it.each([
    { name: 'no mask', mask: undefined, rate: 0 },
    { name: 'a mask', mask: [1, 0, 1, 1, 1, 0], rate: 0 },
    { name: 'a mask and dropout', mask: [1, 0, 1, 1, 1, 0], rate: 0.4 },
  ])('is the masked mean of forward, values and gradients, with $name', ({ mask, rate }) => {
    const made = block({ ...form, dropout: rate });
    const x = tf.tensor(randomArray(seededRandom('x'), [B, L, width]), [B, L, width]);
    const weights = tf.tensor(randomArray(seededRandom('w'), [B, width]), [B, width]);
    const keyMask = mask && tf.tensor(mask, [B, L]);
    const context = () => ({ dropout: dropoutSource({ key: tf.tensor1d([3, 5]), rows: tf.range(0, B) }) });
    const run = (mean: () => tf.Tensor) =>
      tf.variableGrads(() => tf.sum(tf.mul(mean(), weights)) as tf.Scalar, parameters(made));
    const expected = run(() => maskedMean(made.forward(x, keyMask, context()), keyMask));
    const actual = run(() => made.forwardMean(x, keyMask, context()));
    expect(made.forwardMean(x, keyMask, context())).toBeCloseToArray(
      maskedMean(made.forward(x, keyMask, context()), keyMask),
    );
    for (const variable of parameters(made)) {
      expect(actual.grads[variable.name] as tf.Tensor).toBeCloseToArray(expected.grads[variable.name] as tf.Tensor, {
        absolute: 1e-5,
      });
    }
  });
});

it("names its parameters as CLIP's checkpoints do, with PyTorch's shapes", () => {
  const shapes = [...namedParameters(transformerBlock({ width: 6, heads: 3, random: seededRandom(1) }))];
  expect(shapes.map(([name, p]) => `${name} [${p.shape}]`)).toEqual([
    'layer_norm1.weight [6]',
    'layer_norm1.bias [6]',
    'self_attn.q_proj.weight [6,6]',
    'self_attn.q_proj.bias [6]',
    'self_attn.k_proj.weight [6,6]',
    'self_attn.k_proj.bias [6]',
    'self_attn.v_proj.weight [6,6]',
    'self_attn.v_proj.bias [6]',
    'self_attn.out_proj.weight [6,6]',
    'self_attn.out_proj.bias [6]',
    'layer_norm2.weight [6]',
    'layer_norm2.bias [6]',
    'mlp.fc1.weight [24,6]',
    'mlp.fc1.bias [24]',
    'mlp.fc2.weight [6,24]',
    'mlp.fc2.bias [6]',
  ]);
});

it('starts with different weights in every matrix', () => {
  const matrices = parameters(transformerBlock({ width: 6, heads: 3, ffnRatio: 1, random: seededRandom(1) })).filter(
    (p) => p.rank === 2,
  );
  expect(new Set(matrices.map((p) => p.dataSync()[0])).size).toBe(6);
});

it('what a masked token holds does not reach the other tokens', () => {
  const made = block();
  const mask = tf.tensor2d([[1, 1, 0]]);
  const run = (padding: number) =>
    tf.slice(
      made.forward(tf.concat([input([1, 2, width], 'x'), tf.fill([1, 1, width], padding)], 1), mask),
      [0, 0, 0],
      [1, 2, width],
    );
  expect(run(0)).toBeCloseToArray(run(50), { relative: 0, absolute: 0 });
});

it('passes epsilon to both normalizations', () => {
  const x = tf.tensor3d([1e-4, -2e-4, 3e-4, 1e-4], [1, 1, width]);
  const [fine, coarse] = [block({ epsilon: 1e-12 }).forward(x), block({ epsilon: 1 }).forward(x)];
  expect(fine).not.toBeCloseToArray(coarse, { absolute: 0.01 });
});

it('leaks nothing over its life', async () => {
  await expectNoTensorLeak(() => {
    const made = transformerBlock({ width, heads, dropout: 0.3, random: seededRandom(2) });
    const [x, mask, key, rows] = [tf.ones([B, L, width]), tf.ones([B, L]), tf.tensor1d([1, 2]), tf.tensor1d([0, 1])];
    const run = () => made.forward(x, mask, { dropout: dropoutSource({ key, rows }) });
    const { value, grads } = tf.variableGrads(() => tf.sum(run()) as tf.Scalar, parameters(made));
    for (const t of [run(), x, mask, key, rows, value, ...Object.values(grads)]) t.dispose();
    disposeModule(made);
  });
});
