import { describe, expect, it } from 'vitest';
import { UniecsError } from '../errors.js';
import type { FileTensor } from './file-tensor.js';
import { parseSafetensors, serializeSafetensors } from './safetensors.js';

const tensors = (): Map<string, FileTensor> =>
  new Map<string, FileTensor>([
    ['bytes', { dtype: 'U8', shape: [3], data: Uint8Array.of(0, 128, 255) }],
    [
      'w',
      { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1.5, -2, 0.1, Number.NaN, Number.POSITIVE_INFINITY, -0) },
    ],
    ['half', { dtype: 'F16', shape: [2], data: Float32Array.of(0.5, -65504) }],
    ['brain', { dtype: 'BF16', shape: [1, 1], data: Float32Array.of(-3) }],
    ['ids', { dtype: 'I32', shape: [2], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) }],
    ['long', { dtype: 'I64', shape: [2], data: BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n) }],
    ['wide', { dtype: 'F64', shape: [], data: Float64Array.of(0.1) }],
    ['empty', { dtype: 'F32', shape: [0, 7], data: new Float32Array(0) }],
    ['__proto__', { dtype: 'U8', shape: [1], data: Uint8Array.of(7) }],
    ['ü "quoted"\n', { dtype: 'U8', shape: [1], data: Uint8Array.of(8) }],
  ]);

/** A file with this header text (or object) before `dataLength` zero bytes. */
function file(header: unknown, dataLength = 0, announced?: bigint): Uint8Array {
  const text =
    header instanceof Uint8Array
      ? header
      : new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, announced ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (begin: number, end: number, more: object = {}) => ({
  dtype: 'U8',
  shape: [end - begin],
  data_offsets: [begin, end],
  ...more,
});

function refusal(run: () => unknown): UniecsError {
  try {
    run();
  } catch (error) {
    if (UniecsError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a round trip', () => {
  it('keeps every dtype, shape, value and string', () => {
    const metadata = {
      format: 'pt',
      quote: '"[[[[{{{{',
      backslash: '\\',
      'ü\n': '',
      __proto__x: '1',
      ['__proto__']: 'own',
    };
    const back = parseSafetensors(serializeSafetensors(tensors(), metadata));
    expect(back.tensors.size).toBe(10);
    for (const [name, tensor] of tensors()) expect(back.tensors.get(name), name).toEqual(tensor);
    expect(Object.entries(back.metadata)).toEqual(Object.entries(metadata));
  });

  it('gives the same bytes for the same content, with every tensor aligned to its elements', () => {
    const bytes = serializeSafetensors(tensors(), { a: 'b' });
    expect(serializeSafetensors(tensors(), { a: 'b' })).toEqual(bytes);
    const headerLength = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(headerLength % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
    const widths: Record<string, number> = { U8: 1, F16: 2, BF16: 2, F32: 4, I32: 4, F64: 8, I64: 8 };
    const { __metadata__: metadata, ...entries } = header as Record<string, { dtype: string; data_offsets: number[] }>;
    expect(metadata).toEqual({ a: 'b' });
    expect(Object.keys(entries)).toHaveLength(10);
    for (const { dtype, data_offsets } of Object.values(entries)) {
      expect((data_offsets[0] as number) % (widths[dtype] as number)).toBe(0);
    }
  });

  it('of nothing, and of a part of a larger array', () => {
    expect(parseSafetensors(serializeSafetensors(new Map()))).toEqual({ tensors: new Map(), metadata: {} });
    const view = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    const back = parseSafetensors(serializeSafetensors(new Map([['v', { dtype: 'F32', shape: [2], data: view }]])));
    expect(back.tensors.get('v')?.data).toEqual(Float32Array.of(1, 2));
  });

  it('reads bytes at any place of a buffer, into memory of its own', () => {
    const bytes = serializeSafetensors(tensors());
    for (const shift of [0, 1, 3]) {
      const moved = Buffer.concat([Buffer.alloc(shift), bytes]).subarray(shift);
      const back = parseSafetensors(moved);
      expect(back.tensors.get('w')).toEqual(tensors().get('w'));
      moved.fill(0);
      expect(back.tensors.get('w')).toEqual(tensors().get('w'));
    }
  });
});

it("reads a file that the format's Python package (0.8.0) wrote", () => {
  const base64 =
    'qAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJ3cml0ZXIiOiJweXRob24ifSwibiI6eyJkdHlwZSI6Ikk2NCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0' +
    'cyI6WzAsMTZdfSwiZCI6eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzE2LDI0XX0sImUiOnsiZHR5cGUiOiJGMzIiLCJz' +
    'aGFwZSI6WzAsM10sImRhdGFfb2Zmc2V0cyI6WzI0LDI0XX0sInciOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zmc2V0cyI6WzI0' +
    'LDQwXX0sImkiOnsiZHR5cGUiOiJJMzIiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOls0MCw0NF19LCJoIjp7ImR0eXBlIjoiRjE2Iiwic2hhcGUi' +
    'OlszXSwiZGF0YV9vZmZzZXRzIjpbNDQsNTBdfSwiYiI6eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNTAsNTJdfX0gAQAA' +
    'AAAAIAD7/////////5qZmZmZmbk/AADAPwAAAMAAAIA+bxKDOvn///8APgDAAQAA/w==';
  const { tensors, metadata } = parseSafetensors(Buffer.from(base64, 'base64'));
  expect(metadata).toEqual({ writer: 'python' });
  expect(Object.fromEntries(tensors)).toEqual({
    w: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1.5, -2, 0.25, 1e-3) },
    h: { dtype: 'F16', shape: [3], data: Float32Array.of(1.5, -2, 2 ** -24) },
    n: { dtype: 'I64', shape: [2], data: BigInt64Array.of(2n ** 53n + 1n, -5n) },
    d: { dtype: 'F64', shape: [1], data: Float64Array.of(0.1) },
    i: { dtype: 'I32', shape: [1], data: Int32Array.of(-7) },
    b: { dtype: 'U8', shape: [2], data: Uint8Array.of(0, 255) },
    e: { dtype: 'F32', shape: [0, 3], data: new Float32Array(0) },
  });
});

describe('refuses a damaged or hostile file, code file, with the reason', () => {
  const deep = `{"a":${'['.repeat(100_000)}`;
  const cases: [string, Uint8Array, string][] = [
    ['no bytes', new Uint8Array(0), '0 bytes, too few for a header'],
    ['seven bytes', new Uint8Array(7), '7 bytes, too few for a header'],
    ['a length beyond the file', file('{}', 0, 3n), 'too few for the header of 3 bytes'],
    ['a length beyond exact numbers', file('{}', 0, 2n ** 64n - 1n), 'header of 18446744073709551615 bytes'],
    ['an empty header', file(''), "does not start with '{'"],
    ['white space first', file(' {}'), "does not start with '{'"],
    ['an array', file('[]'), "does not start with '{'"],
    ['text after the object', file('{}x'), 'a header with '],
    ['half an object', file('{"a":'), 'a header with '],
    ['half a string', file('{"a'), 'a header with '],
    ['bytes that are no UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), 'a header with '],
    ['a name twice', file('{"a":1,"a":2}'), 'the name "a" twice'],
    ['a name twice, once escaped', file('{"a":1, "\\u0061" :2}'), 'the name "a" twice'],
    ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), 'the name "__metadata__" twice'],
    ['a metadata name twice', file('{"__metadata__":{"k":"1","k":"2"}}'), 'the name "k" twice'],
    [
      'a field twice',
      file('{"a":{"dtype":"U8","dtype":"F32","shape":[1],"data_offsets":[0,1]}}', 1),
      'the name "dtype" twice',
    ],
    ['deep nesting', file(deep), 'nesting deeper than 3'],
    [
      'metadata that is no string',
      file({ __metadata__: { epoch: 3 } }),
      '__metadata__ that is not an object of strings',
    ],
    ['metadata that is no object', file({ __metadata__: 'x' }), '__metadata__ that is not an object of strings'],
    ['metadata null', file({ __metadata__: null }), '__metadata__ that is not an object of strings'],
    ['an entry that is no object', file({ a: [1] }), "'a' with an entry that is no object"],
    ['no dtype', file({ a: { shape: [], data_offsets: [0, 0] } }), "'a' with no dtype"],
    ['no shape', file({ a: { dtype: 'U8', data_offsets: [0, 0] } }), "'a' with no shape"],
    ['no offsets', file({ a: { dtype: 'U8', shape: [0] } }), 'data_offsets that are not two places'],
    ['three offsets', file({ a: entry(0, 1, { data_offsets: [0, 1, 1] }) }, 1), 'data_offsets that are not two places'],
    [
      'a negative offset',
      file({ a: entry(0, 1, { data_offsets: [-1, 0] }) }, 1),
      'data_offsets that are not two places',
    ],
    [
      'a fractional offset',
      file({ a: entry(0, 1, { data_offsets: [0, 1.5] }) }, 1),
      'data_offsets that are not two places',
    ],
    [
      'offsets of text',
      file({ a: entry(0, 1, { data_offsets: ['0', '1'] }) }, 1),
      'data_offsets that are not two places',
    ],
    [
      'an offset beyond exact numbers',
      file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,9007199254740993]}}', 1),
      'data_offsets that are not two places',
    ],
    [
      'offsets the wrong way round',
      file({ a: entry(0, 1, { data_offsets: [1, 0] }) }, 1),
      'ends at 0 before it begins at 1',
    ],
    ['a negative size', file({ a: entry(0, 1, { shape: [-1] }) }, 1), 'impossible shape [-1]'],
    ['a fractional size', file({ a: entry(0, 1, { shape: [0.5] }) }, 1), 'impossible shape [0.5]'],
    ['a size of text', file({ a: entry(0, 1, { shape: ['1'] }) }, 1), 'impossible shape ["1"]'],
    ['a product beyond exact numbers', file({ a: entry(0, 1, { shape: [2 ** 40, 2 ** 40] }) }, 1), 'impossible shape'],
    [
      'a product that wraps to 0 in 64 bits',
      file({ a: entry(0, 0, { shape: [2 ** 32, 2 ** 32] }) }),
      'impossible shape',
    ],
    ['fewer bytes than the shape has', file({ a: entry(0, 3, { shape: [4] }) }, 3), '3 bytes for U8 [4]'],
    ['more bytes than the shape has', file({ a: entry(0, 8, { dtype: 'F32', shape: [1] }) }, 8), '8 bytes for F32 [1]'],
    ['truncated data', file({ a: entry(0, 4) }, 3), "'a' with data up to byte 4 of 3 (truncated)"],
    ['bytes after the last tensor', file({ a: entry(0, 4) }, 6), '2 bytes after the last tensor'],
    ['data without a tensor', file({}, 1), '1 bytes after the last tensor'],
    ['a hole at the start', file({ a: entry(2, 4) }, 4), "a hole of 2 bytes before 'a'"],
    ['a hole between', file({ a: entry(0, 2), b: entry(3, 5) }, 5), "a hole of 1 bytes before 'b'"],
    ['an overlap', file({ a: entry(0, 3), b: entry(2, 5) }, 5), "'b' overlapping another tensor by 1 bytes"],
    ['the same bytes twice', file({ a: entry(0, 3), b: entry(0, 3) }, 3), "'b' overlapping another tensor by 3 bytes"],
    ['an empty tensor inside another', file({ a: entry(0, 4), b: entry(2, 2) }, 4), 'overlapping'],
  ];

  it.each(cases)('%s', (_, bytes, reason) => {
    const error = refusal(() => parseSafetensors(bytes));
    expect(error.code).toBe('file');
    expect(error.details.reason).toContain(reason);
    expect(error.message).toContain('parseSafetensors: expected the bytes to be a whole safetensors file, got ');
  });

  it('every truncation of a sound file, at every byte', () => {
    const bytes = serializeSafetensors(tensors(), { a: 'b' });
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(() => parseSafetensors(bytes.subarray(0, length))).code, `${length} bytes`).toBe('file');
    }
  });

  it('a header over the cap, before it reads it', () => {
    const bytes = file(`{}${' '.repeat(98)}`);
    expect(parseSafetensors(bytes, { maxHeaderBytes: 100 }).tensors.size).toBe(0);
    const error = refusal(() => parseSafetensors(bytes, { maxHeaderBytes: 99 }));
    expect(error.details.reason).toBe('a header of 100 bytes, more than the cap of 99');
    const large = file('{}', 25_000_001, 25_000_001n);
    expect(refusal(() => parseSafetensors(large)).details.reason).toContain('more than the cap of 25000000');
  });
});

it('names a dtype that it does not read, code unsupported', () => {
  const error = refusal(() => parseSafetensors(file({ 'layer.w': entry(0, 1, { dtype: 'F8_E4M3' }) }, 1)));
  expect(error.code).toBe('unsupported');
  expect(error.message).toContain(
    "expected 'layer.w' of the bytes in one of F64, F32, F16, BF16, I64, I32, U8, got F8_E4M3",
  );
  expect(refusal(() => parseSafetensors(file({ a: entry(0, 1, { dtype: 'toString' }) }, 1))).code).toBe('unsupported');
});

it('accepts offsets in any order, an empty tensor at a border, and spaces after the header', () => {
  const header = { b: entry(3, 5), a: entry(0, 3), none: entry(3, 3) };
  const { tensors } = parseSafetensors(file(`${JSON.stringify(header)}   `, 5));
  expect([...tensors].map(([name, { data }]) => [name, data.length])).toEqual([
    ['b', 2],
    ['a', 3],
    ['none', 0],
  ]);
});

describe('serializeSafetensors refuses', () => {
  const save = (tensor: unknown, name = 'w') =>
    refusal(() => serializeSafetensors(new Map([[name, tensor as FileTensor]])));
  it.each([
    [
      'another length',
      { dtype: 'F32', shape: [2, 3], data: new Float32Array(5) },
      'shape',
      "'w' to have 6 elements for [2, 3], got 5 elements",
    ],
    [
      'another array',
      { dtype: 'F32', shape: [2], data: new Float64Array(2) },
      'argument',
      'a Float32Array for F32, got Float64Array',
    ],
    ['a plain array', { dtype: 'I32', shape: [2], data: [1, 2] }, 'argument', 'a Int32Array for I32, got Array'],
    [
      'another dtype',
      { dtype: 'F8', shape: [2], data: new Uint8Array(2) },
      'argument',
      'a dtype of F64, F32, F16, BF16, I64, I32, U8, got F8',
    ],
    [
      'a negative size',
      { dtype: 'U8', shape: [-1, -2], data: new Uint8Array(2) },
      'shape',
      'whole, not negative sizes',
    ],
    [
      'a half that overflows',
      { dtype: 'F16', shape: [2], data: Float32Array.of(1, -65520) },
      'data',
      "numbers within F16's range in 'w', got -65520 at element 1",
    ],
  ])('%s', (_, tensor, code, message) => {
    const error = save(tensor);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  it('the name of the metadata, and metadata that is no string', () => {
    expect(save({ dtype: 'U8', shape: [0], data: new Uint8Array(0) }, '__metadata__').code).toBe('argument');
    const error = refusal(() => serializeSafetensors(new Map(), { epoch: 3 as unknown as string }));
    expect(error.message).toContain("expected metadata of strings, got number for 'epoch'");
  });
});
