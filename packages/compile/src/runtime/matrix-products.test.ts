import { seededRandom, UniecsError } from '@uniecs/tensor';
import '@uniecs/tensor/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { matrixProducts } from './matrix-products.js';

const products = matrixProducts({ threads: 2 });
afterAll(() => products.dispose());

/** What the byte product must be: sums of whole numbers, scaled and rounded in float32 as the docstring says, a half to the even. */
function naiveBytes(shape: readonly number[], a: Uint8Array, b: Int8Array, scale: Float32Array) {
  const [rows = 0, depth = 0, columns = 0] = shape;
  const out: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      let sum = 0;
      for (let d = 0; d < depth; d++) sum += ((a[r * depth + d] as number) - 128) * (b[d * columns + c] as number);
      const scaled = Math.fround(sum * (scale[c] as number));
      const below = Math.floor(scaled);
      const rest = scaled - below;
      const rounded = rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
      out.push(Math.max(0, Math.min(255, rounded)));
    }
  }
  return out;
}

describe('matrixProducts', () => {
  it.each([
    [1, 1, 1],
    [7, 13, 5],
    [67, 256, 31],
    [129, 37, 130],
  ])('multiplies bytes exactly, up to the ends of their range: [%i, %i] times %i columns', async (...shape) => {
    const most = await products.mostSigned();
    const random = seededRandom(shape.join());
    const [rows, depth, columns] = shape;
    for (const extreme of [false, true]) {
      const draw = (low: number, high: number) =>
        extreme ? (random.uniform() < 0.5 ? low : high) : low + random.integer(high - low + 1);
      const a = Uint8Array.from({ length: rows * depth }, () => draw(1, 255));
      const b = Int8Array.from({ length: depth * columns }, () => draw(-most, most));
      const scale = Float32Array.from(
        { length: columns },
        () => (random.uniform() * 400) / (127 * most * Math.sqrt(depth)),
      );
      const out = new Uint8Array(rows * columns);
      await products.bytes({ shape, a, b, scale, out });
      expect([...out]).toEqual(naiveBytes(shape, a, b, scale));
    }
  });

  it('multiplies float32 by the transpose, and writes where it is told', async () => {
    const random = seededRandom(5);
    const [rows, depth, columns] = [11, 67, 13];
    const a = Float32Array.from({ length: rows * depth }, () => random.normal());
    const b = Float32Array.from({ length: columns * depth }, () => random.normal());
    const out = new Float32Array(rows * columns);
    await products.floats({ shape: [rows, depth, columns], a, b, out });
    const expected = Array.from({ length: rows * columns }, (_, at) => {
      let sum = 0;
      const [r, c] = [Math.floor(at / columns), at % columns];
      for (let d = 0; d < depth; d++) sum += (a[r * depth + d] as number) * (b[c * depth + d] as number);
      return sum;
    });
    expect(out).toBeCloseToArray(expected, { relative: 1e-5, absolute: 1e-5 });
  });

  it('names the array of the wrong size', async () => {
    const arrays = { a: new Uint8Array(6), b: new Int8Array(6), scale: new Float32Array(2), out: new Uint8Array(4) };
    const wrong = [
      products.bytes({ shape: [2, 3, 2], ...arrays, b: new Int8Array(5) }),
      products.bytes({ shape: [2, 3, 2], ...arrays, scale: new Float32Array(3) }),
      products.floats({ shape: [1, 2, 1], a: new Float32Array(2), b: new Float32Array(2), out: new Float32Array(2) }),
    ];
    const errors = await Promise.all(wrong.map((promise) => promise.catch((reason) => reason)));
    expect(errors.every((error) => UniecsError.isInstance(error) && error.code === 'shape')).toBe(true);
    expect(errors.map(({ message }) => /b of 6|2 scales|out of 1/.test(message))).toEqual([true, true, true]);
  });
});
