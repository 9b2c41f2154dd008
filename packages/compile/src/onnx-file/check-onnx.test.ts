import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { parameter, seededRandom, UniecsError } from '@uniecs/tensor';
import { PbfWriter } from 'pbf';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { checkOnnx, exportOnnx, type HostTensor, openOnnx } from '../index.js';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'check-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));

const random = seededRandom('check');
const weight = parameter([11, 13], () => random.normal());
const whole = exportOnnx((x: tf.Tensor) => tf.tanh(tf.matMul(x, weight as tf.Tensor2D)), {
  state: weight,
  inputs: (batch) => ({ dtype: 'float32', shape: [batch, 11], data: new Float32Array(batch * 11) }) as HostTensor,
  metadata: { role: 'test' },
  name: 'tanh',
}).then(({ bytes }) => bytes);

const path = join(folder, 'model.onnx');
function written(bytes: Uint8Array): string {
  writeFileSync(path, bytes);
  return path;
}

/** A model of one weight, written by hand. */
function model(tensor: (writer: PbfWriter) => void, domain = ''): Uint8Array {
  const writer = new PbfWriter();
  writer.writeVarintField(1, 9);
  writer.writeMessage(
    7,
    (_, graph) => {
      graph.writeMessage(
        1,
        (__, node) => {
          node.writeStringField(2, 'y');
          node.writeStringField(4, 'Identity');
          node.writeStringField(7, domain);
        },
        undefined,
      );
      graph.writeMessage(5, (__, weights) => tensor(weights), undefined);
    },
    undefined,
  );
  return writer.finish();
}

const external = (location: string) =>
  model((tensor) => {
    tensor.writeVarintField(1, 4);
    tensor.writeVarintField(2, 1);
    tensor.writeMessage(
      13,
      (_, entry) => {
        entry.writeStringField(1, 'location');
        entry.writeStringField(2, location);
      },
      undefined,
    );
    tensor.writeVarintField(14, 1);
  });

describe('checkOnnx', () => {
  it('passes a whole file and reads what it says of itself', async () => {
    const { metadata, nodes, external: places } = checkOnnx(await whole);
    expect(metadata).toEqual({ role: 'test' });
    expect(nodes).toBeGreaterThanOrEqual(2);
    expect(places).toEqual([]);
  });

  it('refuses every file that was cut off', async () => {
    const bytes = await whole;
    for (let length = 0; length < bytes.length; length += 7) {
      const cut = bytes.subarray(0, length);
      // The last fields (metadata, operator sets) may be missing without a trace.
      const fields = length > bytes.length - 60;
      if (!fields) expect(() => checkOnnx(cut), `${length} bytes`).toThrow(UniecsError);
    }
  });

  it('refuses a weight that is shorter than its shape says', () => {
    const short = model((tensor) => {
      tensor.writeVarintField(1, 3);
      tensor.writeVarintField(2, 1);
      tensor.writeBytesField(9, new Uint8Array(8));
    });
    expect(() => checkOnnx(short)).toThrow(/a weight of 8 bytes where its shape says 12/);
    const huge = model((tensor) => {
      tensor.writeVarintField(1, 2 ** 40);
      tensor.writeVarintField(1, 2 ** 40);
      tensor.writeVarintField(2, 1);
      tensor.writeBytesField(9, new Uint8Array(8));
    });
    expect(() => checkOnnx(huge)).toThrow(UniecsError);
  });

  it('refuses weights in other files unless asked, and those outside of the folder always', () => {
    expect(() => checkOnnx(external('weights.bin'))).toThrow(/weights in 'weights.bin'.*externalData/);
    expect(checkOnnx(external('weights.bin'), { externalData: true }).external).toEqual(['weights.bin']);
    for (const place of ['../secret', '/etc/passwd', 'a/../../b', 'C:\\secret', '..\\secret']) {
      expect(() => checkOnnx(external(place), { externalData: true }), place).toThrow(/inside of its folder/);
    }
  });

  it('refuses operators of others', () => {
    const other = model((tensor) => tensor.writeVarintField(1, 1), 'evil.ops');
    expect(() => checkOnnx(other)).toThrow(/operators of 'evil.ops'/);
  });

  it('refuses graphs in graphs without end, quickly', () => {
    const nested = (depth: number): Uint8Array => {
      const writer = new PbfWriter();
      const graph = (level: number, at: PbfWriter) => {
        if (level === 0) return;
        at.writeMessage(
          1,
          (_, node) =>
            node.writeMessage(
              5,
              (__, attribute) => {
                attribute.writeMessage(6, (___, inner) => graph(level - 1, inner), undefined);
              },
              undefined,
            ),
          undefined,
        );
      };
      writer.writeMessage(7, (_, first) => graph(depth, first), undefined);
      return writer.finish();
    };
    expect(() => checkOnnx(nested(30))).toThrow(/graphs in graphs/);
    expect(checkOnnx(nested(3)).nodes).toBe(3);
  });
});

describe('openOnnx', () => {
  it('gives a typed error or a model for any damage, never a crash', async () => {
    const bytes = await whole;
    const draw = seededRandom('damage');
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const damaged = bytes.slice(0, draw.integer(4) === 0 ? draw.integer(bytes.length) : bytes.length);
      for (let i = draw.integer(4); i >= 0 && damaged.length > 0; i--) {
        damaged[draw.integer(damaged.length)] = draw.integer(256);
      }
      try {
        await (await openOnnx(written(damaged))).release();
      } catch (error) {
        refused++;
        if (!UniecsError.isInstance(error)) throw error;
        expect(error.code).toBe('data');
      }
    }
    expect(refused).toBeGreaterThan(100);
    await (await openOnnx(written(bytes))).release();
  });

  it('says what is missing: the file, an input', async () => {
    await expect(openOnnx(join(folder, 'none.onnx'))).rejects.toMatchObject({ code: 'file' });
    const opened = await openOnnx(written(await whole));
    await expect(opened.run({})).rejects.toMatchObject({ code: 'argument' });
    const wrong: HostTensor = { dtype: 'float32', shape: [2, 3], data: new Float32Array(6) };
    await expect(opened.run({ x: wrong, input: wrong })).rejects.toMatchObject({ code: 'data' });
    await opened.release();
  });
});
