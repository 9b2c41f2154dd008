/** 16-bit words, and the index of the first finite number that became infinite (-1: none). */
export interface EncodedHalves {
  readonly words: Uint16Array<ArrayBuffer>;
  readonly overflowed: number;
}

/** float32 to IEEE binary16, rounded to nearest, ties to even. */
export function encodeFloat16(values: Float32Array): EncodedHalves {
  return encode(values, 0x7c00, float16Bits);
}

/** float32 to bfloat16 (the upper half of a float32), rounded to nearest, ties to even. */
export function encodeBfloat16(values: Float32Array): EncodedHalves {
  return encode(values, 0x7f80, bfloat16Bits);
}

/** IEEE binary16 to float32, exact. */
export function decodeFloat16(words: Uint16Array): Float32Array {
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, word) => float16Value(word));
  const values = new Float32Array(words.length);
  for (let i = 0; i < words.length; i++) values[i] = halves[words[i] as number] as number;
  return values;
}

/** The value of every half, made at the first use: some 100 million are decoded of a large model. */
let halves: Float32Array | undefined;

/** bfloat16 to float32, exact. */
export function decodeBfloat16(words: Uint16Array): Float32Array {
  const bits = new Uint32Array(words.length);
  for (let i = 0; i < words.length; i++) bits[i] = ((words[i] as number) << 16) >>> 0;
  return new Float32Array(bits.buffer);
}

function encode(values: Float32Array, infinity: number, toBits: (bits: number, value: number) => number) {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const words = new Uint16Array(values.length);
  let overflowed = -1;
  for (let i = 0; i < values.length; i++) {
    const word = toBits(bits[i] as number, values[i] as number);
    words[i] = word;
    if ((word & 0x7fff) === infinity && overflowed < 0 && Number.isFinite(values[i])) overflowed = i;
  }
  return { words, overflowed };
}

function float16Bits(bits: number, value: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65,520 and more round past the largest half, 65,504.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below 2^-14 halves are multiples of 2^-24: adding 2^52 in float64 rounds to a whole multiple, ties to even.
  if (magnitude < 0x38800000) return sign | (Math.abs(value) * 2 ** 24 + 2 ** 52 - 2 ** 52);
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

function bfloat16Bits(bits: number): number {
  // A NaN whose payload is in the lower half alone would turn into infinity: keep it a NaN.
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

function float16Value(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >>> 10) & 0x1f;
  const fraction = word & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
