import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import * as tf from '@tensorflow/tfjs-core';
import {
  attention,
  counterUniform,
  dropout,
  dropoutSource,
  embedding,
  gelu,
  l2Normalize,
  layerNorm,
  linear,
  logSoftmax,
  logSumExp,
  type Module,
  multiHeadAttention,
  namedParameters,
  quickGelu,
  seededRandom,
  softmax,
  softmaxCrossEntropy,
  stopGradient,
  transformerBlock,
} from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { compile, deviceState, type HostTensor, hostTensor, supportedKernels } from './index.js';
import { expectSame } from './testing/expect-same.js';

const random = seededRandom('layers');
const floats = (...shape: number[]) => tf.tensor(randomArray(random, shape), shape);
const ints = (values: number[], ...shape: number[]) => tf.tensor(values, shape, 'int32');
const mask = () =>
  tf.tensor2d([
    [1, 1, 1, 1, 1],
    [1, 1, 1, 0, 0],
    [0, 0, 0, 0, 0],
  ]);

interface Layer {
  readonly module?: Module;
  readonly forward: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly inputs: readonly tf.Tensor[];
}

const width = 6;
const size = { width, heads: 2, random };
const block = (options: object): Layer => {
  const module = transformerBlock({ ...size, ...options });
  return { module, forward: (x, mask) => module.forward(x, mask), inputs: [floats(3, 5, width), mask()] };
};
const of = <M extends Module>(
  module: M,
  forward: (module: M, ...inputs: tf.Tensor[]) => tf.Tensor,
  ...inputs: tf.Tensor[]
): Layer => ({
  module,
  forward: (...given) => forward(module, ...given),
  inputs,
});
const plain = (forward: Layer['forward'], ...inputs: tf.Tensor[]): Layer => ({ forward, inputs });
const dropped = (rate: number) => {
  const module = transformerBlock({ ...size, dropout: rate });
  const forward = (x: tf.Tensor, key: tf.Tensor, rows: tf.Tensor) =>
    module.forward(x, undefined, { dropout: dropoutSource({ key, rows }) });
  return {
    module,
    forward: forward as Layer['forward'],
    inputs: [floats(3, 5, width), tf.tensor1d([17, 3]), tf.tensor1d([0, 1, 2])],
  };
};
const attentionLayer = multiHeadAttention(size);

const layers: Readonly<Record<string, Layer>> = {
  linear: of(linear({ inputSize: 5, outputSize: 7, random }), (m, x) => m.forward(x), floats(2, 3, 5)),
  'linear without bias': of(
    linear({ inputSize: 5, outputSize: 7, bias: false, random }),
    (m, x) => m.forward(x),
    floats(3, 5),
  ),
  layerNorm: of(layerNorm({ size: 7 }), (m, x) => m.forward(x), floats(2, 3, 7)),
  'layerNorm, large epsilon': of(layerNorm({ size: 7, epsilon: 0.1 }), (m, x) => m.forward(x), floats(3, 7)),
  embedding: of(
    embedding({ count: 11, size: 3, random, std: 1 }),
    (m, ids) => m.forward(ids),
    ints([1, 0, 10, 1, 1, 4], 2, 3),
  ),
  'self-attention': of(attentionLayer, (m, query) => m.forward({ query }), floats(3, 5, width)),
  'self-attention with a mask': of(
    attentionLayer,
    (m, query, keyMask) => m.forward({ query, keyMask }),
    floats(3, 5, width),
    mask(),
  ),
  'cross-attention': of(
    attentionLayer,
    (m, query, key) => m.forward({ query, key }),
    floats(3, 2, width),
    floats(3, 5, width),
  ),
  'attention over one key': of(
    attentionLayer,
    (m, query, key) => m.forward({ query, key }),
    floats(3, 5, width),
    floats(3, 1, width),
  ),
  'transformerBlock, pre-norm': block({}),
  'transformerBlock, post-norm': block({ norm: 'post', epsilon: 1e-12 }),
  'transformerBlock, quickGelu': block({ activation: 'quickGelu', ffnRatio: 2 }),
  'transformerBlock with dropout': dropped(0.3),
  attention: plain((q, k, v) => attention(q, k, v), floats(3, 2, 5, 7), floats(3, 2, 4, 7), floats(3, 2, 4, 7)),
  gelu: plain((x) => gelu(x), tf.mul(floats(3, 7), 3)),
  quickGelu: plain((x) => quickGelu(x), tf.mul(floats(3, 7), 3)),
  l2Normalize: plain((x) => l2Normalize(x), tf.concat([floats(3, 7), tf.zeros([1, 7])])),
  logSoftmax: plain((x) => logSoftmax(x), tf.mul(floats(3, 7), 30)),
  softmax: plain((x) => softmax(x), tf.mul(floats(3, 7), 30)),
  logSumExp: plain((x) => logSumExp(x), tf.mul(floats(3, 7), 30)),
  softmaxCrossEntropy: plain((x, labels) => softmaxCrossEntropy(x, labels), floats(3, 7), ints([0, 6, 3], 3)),
  stopGradient: plain((x) => tf.mul(x, stopGradient(tf.exp(x))), floats(3, 7)),
  dropout: plain(
    (x, key, rows) => dropout(x, 0.4, { dropout: dropoutSource({ key, rows }) }),
    floats(3, 7),
    tf.tensor1d([5, 1]),
    tf.tensor1d([4, 5, 6]),
  ),
};

/** The output, and the gradients of `sum(output · dy)` with respect to parameters and float32 inputs. */
function evaluate({ module, forward }: Layer, inputs: tf.Tensor[], dy: tf.Tensor) {
  const floating = inputs.flatMap(({ dtype }, i) => (dtype === 'float32' ? [i] : []));
  // Adding 0 for every input lets tfjs, which refuses inputs that the result does not depend on, give zeros for masks.
  const nothing = (given: tf.Tensor[]) => given.map((x) => tf.mul(tf.sum(tf.cast(x, 'float32')), 0));
  const loss = (given: tf.Tensor[]) => tf.addN([tf.sum(tf.mul(forward(...given), dy)), ...nothing(given)]) as tf.Scalar;
  const replaced = (given: tf.Tensor[]) =>
    inputs.map((input, i) => (floating.includes(i) ? (given[floating.indexOf(i)] as tf.Tensor) : input));
  const variables = module ? [...namedParameters(module).values()] : [];
  const ofParameters = variables.length > 0 ? tf.variableGrads(() => loss(inputs), variables).grads : {};
  return {
    output: forward(...inputs),
    parameters: variables.map((variable) => ofParameters[variable.name] ?? tf.zerosLike(variable as tf.Tensor)),
    inputs:
      floating.length > 0
        ? tf.grads((...given: tf.Tensor[]) => loss(replaced(given)))(floating.map((i) => inputs[i] as tf.Tensor))
        : [],
  };
}

/** Under 1e-5 of the largest element. */
function expectClose(compiled: HostTensor, eager: tf.Tensor): void {
  const largest = Array.from(eager.dataSync()).reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  expectSame(compiled, eager, { relative: 1e-5, absolute: 1e-5 * Math.max(largest, 1e-3) });
}

describe('every layer of @uniecs/tensor compiled is as eager, gradients of inputs and parameters included:', () => {
  it.each(Object.entries(layers))('%s', async (_, layer) => {
    const inputs = [...layer.inputs];
    const dy = floats(...layer.forward(...inputs).shape);
    const eager = evaluate(layer, inputs, dy);
    const compiled = compile(({ x, dy }: { x: tf.Tensor[]; dy: tf.Tensor }) => evaluate(layer, x, dy), {
      state: layer.module ?? [],
      threads: 1,
    });
    const result = await compiled({ x: inputs.map(hostTensor), dy: hostTensor(dy) });
    expectClose(result.output, eager.output);
    expect(result.parameters).toHaveLength(eager.parameters.length);
    eager.parameters.forEach((gradient, i) => {
      expectClose(result.parameters[i] as HostTensor, gradient);
    });
    eager.inputs.forEach((gradient, i) => {
      expectClose(result.inputs[i] as HostTensor, gradient);
    });
    await compiled.dispose();
  });
});

describe('dropout in a compiled function', () => {
  const module = transformerBlock({ ...size, dropout: 0.5 });
  const x = hostTensor(floats(3, 5, width));
  const rows = hostTensor(tf.tensor1d([0, 1, 2]));
  const key = (step: number) => hostTensor(tf.tensor1d([7, step]));
  const compiled = compile(
    ({ x, key, rows }: Record<'x' | 'key' | 'rows', tf.Tensor>) =>
      module.forward(x, undefined, { dropout: dropoutSource({ key, rows }) }),
    { state: module },
  );

  it('repeats its mask when a key is replayed, and draws another one for another key', async () => {
    const first = await compiled({ x, key: key(1), rows });
    const other = await compiled({ x, key: key(2), rows });
    const replayed = await compiled({ x, key: key(1), rows });
    expect(replayed.data).toEqual(first.data);
    const differing = other.data.filter((value, i) => value !== first.data[i]).length;
    expect(differing).toBeGreaterThan(first.data.length / 2);
  });

  it("gives a row the same numbers in another batch, by the row's id", async () => {
    const whole = await compiled({ x, key: key(1), rows });
    const last = {
      dtype: 'float32',
      shape: [1, 5, width],
      data: (x.data as Float32Array).slice(2 * 5 * width),
    } as const;
    const alone = await compiled({ x: last, key: key(1), rows: hostTensor(tf.tensor1d([2])) });
    expect(alone.data as Float32Array).toBeCloseToArray((whole.data as Float32Array).slice(2 * 5 * width));
  });

  it('counterUniform compiled is counterUniform eager, to the bit', async () => {
    const shape = [7, 131];
    const keys = tf.tensor1d([123456, 1040000]);
    const ids = tf.tensor1d([0, 1, 2, 1020, 1021, 500000, 1042440]);
    const draw = ({ key, rows }: { key: tf.Tensor; rows: tf.Tensor }) =>
      [0, 1, 77].map((site) => counterUniform({ key, rows, site }, shape));
    const eager = draw({ key: keys, rows: ids });
    const result = await compile(draw)({ key: hostTensor(keys), rows: hostTensor(ids) });
    expect(result.map(({ data }) => data)).toEqual(eager.map((tensor) => tensor.dataSync()));
  });
});

describe('layer normalization', () => {
  it('is one operator of ONNX Runtime, whose mean and deviation serve the gradient', async () => {
    const layer = layerNorm({ size: 7 });
    const compiled = compile((x: tf.Tensor) => [layer.forward(x), tf.grad((t) => tf.sum(layer.forward(t)))(x)], {
      state: layer,
    });
    const bytes = Buffer.from(compiled.toOnnx(hostTensor(floats(3, 7))));
    expect(bytes.toString('latin1').split('LayerNormalization').length - 1).toBe(1);
    expect(supportedKernels).toHaveProperty('UniecsLayerNorm');
  });
});

describe('a training loop with gradients and an update', () => {
  it('follows the eager one step by step', async () => {
    const make = () => transformerBlock({ width, heads: 2, random: seededRandom('twin') });
    const [eagerBlock, compiledBlock] = [make(), make()];
    const update = (module: typeof eagerBlock, x: tf.Tensor, y: tf.Tensor) => {
      const variables = [...namedParameters(module).values()];
      const loss = () => tf.mean(tf.squaredDifference(module.forward(x), y)) as tf.Scalar;
      const { value, grads } = tf.variableGrads(loss, variables);
      for (const variable of variables)
        variable.assign(tf.sub(variable, tf.mul(grads[variable.name] as tf.Tensor, 0.1)));
      return value;
    };
    const state = deviceState(compiledBlock);
    const step = compile(({ x, y }: { x: tf.Tensor; y: tf.Tensor }) => ({ loss: update(compiledBlock, x, y) }), {
      state,
    });
    for (let i = 0; i < 5; i++) {
      const [x, y] = [floats(3, 5, width), floats(3, 5, width)];
      const { loss } = await step({ x: hostTensor(x), y: hostTensor(y) });
      expectClose(loss, update(eagerBlock, x, y));
    }
    await step.sync();
    const [eager, compiled] = [namedParameters(eagerBlock), namedParameters(compiledBlock)];
    for (const [name, variable] of compiled) expectClose(hostTensor(variable), eager.get(name) as tf.Tensor);
  });
});
