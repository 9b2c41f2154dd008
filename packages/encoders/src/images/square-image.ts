import { type ResampleFilter, type RgbImage, resample } from './resample.js';

/**
 * Scales an image and cuts (`cover`) or fills it up with white (`contain`) to a square around its middle, or stretches it (`fill`); a side is
 * rounded down, as CLIP's processor does.
 *
 * @returns [size, size, 3]
 */
export function squareImage(
  image: RgbImage,
  size: number,
  fit: 'fill' | 'cover' | 'contain',
  filter: ResampleFilter,
): Uint8Array {
  const { width, height } = image;
  const reference = fit === 'cover' ? Math.min(width, height) : Math.max(width, height);
  const side = (length: number) => (fit === 'fill' ? size : Math.max(1, Math.trunc((size * length) / reference)));
  const scaled = resample(image, side(width), side(height), filter);
  if (scaled.width === size && scaled.height === size) return scaled.pixels;
  const cut = { left: Math.floor((scaled.width - size) / 2), top: Math.floor((scaled.height - size) / 2) };
  const result = new Uint8Array(size * size * 3).fill(255);
  const [from, to] = [Math.max(0, cut.left), Math.min(scaled.width, cut.left + size)];
  for (let y = 0; y < size; y++) {
    const row = y + cut.top;
    if (row < 0 || row >= scaled.height) continue;
    const start = row * scaled.width;
    result.set(scaled.pixels.subarray((start + from) * 3, (start + to) * 3), (y * size + from - cut.left) * 3);
  }
  return result;
}
