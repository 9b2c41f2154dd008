import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@uniecs/compile';

// y = tanh(x w + b) v: one hidden layer of 32.
const row = (from: number, to: number) => tf.reshape(tf.linspace(from, to, 32), [1, 32]);
const [w, b, v] = [tf.variable(row(0.5, 2)), tf.variable(row(-4, 4)), tf.variable(tf.zeros([32, 1]))];
const network = (x: tf.Tensor) => tf.matMul(tf.tanh(tf.add(tf.matMul(x, w), b)), v);

// A step of gradient descent: reads the variables, assigns them, returns the loss.
const step = compile(
  ({ x, y, rate }: Record<'x' | 'y' | 'rate', tf.Tensor>) => {
    const { value, grads } = tf.variableGrads(() => tf.mean(tf.squaredDifference(network(x), y)));
    for (const p of [w, b, v]) p.assign(tf.sub(p, tf.mul(rate, grads[p.name] as tf.Tensor)));
    return { loss: value };
  },
  { state: [w, b, v] },
);

const column = (values: number[]) =>
  ({ dtype: 'float32', shape: [values.length, 1], data: Float32Array.from(values) }) as const;
const points = Array.from({ length: 64 }, (_, i) => (i / 63) * 6 - 3);
const inputs = { x: column(points), y: column(points.map(Math.sin)), rate: column([0.05]) };

const first = await step(inputs);
for (let i = 0; i < 1000; i++) await step(inputs);
const last = await step(inputs);
console.log(`loss ${first.loss.data[0]} -> ${last.loss.data[0]}`);

// The values live beside the session; sync() copies them into the tfjs variables.
await step.sync();
console.log(`sin(1) is about ${network(tf.tensor2d([[1]])).dataSync()[0]}`);
