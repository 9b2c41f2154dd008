import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { type AugmentOptions, augmentationRandom, augmentImage } from './augment-image.js';

const none: AugmentOptions = { area: [1, 1], aspect: [1, 1], flip: 0, brightness: 0, contrast: 0, saturation: 0 };

function image(size: number, seed = 'image'): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: size * size * 3 }, () => random.integer(256));
}

/** A generator that draws the given numbers in turn. */
function drawing(...draws: number[]) {
  let next = 0;
  return { ...seededRandom(0), uniform: () => draws[next++] as number };
}

describe('augmentImage', () => {
  it('the same seed, item and step give the same pixels, whatever is drawn in between', () => {
    const pixels = image(13);
    const first = augmentImage(pixels, 13, augmentationRandom(7, 'item', 3));
    augmentImage(pixels, 13, augmentationRandom(7, 'other', 3));
    expect(augmentImage(pixels, 13, augmentationRandom(7, 'item', 3))).toEqual(first);
  });

  it('another seed, item or step gives other pixels', () => {
    const pixels = image(13);
    const made = [
      augmentationRandom(7, 'item', 3),
      augmentationRandom(8, 'item', 3),
      augmentationRandom(7, 'item2', 3),
      augmentationRandom(7, 'item', 4),
    ].map((random) => String(augmentImage(pixels, 13, random)));
    expect(new Set(made).size).toBe(4);
  });

  it('these pixels are pinned: a change of the draws or the arithmetic is a change of every training run', () => {
    const made = augmentImage(
      Uint8Array.from({ length: 27 }, (_, i) => i * 9),
      3,
      augmentationRandom(7, 'item', 3),
    );
    expect([...made]).toMatchInlineSnapshot(`
      [
        46,
        52,
        59,
        27,
        34,
        40,
        8,
        15,
        21,
        112,
        118,
        125,
        93,
        99,
        106,
        74,
        81,
        87,
        178,
        184,
        190,
        159,
        165,
        172,
        140,
        147,
        153,
      ]
    `);
  });

  it('with everything off it is the identity, and leaves the source as it was', () => {
    const pixels = image(11);
    const before = pixels.slice();
    expect(augmentImage(pixels, 11, seededRandom(1), none)).toEqual(before);
    augmentImage(pixels, 11, seededRandom(1));
    expect(pixels).toEqual(before);
  });

  it('a flip mirrors the columns', () => {
    const pixels = image(5);
    const flipped = augmentImage(pixels, 5, seededRandom(1), { ...none, flip: 1 });
    const expected = pixels.slice();
    for (let y = 0; y < 5; y++)
      for (let x = 0; x < 5; x++)
        for (let c = 0; c < 3; c++) expected[(y * 5 + x) * 3 + c] = pixels[(y * 5 + 4 - x) * 3 + c] as number;
    expect(flipped).toEqual(expected);
  });

  it('equals a float64 oracle that takes each step of the equations by itself', () => {
    const size = 11;
    const out = 7;
    const pixels = image(size);
    const draws = [0.3, 0.8, 0.25, 0.6, 0.1, 0.9, 0.2, 0.7];
    const [share, tilt, across, down, , b, c, s] = draws as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const area = 0.6 + share * 0.4;
    const ratio = (3 / 4) ** (1 - tilt) * (4 / 3) ** tilt;
    const [width, height] = [size * Math.min(1, Math.sqrt(area * ratio)), size * Math.min(1, Math.sqrt(area / ratio))];
    const read = (x: number, y: number, channel: number) => {
      const clamp = (v: number) => Math.min(size - 1, Math.max(0, v));
      return pixels[(clamp(y) * size + clamp(x)) * 3 + channel] as number;
    };
    const crop = Array.from({ length: out * out }, (_, i) => {
      const column = out - 1 - (i % out); // flipped: 0.1 < 0.5
      const x = Math.min(size - 1, Math.max(0, across * (size - width) + ((column + 0.5) * width) / out - 0.5));
      const y = Math.min(
        size - 1,
        Math.max(0, down * (size - height) + ((Math.floor(i / out) + 0.5) * height) / out - 0.5),
      );
      const [x0, y0] = [Math.floor(x), Math.floor(y)];
      return [0, 1, 2].map((channel) => {
        const upper = read(x0, y0, channel) * (1 - (x - x0)) + read(x0 + 1, y0, channel) * (x - x0);
        const lower = read(x0, y0 + 1, channel) * (1 - (x - x0)) + read(x0 + 1, y0 + 1, channel) * (x - x0);
        return upper * (1 - (y - y0)) + lower * (y - y0);
      });
    });
    const grey = (rgb: number[]) =>
      0.299 * (rgb[0] as number) + 0.587 * (rgb[1] as number) + 0.114 * (rgb[2] as number);
    const bright = crop.map((rgb) => rgb.map((v) => v * (0.8 + 0.4 * b)));
    const mean = bright.reduce((sum, rgb) => sum + grey(rgb), 0) / bright.length;
    const factor = { contrast: 0.8 + 0.4 * c, saturation: 0.8 + 0.4 * s };
    const contrasted = bright.map((rgb) => rgb.map((v) => factor.contrast * v + (1 - factor.contrast) * mean));
    const expected = contrasted.flatMap((rgb) =>
      rgb.map((v) => Math.min(255, Math.max(0, factor.saturation * v + (1 - factor.saturation) * grey(rgb)))),
    );
    const made = augmentImage(pixels, size, drawing(...draws), { outputSize: out });
    expect(Math.max(...expected.map((value, i) => Math.abs(value - (made[i] as number))))).toBeLessThan(0.501);
  });

  it('a crop of a plain image stays plain, and of a ramp within the ramp', () => {
    const grey = new Uint8Array(9 * 9 * 3).fill(77);
    const ramp = Uint8Array.from({ length: 9 * 9 * 3 }, (_, i) => 20 + 10 * (Math.floor(i / 3) % 9));
    for (let step = 0; step < 40; step++) {
      const random = augmentationRandom('bounds', 'item', step);
      const still = { brightness: 0, contrast: 0, saturation: 0, outputSize: 5 };
      expect(augmentImage(grey, 9, random, still).every((v) => v === 77)).toBe(true);
      const made = augmentImage(ramp, 9, augmentationRandom('bounds', 'item', step), still);
      expect(made.every((v) => v >= 20 && v <= 100)).toBe(true);
    }
  });

  it('keeps to 0..255 at factors far beyond use', () => {
    const made = augmentImage(image(9), 9, drawing(1, 0.5, 0, 0, 1, 1, 1, 1), {
      brightness: 5,
      contrast: 5,
      saturation: 5,
    });
    expect(made.includes(0) && made.includes(255)).toBe(true);
  });

  it('writes into a given array, to any size', () => {
    const into = new Uint8Array(6 * 6 * 3);
    const made = augmentImage(image(9), 9, seededRandom(2), { outputSize: 6, into });
    expect(made).toBe(into);
    expect(into.some((v) => v > 0)).toBe(true);
  });

  it('says what is wrong with a length or an option', () => {
    expect(() => augmentImage(image(9), 8, seededRandom(1))).toThrow(/pixels of 8 x 8 x 3 bytes, got 243/);
    expect(() => augmentImage(image(9), 9, seededRandom(1), { into: new Uint8Array(5) })).toThrow(/into of 9 x 9 x 3/);
    expect(() => augmentImage(image(9), 9, seededRandom(1), { area: [0, 1] })).toThrow(/area/);
    expect(() => augmentImage(image(9), 9, seededRandom(1), { aspect: [2, 1] })).toThrow(/aspect/);
    expect(() => augmentImage(image(9), 9, seededRandom(1), { flip: 2 })).toThrow(/flip/);
    expect(() => augmentImage(image(9), 9, seededRandom(1), { contrast: -1 })).toThrow(/contrast/);
  });
});
