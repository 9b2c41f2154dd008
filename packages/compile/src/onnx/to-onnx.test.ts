import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { seededRandom, transformerBlock } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { compile, hostTensor } from '../index.js';

const folder = mkdtempSync(join(tmpdir(), 'to-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function load(bytes: Uint8Array): Promise<InferenceSession> {
  const path = join(folder, 'model.onnx');
  writeFileSync(path, bytes);
  return InferenceSession.create(path, { logSeverityLevel: 4 });
}

describe('toOnnx', () => {
  it('gives a file that runs on its own, with the current values of the state inside', async () => {
    const random = seededRandom('onnx');
    const block = transformerBlock({ width: 12, heads: 2, random });
    const shift = tf.variable(tf.scalar(0));
    const compiled = compile(
      ({ batch: { x, mask } }: { batch: { x: tf.Tensor; mask: tf.Tensor } }) => {
        shift.assign(tf.add(shift, 1) as tf.Scalar);
        return { tokens: tf.add(block.forward(x, mask), shift), places: tf.argMax(x, -1) };
      },
      { state: [block, shift] },
    );
    const x = hostTensor(tf.tensor3d(randomArray(random, [3, 5, 12]), [3, 5, 12]));
    const mask = hostTensor(
      tf.tensor2d([
        [1, 1, 1, 1, 1],
        [1, 1, 0, 0, 0],
        [1, 0, 0, 0, 0],
      ]),
    );
    await compiled({ batch: { x, mask } });
    const session = await load(compiled.toOnnx({ batch: { x, mask } }));
    const { tokens, places } = await compiled({ batch: { x, mask } });
    expect(session.inputNames).toEqual(['batch.x', 'batch.mask']);
    expect(session.outputNames).toEqual(['out.tokens', 'out.places']);
    const results = await session.run({
      'batch.x': new Tensor('float32', x.data as Float32Array, x.shape),
      'batch.mask': new Tensor('float32', mask.data as Float32Array, mask.shape),
    });
    // Traced anew, with the shift as it was before the second call: the same as that call's.
    expect(results['out.tokens']?.data).toEqual(tokens.data);
    expect(results['out.places']?.data).toEqual(places.data);
    expect(results['out.tokens']?.dims).toEqual([3, 5, 12]);
  });

  it('names the input and output of a function of one tensor', async () => {
    const compiled = compile((x: tf.Tensor) => tf.neg(x), { name: 'negate' });
    const bytes = compiled.toOnnx({ dtype: 'int32', shape: [2], data: new Int32Array(2) });
    const session = await load(bytes);
    expect([session.inputNames, session.outputNames]).toEqual([['input'], ['output']]);
    const { output } = await session.run({ input: new Tensor('int32', Int32Array.of(1, -2), [2]) });
    expect(output?.data).toEqual(Int32Array.of(-1, 2));
    expect(Buffer.from(bytes).includes('negate')).toBe(true);
  });

  it('gives the same bytes for the same function', () => {
    const make = () => compile((x: tf.Tensor) => tf.softmax(tf.mul(tf.exp(x), tf.range(0, 5))), { name: 'f' });
    const input = { dtype: 'float32', shape: [3, 5], data: new Float32Array(15) } as const;
    expect(make().toOnnx(input)).toEqual(make().toOnnx(input));
  });
});
