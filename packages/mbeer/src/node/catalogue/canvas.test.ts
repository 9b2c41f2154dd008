import { describe, expect, it } from 'vitest';
import { type Canvas, canvas, fill, type Outline, toBytes } from './canvas.js';
import { kinds } from './kinds.js';
import { box, ellipse, smooth, symmetric } from './outlines.js';

const white = () => [1, 1, 1] as const;

/** What an outline covers of the picture, as a share of its area. */
function covered(outline: Outline, size = 53): number {
  const picture = canvas(size, [0, 0, 0]);
  fill(picture, outline, white);
  return picture.pixels.reduce((sum, value) => sum + value, 0) / picture.pixels.length;
}

describe('fill', () => {
  it('covers the area of a polygon', () => {
    expect(covered([box(0.4, 0.45, 0.21, 0.17)])).toBeCloseTo(4 * 0.21 * 0.17, 2);
    expect(
      covered([
        [
          [0.1, 0.1],
          [0.9, 0.1],
          [0.1, 0.9],
        ],
      ]),
    ).toBeCloseTo(0.32, 2);
    expect(covered([ellipse(0.5, 0.5, 0.3, 0.2, 200)])).toBeCloseTo(Math.PI * 0.06, 2);
  });

  it('leaves a hole where two polygons overlap', () => {
    expect(covered([box(0.5, 0.5, 0.4), box(0.5, 0.5, 0.2)])).toBeCloseTo(0.64 - 0.16, 2);
  });

  it('cuts off what lies outside the picture', () => {
    expect(covered([box(1, 1, 0.25)])).toBeCloseTo(0.0625, 2);
    expect(covered([box(3, 3, 0.25)])).toBe(0);
    expect(covered([])).toBe(0);
  });

  it('paints a pixel that is covered in part with that part', () => {
    const picture: Canvas = canvas(4, [0, 0, 0]);
    fill(picture, [box(0.375, 0.5, 0.125, 0.5)], white);
    fill(
      picture,
      [
        [
          [0.625, 0],
          [0.75, 0],
          [0.75, 1],
          [0.625, 1],
        ],
      ],
      white,
    );
    expect(Array.from({ length: 4 }, (_, x) => picture.pixels[(4 + x) * 3])).toEqual([0, 1, 0.5, 0]);
  });

  it('gives the paint the middle of each pixel', () => {
    const picture = canvas(2, [0, 0, 0]);
    fill(picture, [box(0.5, 0.5, 0.5)], (x, y) => [x, y, 0]);
    expect([...picture.pixels]).toEqual([0.25, 0.25, 0, 0.75, 0.25, 0, 0.25, 0.75, 0, 0.75, 0.75, 0]);
  });
});

it('toBytes rounds and clamps', () => {
  expect([...toBytes({ size: 1, pixels: Float32Array.of(-1, 0.5, 2) })]).toEqual([0, 128, 255]);
});

it('symmetric mirrors at the middle, smooth passes through its points', () => {
  expect(
    symmetric([
      [0.2, 0.1],
      [0.3, 0.9],
    ]),
  ).toEqual([
    [0.7, 0.1],
    [0.8, 0.9],
    [0.2, 0.9],
    [0.3, 0.1],
  ]);
  const corners = box(0.5, 0.5, 0.25);
  expect(smooth(corners, 7).filter((_, i) => i % 7 === 0)).toEqual(corners);
});

describe.each(kinds)('$name', ({ draw, words, audiences }) => {
  it('lies in the picture for every cut, with its emblem on it', () => {
    expect(words.length).toBeGreaterThan(1);
    expect(audiences.length).toBeGreaterThan(0);
    for (let corner = 0; corner < 16; corner++) {
      const { layers, emblem } = draw([corner & 1, (corner >> 1) & 1, (corner >> 2) & 1, corner >> 3]);
      const points = layers.flatMap(([, outline]) => outline.flat(2));
      expect(Math.min(...points)).toBeGreaterThan(-0.02);
      expect(Math.max(...points)).toBeLessThan(1.02);
      const picture = canvas(61, [0, 0, 0]);
      for (const [, outline] of layers) fill(picture, outline, white);
      const share = picture.pixels.reduce((sum, value) => sum + value, 0) / picture.pixels.length;
      expect(share).toBeGreaterThan(0.04);
      expect(share).toBeLessThan(0.6);
      const at = (Math.floor(emblem[1] * 61) * 61 + Math.floor(emblem[0] * 61)) * 3;
      expect(picture.pixels[at]).toBeGreaterThan(0.5);
    }
  });
});
