import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { resample, resampleFilters } from './resample.js';

function picture(seed: string, width: number, height: number) {
  const random = seededRandom(seed);
  return { width, height, pixels: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) };
}

/** The definition in float64, without rounding to bytes in between. */
function direct(
  image: ReturnType<typeof picture>,
  width: number,
  height: number,
  kernel: (x: number) => number,
  reach: number,
) {
  const weights = (from: number, to: number, place: number) => {
    const widening = Math.max(from / to, 1);
    const raw = Array.from({ length: from }, (_, i) => {
      const distance = Math.abs((i + 0.5 - ((place + 0.5) * from) / to) / widening);
      return distance < reach ? kernel(distance) : 0;
    });
    const sum = raw.reduce((a, b) => a + b, 0);
    return raw.map((x) => x / sum);
  };
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) =>
      [0, 1, 2].map((c) => {
        let sum = 0;
        weights(image.height, height, y).forEach((down, i) => {
          weights(image.width, width, x).forEach((across, j) => {
            sum += down * across * (image.pixels[(i * image.width + j) * 3 + c] as number);
          });
        });
        return sum;
      }),
    ),
  ).flat(2);
}

describe('resample', () => {
  it('is the widened kernel to within the rounding of two passes, larger and smaller', () => {
    const image = picture('direct', 13, 7);
    const triangle = (x: number) => 1 - x;
    for (const [width, height] of [
      [5, 3],
      [29, 11],
      [13, 2],
      [4, 17],
    ] as const) {
      const { pixels } = resample(image, width, height, 'bilinear');
      expect(pixels.length).toBe(width * height * 3);
      const expected = direct(image, width, height, triangle, 1);
      pixels.forEach((value, i) => {
        expect(Math.abs(value - (expected[i] as number))).toBeLessThanOrEqual(1);
      });
    }
  });

  it.each(resampleFilters)('%s leaves one colour as it is, and an image of the same size', (filter) => {
    const flat = { width: 9, height: 5, pixels: new Uint8Array(135).fill(201) };
    expect(resample(flat, 4, 11, filter).pixels.every((value) => value === 201)).toBe(true);
    const image = picture('same', 6, 5);
    expect(resample(image, 6, 5, filter).pixels).toEqual(image.pixels);
  });

  it('bicubic overshoots at an edge and is cut to bytes', () => {
    const row = Uint8Array.from([0, 0, 0, 0, 255, 255, 255, 255].flatMap((x) => [x, x, x]));
    const { pixels } = resample({ width: 8, height: 1, pixels: row }, 16, 1, 'bicubic');
    expect(pixels[0]).toBe(0);
    expect(pixels.at(-1)).toBe(255);
    expect(new Set(pixels).size).toBeGreaterThan(2);
  });
});
