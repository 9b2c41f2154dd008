import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom } from '@uniecs/tensor';
import { expectNoTensorLeak, finiteDifference, randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { gate } from './gate.js';
import { linears } from './testing/float64-fusion.js';
import { parameters64, scatter } from './testing/small-fusion.js';

const [batch, count, width] = [2, 5, 3];
const random = seededRandom(4);
const own = randomArray(random, [batch, count, width]);
const attended = randomArray(random, [batch, count, width]);
const shared = randomArray(random, [batch, 1, width]);
const cotangent = randomArray(random, [batch, count, width]);
const indicator = [1, 0];

function scatteredGate() {
  const layer = gate({ width, random: seededRandom(1) });
  scatter(layer, seededRandom(2));
  return layer;
}

/** Eq. 3 and 4 in plain loops; `heard` has a vector per token, or one per row. */
function gate64(p: ReadonlyMap<string, Float64Array>, tokens: ArrayLike<number>, heard: ArrayLike<number>): number[] {
  const result: number[] = [];
  const named = new Map([...p].map(([name, values]) => [`gate.${name}`, values]));
  for (let b = 0; b < batch; b++) {
    for (let n = 0; n < count; n++) {
      const x = Array.from({ length: width }, (_, d) => tokens[(b * count + n) * width + d] as number);
      const place = heard.length === tokens.length ? b * count + n : b;
      const y = x.map((_, d) => heard[place * width + d] as number);
      const [logits] = linears(named, 'gate', [[...x, ...y, indicator[b] as number]]);
      const opening = (logits as number[]).map((z) => 1 / (1 + Math.exp(-z)));
      result.push(...x.map((v, d) => (opening[d] as number) * (y[d] as number) + (1 - (opening[d] as number)) * v));
    }
  }
  return result;
}

const weigh = (y: number[]) => y.reduce((sum, value, i) => sum + value * (cotangent[i] as number), 0);

describe.each([
  { heard: attended, tokens: count, name: 'attended tokens of its own length' },
  { heard: shared, tokens: 1, name: 'one attended token for all' },
])('gate with $name', ({ heard, tokens }) => {
  const layer = scatteredGate();
  const p = parameters64(layer);
  const ownTensor = () => tf.tensor3d(own, [batch, count, width]);
  const heardTensor = () => tf.tensor3d(heard, [batch, tokens, width]);
  const forward = (x: tf.Tensor, y: tf.Tensor) =>
    layer.forward(x as tf.Tensor3D, y as tf.Tensor3D, tf.tensor1d(indicator));

  it('is Eq. 3 and 4', () => {
    const got = forward(ownTensor(), heardTensor());
    expect(got.shape).toEqual([batch, count, width]);
    expect(tf.reshape(got, [-1])).toBeCloseToArray(gate64(p, own, heard));
  });

  it('has the gradients of finite differences', () => {
    const value = (x: tf.Tensor, y: tf.Tensor) =>
      tf.sum(tf.mul(forward(x, y), tf.tensor3d(cotangent, [batch, count, width])));
    const [dOwn, dHeard] = tf.grads(value)([ownTensor(), heardTensor()]) as [tf.Tensor, tf.Tensor];
    expect(dHeard.shape).toEqual([batch, tokens, width]);
    const closeness = { relative: 1e-4, absolute: 1e-6 };
    const flat = (x: tf.Tensor) => tf.reshape(x, [-1]);
    expect(flat(dOwn)).toBeCloseToArray(
      finiteDifference((x) => weigh(gate64(p, x, heard)), Float64Array.from(own)),
      closeness,
    );
    expect(flat(dHeard)).toBeCloseToArray(
      finiteDifference((y) => weigh(gate64(p, own, y)), Float64Array.from(heard)),
      closeness,
    );
    const { grads } = tf.variableGrads(() => value(ownTensor(), heardTensor()) as tf.Scalar);
    for (const [name, values] of p) {
      const expected = finiteDifference((w) => weigh(gate64(new Map(p).set(name, w), own, heard)), values);
      expect(flat(grads[(layer.tree[name] as tf.Variable).name] as tf.Tensor), name).toBeCloseToArray(
        expected,
        closeness,
      );
    }
  });
});

describe('gate', () => {
  it('takes a number for a batch that is all present or all absent', () => {
    const layer = scatteredGate();
    const [x, y] = [tf.tensor3d(own, [batch, count, width]), tf.tensor3d(attended, [batch, count, width])];
    expect(layer.forward(x, y, 1)).toBeCloseToArray(layer.forward(x, y, tf.tensor1d([1, 1])));
    expect(layer.forward(x, y, 0)).toBeCloseToArray(layer.forward(x, y, tf.tensor1d([0, 0])));
    expect(tf.sum(tf.abs(tf.sub(layer.forward(x, y, 0), layer.forward(x, y, 1)))).dataSync()[0]).toBeGreaterThan(0.1);
  });

  it('opens by half at bias 0, keeps its own tokens at a large negative bias and takes the attended ones at a large one', () => {
    const [x, y] = [tf.tensor3d(own, [batch, count, width]), tf.tensor3d(attended, [batch, count, width])];
    const at = (bias: number) => gate({ width, bias, std: 0, random: seededRandom(1) }).forward(x, y, 1);
    expect(at(0)).toBeCloseToArray(tf.div(tf.add(x, y), 2));
    expect(at(-100)).toBeCloseToArray(x);
    expect(at(100)).toBeCloseToArray(y);
  });

  it('leaves no tensor behind', async () => {
    const layer = scatteredGate();
    const [x, y] = [tf.tensor3d(own, [batch, count, width]), tf.tensor3d(attended, [batch, count, width])];
    await expectNoTensorLeak(() => {
      layer.forward(x, y, 1).dispose();
      const { value, grads } = tf.variableGrads(() => tf.sum(layer.forward(x, y, 0)));
      tf.dispose([value, ...Object.values(grads)]);
    });
  });
});
