import { describe, expect, it } from 'vitest';
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './half-floats.js';

const formats = [
  { name: 'float16', encode: encodeFloat16, decode: decodeFloat16, infinity: 0x7c00, largest: 65504 },
  {
    name: 'bfloat16',
    encode: encodeBfloat16,
    decode: decodeBfloat16,
    infinity: 0x7f80,
    largest: 2 ** 127 * (2 - 2 ** -7),
  },
];

it('float16: known values', () => {
  const known: [number, number][] = [
    [0x0000, 0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0x3c01, 1 + 2 ** -10],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
  ];
  expect([...decodeFloat16(Uint16Array.from(known, ([word]) => word))]).toEqual(known.map(([, value]) => value));
});

it('bfloat16: the upper half of a float32', () => {
  const words = Uint16Array.of(0x3f80, 0xc040, 0x7f80, 0x0001);
  expect([...decodeBfloat16(words)]).toEqual([1, -3, Number.POSITIVE_INFINITY, 2 ** -133]);
});

describe.each(formats)('$name', ({ encode, decode, infinity, largest }) => {
  const finite = Uint16Array.from({ length: infinity }, (_, word) => word);

  it('round-trips every word, both signs, infinities and the sign of zero', () => {
    for (const sign of [0, 0x8000]) {
      const words = Uint16Array.from([...finite, infinity], (word) => word | sign);
      expect(encode(decode(words)).words).toEqual(words);
    }
    expect(encode(Float32Array.of(-0)).words[0]).toBe(0x8000);
  });

  it('keeps NaN, of any payload', () => {
    const payloads = new Float32Array(Uint32Array.of(0x7fc00000, 0x7f800001, 0xff800001, 0x7fffffff).buffer);
    expect([...decode(encode(payloads).words)].every(Number.isNaN)).toBe(true);
    const words = Uint16Array.from({ length: 0x7fff - infinity }, (_, i) => infinity + 1 + i);
    expect([...decode(words)].every(Number.isNaN)).toBe(true);
  });

  it('rounds to nearest, ties to even, between any two neighbours', () => {
    const values = decode(finite);
    const between = (share: (low: number, high: number) => number) =>
      Float32Array.from(values.slice(1), (high, i) => share(values[i] as number, high));
    const ties = finite.slice(1).map((high) => (high % 2 === 0 ? high : high - 1));
    const middle = between((low, high) => (low + high) / 2);
    expect(encode(middle).words).toEqual(ties);
    // One float32 step to either side of the middle.
    const step = (by: number) =>
      new Float32Array(new Uint32Array(middle.buffer.slice(0)).map((bits) => bits + by).buffer);
    expect(encode(step(-1)).words).toEqual(finite.slice(0, -1));
    expect(encode(step(1)).words).toEqual(finite.slice(1));
  });

  it('reports the first finite number that becomes infinite, and only that', () => {
    const beyond = Math.fround(largest * (1 + (infinity === 0x7c00 ? 2 ** -11 : 2 ** -8)));
    expect(encode(Float32Array.of(1, Number.POSITIVE_INFINITY, -largest)).overflowed).toBe(-1);
    expect(encode(Float32Array.of(1, beyond, -beyond)).overflowed).toBe(1);
    expect(encode(Float32Array.of(-beyond)).words[0]).toBe(infinity | 0x8000);
  });

  it('reads a view into a larger buffer', () => {
    const values = new Float32Array(4).fill(9).subarray(1, 3);
    values.set([1.5, -2]);
    expect([...decode(encode(values).words)]).toEqual([1.5, -2]);
    expect(encode(new Float32Array(0)).words).toHaveLength(0);
  });
});
