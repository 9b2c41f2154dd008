import { bench, describe } from 'vitest';
import { augmentationRandom, augmentImage } from './augment-image.js';
import { normalizePixels } from './normalize-pixels.js';

describe('one image of 64 x 64, as training takes it', () => {
  const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 37) % 256);
  const into = new Uint8Array(pixels.length);
  const slice = new Float32Array(pixels.length);
  let step = 0;

  bench('draw, crop, flip, jitter and normalise', () => {
    augmentImage(pixels, 64, augmentationRandom(7, 'item', step++), { into });
    normalizePixels(into, { into: slice });
  });

  bench('normalise', () => {
    normalizePixels(pixels, { into: slice });
  });
});
