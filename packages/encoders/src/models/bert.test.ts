import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { disposeModule, namedParameters, parameters, seededRandom } from '@uniecs/tensor';
import { expectNoTensorLeak, finiteDifference, randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { bertOracle, flatten } from '../testing/float64-oracle.js';
import { randomize } from '../testing/randomize.js';
import { bert } from './bert.js';

const config = { vocabularySize: 11, maxLength: 7, width: 6, layers: 2, heads: 2, ffnRatio: 3 };
const ids = [
  [2, 5, 10, 3, 0],
  [2, 7, 5, 9, 3],
  [2, 3, 0, 0, 0],
];
const mask = ids.map((row) => row.map((id) => (id === 0 ? 0 : 1)));

function encoder(seed: string, more: Partial<Parameters<typeof bert>[0]> = {}) {
  const random = seededRandom(seed);
  const made = bert({ ...config, ...more, random });
  randomize(made, random.fork('values'));
  return made;
}

const encode = (text: ReturnType<typeof bert>, ids: number[][], mask: number[][]) =>
  text.forward(tf.tensor2d(ids, undefined, 'int32'), tf.tensor2d(mask));

/** [B, L, D] without the places of padding. */
function valid(tokens: tf.Tensor, mask: number[][]): number[][] {
  const rows = tokens.arraySync() as number[][][];
  return rows.flatMap((row, b) => row.filter((_, l) => mask[b]?.[l] === 1));
}

describe('bert', () => {
  it('gives what float64 loops over the equations give at every token', () => {
    const text = encoder('forward');
    const flat = flatten(text);
    const oracle = bertOracle(text.config, flat);
    const features = encode(text, ids, mask);
    const expected = ids.flatMap((row, b) =>
      oracle(flat.values, row, mask[b] as number[]).filter((_, l) => mask[b]?.[l] === 1),
    );
    expect(valid(features.tokens, mask)).toBeCloseToArray(expected, { relative: 1e-4, absolute: 1e-5 });
    expect(features.tokens.shape).toEqual([3, 5, 6]);
    expect(features.mask).toBeCloseToArray(mask);
  });

  it('has the gradients of finite differences for every parameter', () => {
    const text = encoder('gradients');
    const factors = randomArray(seededRandom('factors'), [3, 5, 6]).map(
      (x, i) => x * (mask.flat()[Math.floor(i / 6)] ?? 0),
    );
    const flat = flatten(text);
    const oracle = bertOracle(text.config, flat);
    const loss = (values: Float64Array) =>
      ids
        .flatMap((row, b) => oracle(values, row, mask[b] as number[]).flat())
        .reduce((sum, value, i) => sum + value * (factors[i] as number), 0);
    const { grads } = tf.variableGrads(
      () => tf.sum(tf.mul(encode(text, ids, mask).tokens, tf.tensor3d(factors, [3, 5, 6]))) as tf.Scalar,
      parameters(text),
    );
    const actual = [...namedParameters(text).values()].flatMap((variable) => [
      ...(grads[variable.name] as tf.Tensor).dataSync(),
    ]);
    expect(actual).toBeCloseToArray(finiteDifference(loss, flat.values), { relative: 1e-3, absolute: 1e-4 });
  }, 30_000);

  it('padding has no influence: neither its ids nor how much of it there is', () => {
    const text = encoder('padding');
    const reference = valid(encode(text, ids, mask).tokens, mask);
    const otherPads = ids.map((row) => row.map((id) => (id === 0 ? 8 : id)));
    expect(valid(encode(text, otherPads, mask).tokens, mask)).toBeCloseToArray(reference, { absolute: 0, relative: 0 });
    const longer = (rows: number[][]) => rows.map((row) => [...row, 0, 0]);
    expect(valid(encode(text, longer(ids), longer(mask)).tokens, longer(mask))).toBeCloseToArray(reference);
  });

  it("a row's features do not depend on its batch mates", () => {
    const text = encoder('rows');
    const together = tf.unstack(encode(text, ids, mask).tokens);
    ids.forEach((row, b) => {
      const alone = encode(text, [row], [mask[b] as number[]]).tokens;
      expect(tf.squeeze(alone, [0])).toBeCloseToArray(together[b] as tf.Tensor, { relative: 1e-6 });
    });
  });

  it('the order of the words matters', () => {
    const text = encoder('order');
    const [a, b] = tf.unstack(
      encode(
        text,
        [
          [2, 5, 7, 3],
          [2, 7, 5, 3],
        ],
        [
          [1, 1, 1, 1],
          [1, 1, 1, 1],
        ],
      ).tokens,
    ) as [tf.Tensor, tf.Tensor];
    expect(tf.slice(a, [0, 0], [1, 6])).not.toBeCloseToArray(tf.slice(b, [0, 0], [1, 6]));
  });

  it('a row without any token stays finite and leaves the others as they are', () => {
    const text = encoder('empty');
    const none = [0, 0, 0, 0, 0];
    const { tokens } = encode(text, [...ids, none], [...mask, none]);
    expect(tokens.dataSync().every(Number.isFinite)).toBe(true);
    expect(tf.slice(tokens, [0, 0, 0], [3, 5, 6])).toBeCloseToArray(encode(text, ids, mask).tokens);
  });

  it("names and shapes its parameters as BERT's checkpoints do", () => {
    const shapes = [...namedParameters(encoder('names', { layers: 1 }))].map(([name, v]) => `${name} ${v.shape}`);
    const layer = 'encoder.layer.0';
    const norm = (name: string) => [`${name}.LayerNorm.weight 6`, `${name}.LayerNorm.bias 6`];
    const dense = (name: string, out: number, input: number) => [
      `${name}.weight ${out},${input}`,
      `${name}.bias ${out}`,
    ];
    expect(shapes.sort()).toEqual(
      [
        'embeddings.word_embeddings.weight 11,6',
        'embeddings.position_embeddings.weight 7,6',
        'embeddings.token_type_embeddings.weight 2,6',
        ...norm('embeddings'),
        ...['query', 'key', 'value'].flatMap((p) => dense(`${layer}.attention.self.${p}`, 6, 6)),
        ...dense(`${layer}.attention.output.dense`, 6, 6),
        ...norm(`${layer}.attention.output`),
        ...dense(`${layer}.intermediate.dense`, 18, 6),
        ...dense(`${layer}.output.dense`, 6, 18),
        ...norm(`${layer}.output`),
      ].sort(),
    );
  });

  it('leaves no tensors behind', async () => {
    await expectNoTensorLeak(() => {
      const text = encoder('leak');
      tf.tidy(() => void encode(text, ids, mask));
      disposeModule(text);
    });
  });

  it('says what is wrong with a shape, a length or a size', () => {
    const text = encoder('errors');
    const long = [[2, 5, 5, 5, 5, 5, 5, 3]];
    expect(() => encode(text, long, [long[0]?.map(() => 1) as number[]])).toThrow(
      /at most 7 tokens \(maxLength\), got 8/,
    );
    expect(() => encode(text, ids, [[1, 1]])).toThrow(/mask of shape/);
    expect(() => encoder('errors', { positions: 5 })).toThrow(/at least 7 positions/);
  });
});
