import { UniecsError } from '@uniecs/tensor';
import { Tensor as OrtTensor } from 'onnxruntime-node';
import type { ElementType, Node, Value } from '../graph/graph.js';
import type { Model } from '../onnx/encode.js';
import { createSession, type Session } from './session.js';

/** A product of bytes: `[R, D]` times `[D, C]`. */
export interface ByteProduct {
  /** R, D and C. */
  readonly shape: readonly [rows: number, depth: number, columns: number];
  /** `[R, D]`; the number meant is the byte minus 128. */
  readonly a: Uint8Array;
  /** `[D, C]`, of magnitude at most `mostSigned`. */
  readonly b: Int8Array;
  /** `[C]`, at least 0. */
  readonly scale: Float32Array;
  /** `[R, C]`, written: `round(scale[c] sum_d (a[r, d] - 128) b[d, c])`, at least 0 and at most 255, a half to the even neighbour. */
  readonly out: Uint8Array;
}

/** A product of float32: `[R, D]` times the transpose of `[C, D]`. */
export interface FloatProduct {
  readonly shape: readonly [rows: number, depth: number, columns: number];
  readonly a: Float32Array;
  readonly b: Float32Array;
  /** `[R, C]`, written; summed in float32, in an order of ONNX Runtime's own. */
  readonly out: Float32Array;
}

/** Plain matrix products of arrays through ONNX Runtime, on the CPU, for code that needs no graph of its own. */
export interface MatrixProducts {
  /**
   * The largest magnitude of `b` with which the sums of bytes are exact on this machine, found by trying: 127, or 63 where the
   * processor adds pairs of products in 16 bits that saturate (x86 without VNNI).
   *
   * @throws UniecsError `unavailable` where the sums of bytes are not exact at all
   */
  mostSigned(): Promise<127 | 63>;
  bytes(product: ByteProduct): Promise<void>;
  floats(product: FloatProduct): Promise<void>;
  /** Frees the sessions. A session is kept for each shape until then. */
  dispose(): Promise<void>;
}

/** How the products are taken. */
export interface MatrixProductsOptions {
  /** Threads of ONNX Runtime; default its own choice, one per physical core. */
  readonly threads?: number;
}

type Shape = readonly [rows: number, depth: number, columns: number];

/** A session for each shape of products of bytes and of float32. */
export function matrixProducts({ threads }: MatrixProductsOptions = {}): MatrixProducts {
  const sessions = new Map<string, Promise<Session>>();

  function session(kind: 'bytes' | 'floats', shape: Shape): Promise<Session> {
    const key = `${kind} ${shape.join(' ')}`;
    const known = sessions.get(key);
    if (known) return known;
    const model = kind === 'bytes' ? byteModel(shape) : floatModel(shape);
    // Between two products the caller works alone.
    const made = createSession(model, {
      device: 'cpu',
      spinning: false,
      ...(threads === undefined ? {} : { threads }),
    });
    sessions.set(key, made);
    made.catch(() => sessions.delete(key));
    return made;
  }

  async function bytes({ shape, a, b, scale, out }: ByteProduct): Promise<void> {
    const [rows, depth, columns] = shape;
    check('bytes', shape, { a: a.length, b: b.length, out: out.length });
    if (scale.length !== columns) throw fault('bytes', `${columns} scales`, `${scale.length}`);
    const ran = await session('bytes', shape);
    await ran.run(
      {
        a: new OrtTensor('uint8', a, [rows, depth]),
        b: new OrtTensor('int8', b, [depth, columns]),
        scale: new OrtTensor('float32', scale, [columns]),
      },
      { out: new OrtTensor('uint8', out, [rows, columns]) },
    );
  }

  async function floats({ shape, a, b, out }: FloatProduct): Promise<void> {
    const [rows, depth, columns] = shape;
    check('floats', shape, { a: a.length, b: b.length, out: out.length });
    const ran = await session('floats', shape);
    await ran.run(
      { a: new OrtTensor('float32', a, [rows, depth]), b: new OrtTensor('float32', b, [columns, depth]) },
      { out: new OrtTensor('float32', out, [rows, columns]) },
    );
  }

  let most: Promise<127 | 63> | undefined;
  return {
    mostSigned: () => (most ??= exactMagnitude(bytes)),
    bytes,
    floats,
    async dispose() {
      const made = [...sessions.values()];
      sessions.clear();
      for (const one of await Promise.allSettled(made)) if (one.status === 'fulfilled') await one.value.release();
    },
  };
}

/** Bytes at the ends of their range, where sums in 16 bits would saturate, against the same sums in plain JavaScript. */
async function exactMagnitude(bytes: MatrixProducts['bytes']): Promise<127 | 63> {
  for (const most of [127, 63] as const) if (await isExact(bytes, most)) return most;
  throw new UniecsError({
    code: 'unavailable',
    where: 'matrixProducts',
    expected: 'exact sums of products of bytes',
    got: 'others, from ONNX Runtime on this processor',
    hint: 'use products of float32',
  });
}

async function isExact(bytes: MatrixProducts['bytes'], most: number): Promise<boolean> {
  const shape = [67, 131, 71] as const;
  const [rows, depth, columns] = shape;
  // Whole blocks of equal signs, and signs that change from one to the next.
  const sign = (row: number, d: number) => (row % 3 === 0 ? 1 : (Math.imul(row + 1, d + 7) >> (row % 5)) & 1 ? 1 : -1);
  const a = Uint8Array.from({ length: rows * depth }, (_, at) =>
    sign(Math.floor(at / depth), at % depth) > 0 ? 255 : 1,
  );
  const b = Int8Array.from({ length: depth * columns }, (_, at) => most * sign(at % columns, Math.floor(at / columns)));
  // The largest sum becomes 250.
  const scale = new Float32Array(columns).fill(250 / (127 * most * depth));
  const out = new Uint8Array(rows * columns);
  await bytes({ shape, a, b, scale, out });
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let d = 0; d < depth; d++) {
        sum += ((a[row * depth + d] as number) - 128) * (b[d * columns + column] as number);
      }
      const expected = Math.max(0, sum * (scale[column] as number));
      if (Math.abs((out[row * columns + column] as number) - expected) > 0.501) return false;
    }
  }
  return true;
}

function byteModel([rows, depth, columns]: Shape): Model {
  const constant = (
    name: string,
    dtype: ElementType,
    shape: readonly number[],
    elements: Float32Array | Uint8Array,
  ) => ({
    ...named(name, dtype, shape),
    elements,
  });
  return oneNode(
    { op: 'QLinearMatMul', domain: '', attributes: {} },
    [
      named('a', 'uint8', [rows, depth]),
      constant('scaleOfA', 'float32', [], Float32Array.of(1)),
      constant('zeroOfA', 'uint8', [], Uint8Array.of(128)),
      named('b', 'int8', [depth, columns]),
      named('scale', 'float32', [columns]),
      constant('zeroOfB', 'int8', [columns], new Uint8Array(columns)),
      constant('scaleOfOut', 'float32', [], Float32Array.of(1)),
      constant('zeroOfOut', 'uint8', [], Uint8Array.of(0)),
    ],
    named('out', 'uint8', [rows, columns]),
  );
}

function floatModel([rows, depth, columns]: Shape): Model {
  return oneNode(
    { op: 'FusedMatMul', domain: 'com.microsoft', attributes: { transB: 1 } },
    [named('a', 'float32', [rows, depth]), named('b', 'float32', [columns, depth])],
    named('out', 'float32', [rows, columns]),
  );
}

/** What a model is put together of: names with values. */
type Named = { readonly name: string; readonly value: Value };

/** A model of one node, `inputs` and constants in the node's order. */
function oneNode(
  node: Pick<Node, 'op' | 'domain' | 'attributes'>,
  operands: readonly (Named & { readonly elements?: Float32Array | Uint8Array })[],
  out: Named,
): Model {
  const names = new Map([...operands, out].map(({ name, value }) => [value, name]));
  return {
    name: node.op,
    nodes: [{ ...node, inputs: operands.map(({ value }) => value), outputs: [out.value] }],
    initializers: operands.flatMap(({ elements, ...named }) => (elements ? [{ ...named, elements }] : [])),
    inputs: operands.filter(({ elements }) => elements === undefined),
    outputs: [out],
    nameOf: (value) => (value ? (names.get(value) ?? '') : ''),
  };
}

function named(name: string, dtype: ElementType, shape: readonly number[]): Named {
  return { name, value: { id: 0, dtype, shape } };
}

function check(
  kind: string,
  [rows, depth, columns]: Shape,
  lengths: Readonly<Record<'a' | 'b' | 'out', number>>,
): void {
  const expected = { a: rows * depth, b: depth * columns, out: rows * columns };
  for (const name of ['a', 'b', 'out'] as const) {
    if (lengths[name] !== expected[name])
      throw fault(kind, `${name} of ${expected[name]} elements`, `${lengths[name]}`);
  }
}

function fault(kind: string, expected: string, got: string): UniecsError {
  return new UniecsError({
    code: 'shape',
    where: `matrixProducts.${kind}`,
    expected,
    got,
    hint: 'pass row-major arrays of the sizes in shape',
  });
}
