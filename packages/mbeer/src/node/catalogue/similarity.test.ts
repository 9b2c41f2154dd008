import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { dot, thumbnail } from './thumbnail-similarity.js';
import { titleCosine, titleVectors } from './title-similarity.js';

describe('thumbnail', () => {
  it.each([16, 24, 31, 80])('is the area mean of a %i-pixel picture, centred and scaled', (size) => {
    const random = seededRandom(size);
    const pixels = Uint8Array.from({ length: size * size * 3 }, () => random.integer(256));
    // Each pixel becomes 12 x 12 equal ones, so that every cell is a whole number of them.
    const cells = Array.from({ length: 432 }, (_, i) => {
      const [row, column, c] = [Math.floor(i / 36), Math.floor(i / 3) % 12, i % 3];
      let sum = 0;
      for (let y = row * size; y < (row + 1) * size; y++) {
        for (let x = column * size; x < (column + 1) * size; x++) {
          sum += pixels[(Math.floor(y / 12) * size + Math.floor(x / 12)) * 3 + c] as number;
        }
      }
      return sum / size ** 2;
    });
    const mean = cells.reduce((a, b) => a + b) / 432;
    const norm = Math.hypot(...cells.map((value) => value - mean));
    const actual = thumbnail(pixels, size);
    expect(actual.length).toBe(432);
    actual.forEach((value, i) => {
      expect(value).toBeCloseTo(((cells[i] as number) - mean) / norm, 9);
    });
    expect(dot(actual, actual)).toBeCloseTo(1, 12);
  });

  it('of a picture of one colour has no direction', () => {
    expect(thumbnail(new Uint8Array(20 * 20 * 3).fill(77), 20)).toEqual(new Float64Array(432));
  });
});

describe('titleVectors', () => {
  it('weighs words by count and rarity', () => {
    const titles = ['Red red Shoe', 'T-shirt: SHOE', 'x'];
    const [a, b] = titles.map(titleVectors(titles));
    const rare = Math.log(4 / 2) + 1;
    const common = Math.log(4 / 3) + 1;
    const lengthOfA = Math.hypot(2 * rare, common);
    const lengthOfB = Math.hypot(rare, rare, common);
    expect([...(a ?? [])]).toEqual([
      ['red', (2 * rare) / lengthOfA],
      ['shoe', common / lengthOfA],
    ]);
    expect([...(b ?? new Map()).keys()]).toEqual(['t', 'shirt', 'shoe']);
    expect(titleCosine(a ?? new Map(), b ?? new Map())).toBeCloseTo(common ** 2 / (lengthOfA * lengthOfB), 12);
  });

  it('takes a word that no title has as the rarest, and a title without words as alike to nothing', () => {
    const vectorOf = titleVectors(['red shoe', 'red hat']);
    const [red, hat, scarf] = [1, Math.log(3 / 2) + 1, Math.log(3) + 1];
    const length = Math.hypot(red, hat, scarf);
    const found = vectorOf('red hat scarf');
    expect([...found.keys()]).toEqual(['red', 'hat', 'scarf']);
    [red, hat, scarf].forEach((weight, i) => {
      expect([...found.values()][i]).toBeCloseTo(weight / length, 12);
    });
    expect(titleCosine(vectorOf('!?'), found)).toBe(0);
  });
});
